use spanwright::traced;

#[traced(fields(ordr.id, version), include(tenent))]
fn pay(order: &Order, tenant: u64) -> u64 {
    order.id + tenant
}

struct Order {
    id: u64,
}

fn main() {
    pay(&Order { id: 1 }, 2);
}
