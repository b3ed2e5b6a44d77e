use spanwright::traced;

#[traced]
fn sync() -> u64 {
    "text"
}

#[traced(fields(n))]
async fn asynchronous(n: u64) -> Result<String, u64> {
    Ok(n)
}

#[traced]
async fn early(n: u64) -> String {
    if n > 1 {
        return n;
    }
    String::new()
}

#[traced]
async fn semicolon() -> u64 {
    1;
}

#[traced]
async fn unit() {
    ""
}

#[traced]
fn unknown(n: u64) -> u64 {
    n + m
}

fn main() {}
