use spanwright::traced;

#[traced(fields(a = parse("1")?, b = { return 1 }, c = |it: u64| { return it; }))]
async fn pay() -> u64 {
    1
}

#[traced(fields(#[when(ready().await)] a = ready().await), enabled = parse("1")? > 1)]
async fn refund() -> Option<u64> {
    None
}

async fn ready() -> bool {
    true
}

fn parse(text: &str) -> Option<u64> {
    text.parse().ok()
}

fn main() {
    let _ = (pay(), refund());
}
