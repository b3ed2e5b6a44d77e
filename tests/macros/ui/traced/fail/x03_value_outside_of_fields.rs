use spanwright::traced;

#[traced(user.id = id)]
fn pay(id: u64) {
    let _ = id;
}

#[traced(?id)]
fn refund(id: u64) {
    let _ = id;
}

fn main() {
    pay(1);
    refund(1);
}
