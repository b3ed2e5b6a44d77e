use spanwright::traced;

#[traced(nmae = "a", level = "inof", fields(ordr, ? = 1), targt = "b")]
fn pay(order: u64) -> u64 {
    order
}

fn main() {
    // The function is still there: no mistake here.
    let _: u64 = pay(1);
}
