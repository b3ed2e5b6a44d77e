#![deny(unused)]

use spanwright::{traced, xray_subsegment};

#[xray_subsegment]
fn never_called() {}

#[traced]
#[xray_subsegment(annotations(used))]
fn unused_parameter(used: u64, unused: u64) -> u64 {
    let unused_local = 1;
    2
}

fn main() {
    unused_parameter(1, 2);
}
