use spanwright::report_errors;

#[report_errors(person(id), custom(ordr.id, er.code, version, ?tenant))]
fn pay(order: &Order, tenant: u64) -> Result<u64, u64> {
    Ok(order.id + tenant)
}

struct Order {
    id: u64,
}

fn main() {
    let _ = pay(&Order { id: 1 }, 2);
}
