use spanwright::report_errors;

#[report_errors(
    custom(both = (err, order.id), len = err.len() + limit),
    fingerprint = format!("{err} {limit}"),
    level = |err| if err.len() > limit { LOW } else { HIGH },
    when = |err| err.len() > limit,
    ignore(text if text.len() > limit),
)]
fn pay(order: &Order, limit: usize) -> Result<u64, String> {
    if limit > 1 { Ok(order.id) } else { Err(String::new()) }
}

struct Order {
    id: u64,
}

fn main() {
    let _ = pay(&Order { id: 1 }, 1);
}
