use spanwright::traced;

struct Order {
    id: u64,
}

#[traced(fields(order, id = order.id))]
fn pay(order: &Order) {
    let _ = order.id;
}

#[traced(fields(%order, copy = ?order))]
async fn refund(order: &Order) -> u64 {
    order.id
}

#[traced(ok(fields(order = ok)))]
fn make() -> Result<Order, u64> {
    Ok(Order { id: 1 })
}

fn main() {
    let _ = (pay, refund, make);
}
