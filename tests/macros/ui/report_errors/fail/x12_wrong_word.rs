use spanwright::report_errors;

#[report_errors(level = "warn", at = "bondary")]
fn near() -> Result<(), u64> {
    Ok(())
}

#[report_errors(level = Level::WARN, at = "outermost")]
fn of_another_library() -> Result<(), u64> {
    Ok(())
}

#[report_errors(level = "lout")]
fn far() -> Result<(), u64> {
    Ok(())
}

#[report_errors(level = 3)]
fn number() -> Result<(), u64> {
    Ok(())
}

fn main() {
    let _ = (near(), of_another_library(), far(), number());
}
