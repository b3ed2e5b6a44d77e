use spanwright::traced;

#[traced]
const fn limit() -> u64 {
    1
}

const LIMIT: u64 = limit();

fn main() {
    let _ = LIMIT;
}
