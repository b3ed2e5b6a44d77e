use spanwright::traced;

#[traced]
struct Order;

#[traced(level = "lout")]
impl Order {
    fn new() -> Self {
        Self
    }
}

#[traced]
pub(crate) mod inner {}

#[traced]
const LIMIT: u64 = 1;

#[traced]
trait Pay {}

#[traced]
enum Kind {}

fn main() {
    let _ = (Order::new(), LIMIT);
}
