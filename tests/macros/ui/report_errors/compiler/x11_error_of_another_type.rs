use spanwright::report_errors;

enum Error {
    NotFound(u64),
    Broken,
}

#[report_errors(when = |err| err.is_ours())]
fn no_method() -> Result<u64, Error> {
    Err(Error::Broken)
}

#[report_errors(when = |err| err)]
fn no_truth() -> Result<u64, Error> {
    Err(Error::NotFound(1))
}

#[report_errors(ignore(Error::NotFound))]
fn no_variant() -> Result<u64, Error> {
    Ok(1)
}

#[report_errors(ignore(Some(_)))]
fn other_pattern() -> Result<u64, Error> {
    Ok(1)
}

#[report_errors(level = |_| "error")]
fn no_level() -> Result<u64, Error> {
    Ok(1)
}

#[report_errors(level = missing)]
fn no_function() -> Result<u64, Error> {
    Ok(1)
}

fn main() {
    let _ = (no_method, no_truth, no_variant, other_pattern, no_level, no_function);
}
