use spanwright::xray_subsegment;

#[xray_subsegment(metadata("AWS.internal", a = 1), metadata("AWS.key" = 1, b = 2))]
fn reserved() {}

#[xray_subsegment(metadata(a = 1), metadata("default", b = 1), metadata("x", c = 1), metadata("x", c = 2))]
fn twice() {}

#[xray_subsegment(metadata("billing"), metadata("", a = 1), metadata(a = 1, a = 2), metadata = 1)]
fn forms() {}

#[xray_subsegment(metadata("billing" a = 1), metadata(1, 2))]
fn syntax() {}

fn main() {
    reserved();
    twice();
    forms();
    syntax();
}
