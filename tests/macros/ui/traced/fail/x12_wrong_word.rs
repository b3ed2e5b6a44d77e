use spanwright::traced;

#[traced(level = "inof", kind = "sever")]
fn near() {}

#[traced(level = 6, kind = Kind::Other)]
fn far() {}

fn main() {
    near();
    far();
}
