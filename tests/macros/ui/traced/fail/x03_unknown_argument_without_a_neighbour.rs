use spanwright::traced;

#[traced(colour = "red")]
fn pay() {}

fn main() {
    pay();
}
