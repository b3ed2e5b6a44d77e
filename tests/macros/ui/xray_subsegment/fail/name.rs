use spanwright::xray_subsegment;

#[xray_subsegment(name = "mock, data")]
fn comma() {}

#[xray_subsegment("back\\slash")]
fn backslash() {}

#[xray_subsegment("a\tb")]
fn tabulated() {}

#[xray_subsegment("$")]
fn hopeless() {}

#[xray_subsegment("")]
fn empty() {}

#[xray_subsegment("0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890")]
fn long() {}

#[xray_subsegment(name = "a".to_owned())]
fn computed() {}

fn main() {
    comma();
    backslash();
    tabulated();
    hopeless();
    empty();
    long();
    computed();
}
