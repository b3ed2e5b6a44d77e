use spanwright::report_errors;

#[report_errors(person(user_name = user.name, "mail" = 1, user.id, {KEY} = 1))]
fn pay(user: &User) -> Result<u64, u64> {
    Ok(user.id)
}

struct User {
    name: String,
    id: u64,
}

fn main() {
    let _ = pay(&User { name: String::new(), id: 1 });
}
