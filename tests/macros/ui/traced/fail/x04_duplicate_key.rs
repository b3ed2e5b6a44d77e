use spanwright::traced;

#[traced(fields(id, user.id = 1, "user.id" = 2), ok(fields(id = 3)))]
fn pay(id: u64) -> u64 {
    id
}

#[traced(ok(fields(outcome = 1)), err(fields(outcome = 2)))]
fn exclusive() -> Result<u64, u64> {
    Ok(1)
}

fn main() {
    pay(1);
    let _ = exclusive();
}
