use spanwright::report_errors;

#[report_errors(title = "", fingerprint = " ", context = 7)]
fn texts() -> Result<(), u64> {
    Ok(())
}

#[report_errors(ignore(), custom("" = 1))]
fn lists() -> Result<(), u64> {
    Ok(())
}

fn main() {
    let _ = (texts(), lists());
}
