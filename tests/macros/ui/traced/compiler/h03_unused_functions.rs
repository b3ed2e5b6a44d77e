#![deny(unused)]

use spanwright::traced;

#[traced]
fn never_called() {}

#[traced(fields(n), ok(fields(m = *ok)))]
async fn never_called_later(n: u64) -> u64 {
    n
}

#[traced]
#[expect(dead_code)]
fn expected() -> u64 {
    1
}

fn main() {}
