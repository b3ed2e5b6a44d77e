use spanwright::traced;

#[traced(skip(token), late(tier), follows_from = span)]
fn pay(token: u64) {
    let _ = token;
}

fn main() {
    pay(1);
}
