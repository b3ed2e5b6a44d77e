#![deny(unused)]

use spanwright::report_errors;

#[report_errors]
fn never_called() -> Result<u64, u64> {
    Ok(1)
}

#[report_errors(custom(used))]
fn unused_parameter(used: u64, unused: u64) -> Result<u64, u64> {
    let unused_local = 1;
    Ok(2)
}

fn main() {
    unused_parameter(1, 2);
}
