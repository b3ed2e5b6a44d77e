use spanwright::report_errors;

#[report_errors(title = name?, custom(a = return), ignore(n if n.await))]
fn pay(name: Option<&str>) -> Result<(), u64> {
    let _ = name;
    Ok(())
}

fn main() {
    let _ = pay(None);
}
