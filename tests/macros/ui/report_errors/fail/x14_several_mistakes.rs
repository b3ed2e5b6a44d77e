use spanwright::{report_errors, traced, xray_subsegment};

#[traced(nmae = "a")]
#[xray_subsegment(namespace = "asw")]
#[report_errors(level = "warn", person(id = usr.id, user), custom(password = 1), titel = "b")]
fn pay(user: &u64) -> Result<u64, u64> {
    Ok(*user)
}

fn main() {
    // The function is still there: no mistake here.
    let _: Result<u64, u64> = pay(&1);
}
