use spanwright::traced;

#[traced(name = "")]
fn pay() {}

#[traced(" ", fields("" = 1))]
fn refund() {}

fn main() {
    pay();
    refund();
}
