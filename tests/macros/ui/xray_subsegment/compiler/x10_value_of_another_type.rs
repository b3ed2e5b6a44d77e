use spanwright::xray_subsegment;

struct Order {
    id: u64,
}

#[xray_subsegment(annotations(order))]
fn annotated(order: &Order) -> u64 {
    order.id
}

#[xray_subsegment(metadata(order))]
fn detailed(order: &Order) -> u64 {
    order.id
}

fn main() {
    let _ = (annotated, detailed);
}
