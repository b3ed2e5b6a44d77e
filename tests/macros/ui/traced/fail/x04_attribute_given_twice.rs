use spanwright::traced;

#[traced]
#[traced(name = "b")]
fn pay() {}

fn main() {
    pay();
}
