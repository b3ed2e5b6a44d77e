use spanwright::traced;

#[traced(name = "a" level = "info", fields(a = 1 b = 2))]
fn pay() {}

fn main() {
    pay();
}
