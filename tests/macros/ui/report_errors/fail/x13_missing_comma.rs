use spanwright::report_errors;

#[report_errors(level = "info" none, custom(a = 1 b = 2), person(id = 1 email = 2))]
fn pay() -> Option<u64> {
    None
}

fn main() {
    let _ = pay();
}
