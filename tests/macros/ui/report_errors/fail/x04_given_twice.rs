use spanwright::{report_errors, traced};

#[report_errors(level = "error", title = "a", level = "info", ignore(1), ignore(2))]
fn arguments() -> Result<(), u64> {
    Ok(())
}

#[report_errors(person(id = 1, id = 2), custom(a = 1, "a" = 2))]
fn keys() -> Result<(), u64> {
    Ok(())
}

#[report_errors]
#[traced]
#[report_errors(panics)]
fn attributes() -> Result<(), u64> {
    Ok(())
}

#[report_errors(crate = spanwright)]
#[traced(crate = ::spanwright)]
fn roots() -> Result<(), u64> {
    Ok(())
}

fn main() {
    let _ = (arguments(), keys(), attributes(), roots());
}
