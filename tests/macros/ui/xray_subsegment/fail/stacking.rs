use spanwright::{traced, xray_subsegment};

#[xray_subsegment]
#[traced]
#[xray_subsegment(name = "b")]
fn twice() {}

#[traced(crate = spanwright)]
#[xray_subsegment(crate = ::spanwright)]
fn roots() {}

#[traced]
#[xray_subsegment = "a"]
fn form() {}

#[traced(nmae = "a")]
#[xray_subsegment(nmae = "b")]
fn both() {}

fn main() {
    twice();
    roots();
    form();
    both();
}
