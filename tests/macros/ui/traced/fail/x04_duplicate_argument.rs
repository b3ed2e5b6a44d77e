use spanwright::traced;

#[traced(name = "a", level = "info", name = "b")]
fn pay() {}

#[traced("a", name = "b")]
fn refund() {}

fn main() {
    pay();
    refund();
}
