use spanwright::{traced, xray_subsegment};

#[xray_subsegment(annotations("user-id" = 1, "order total (€)" = 2, größe = 3, "$" = 4))]
fn signs() {}

#[xray_subsegment(annotations(user.id = 1, user_id = 2))]
fn collision() {}

#[xray_subsegment(annotations(a = 1, a = 2))]
fn repeated() {}

#[traced(fields(#[annotation] user.id = 1))]
#[xray_subsegment(annotations(user_id = 2))]
fn together() {}

#[traced(fields(#[annotation] "user-id" = 1, #[annotation] a.b = 1), ret(fields(#[annotation] a_b = 1)))]
fn marked() -> u64 {
    1
}

fn main() {
    signs();
    collision();
    repeated();
    together();
    marked();
}
