use spanwright::traced;

#[traced(err(fields(code = err.code())))]
fn pay() -> u64 {
    1
}

#[traced(ok(fields(rows = ok.rows())))]
async fn list() -> Result<Vec<u64>, u64> {
    Ok(Vec::new())
}

#[traced(enabled = 1, parent = "text")]
fn wrong(n: u64) -> u64 {
    n
}

fn main() {
    let _ = (pay, list, wrong);
}
