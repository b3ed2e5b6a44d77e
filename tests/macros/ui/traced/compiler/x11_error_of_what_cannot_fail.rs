use spanwright::{report_errors, traced, xray_subsegment};

#[traced(err)]
fn number() -> u64 {
    1
}

#[traced(err(event))]
async fn optional() -> Option<u64> {
    None
}

#[xray_subsegment(class = "error")]
fn text() -> String {
    String::new()
}

#[xray_subsegment(class = |_| spanwright::ErrorClass::Fault)]
fn future() -> impl Future<Output = Option<u64>> {
    async { None }
}

#[report_errors(none, when = |_| true)]
fn filtered() -> Option<u64> {
    None
}

#[report_errors(none, level = |_| spanwright::Severity::Info, custom(cause = ?err))]
fn levelled() -> Option<u64> {
    None
}

#[report_errors(panics, ignore(_))]
fn panicking() -> u64 {
    1
}

#[report_errors(none)]
fn never_none() -> Result<u64, String> {
    Ok(1)
}

fn main() {
    let _ = (number, optional, text, future, filtered, levelled, panicking, never_none);
}
