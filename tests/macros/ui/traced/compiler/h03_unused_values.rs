#![deny(unused)]

use spanwright::traced;

#[traced(fields(used))]
fn unused_parameter(used: u64, unused: u64) -> u64 {
    let unused_local = 1;
    2
}

#[traced]
#[must_use]
fn important() -> u64 {
    1
}

#[traced]
async fn later() {}

fn main() {
    unused_parameter(1, 2);
    important();
    later();
}
