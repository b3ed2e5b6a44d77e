use spanwright::report_errors;

#[report_errors]
struct Order;

#[report_errors]
impl Order {
    fn new() -> Self {
        Self
    }
}

trait Pay {
    #[report_errors]
    fn pay(&self) -> Result<(), u64>;
}

fn main() {
    let _ = Order::new();
}
