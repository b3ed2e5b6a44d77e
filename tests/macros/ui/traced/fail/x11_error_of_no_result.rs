use spanwright::{report_errors, traced, xray_subsegment};

#[traced(err(level = "warn"))]
fn nothing() {}

#[traced(err(fields(code = err.code())))]
async fn later() {}

#[xray_subsegment(class = "error")]
fn unit() -> () {}

#[report_errors(panics, when = |_| true, none)]
fn panicking() {}

fn main() {
    nothing();
    unit();
    panicking();
    let _ = later();
}
