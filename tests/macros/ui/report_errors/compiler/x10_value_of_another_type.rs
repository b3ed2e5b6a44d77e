use spanwright::report_errors;

struct Order {
    id: u64,
}

#[report_errors(custom(order))]
fn at_the_call(order: &Order) -> Result<u64, u64> {
    Ok(order.id)
}

#[report_errors(custom(err))]
fn of_the_error() -> Result<u64, Order> {
    Ok(1)
}

#[report_errors(title = 1 + 1, context = NUMBER)]
fn text() -> Result<u64, u64> {
    Ok(1)
}

const NUMBER: u64 = 1;

fn main() {
    let _ = (at_the_call, of_the_error, text);
}
