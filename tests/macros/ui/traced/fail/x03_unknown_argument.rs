use spanwright::traced;

#[traced(nmae = "checkout")]
fn pay() {}

fn main() {
    pay();
}
