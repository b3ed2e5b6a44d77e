use spanwright::report_errors;

#[report_errors(level, title, person = 1, custom, none = true, panics(yes), at, crate = "facade")]
fn forms() -> Option<u64> {
    None
}

#[report_errors(level = %LEVEL, at = 1 + 1, when = err.len() > 1, ignore = _, ignore(a b))]
fn values() -> Result<(), String> {
    Ok(())
}

#[report_errors(level = one() + 1)]
fn computed() -> Result<(), String> {
    Ok(())
}

#[report_errors("Checkout failed")]
fn bare() -> Result<(), String> {
    Ok(())
}

#[report_errors(custom(#[annotation] a = 1, #[hidden] b = 2))]
fn marks() -> Result<(), String> {
    Ok(())
}

fn main() {
    let _ = (forms(), values(), computed(), bare(), marks());
}
