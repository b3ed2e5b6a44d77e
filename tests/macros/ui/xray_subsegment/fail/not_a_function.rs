use spanwright::xray_subsegment;

#[xray_subsegment]
struct Order;

trait Store {
    #[xray_subsegment]
    fn load(&self);
}

#[xray_subsegment]
const fn fixed() -> u64 {
    1
}

fn main() {
    let _ = (Order, fixed());
}
