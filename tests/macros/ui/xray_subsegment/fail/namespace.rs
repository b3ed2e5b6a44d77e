use spanwright::xray_subsegment;

#[xray_subsegment(namespace = "asw")]
fn near() {}

#[xray_subsegment(namespace = "dynamodb")]
fn far() {}

#[xray_subsegment(namespace = "local")]
fn local() {}

#[xray_subsegment(namespace)]
fn nothing() {}

fn main() {
    near();
    far();
    local();
    nothing();
}
