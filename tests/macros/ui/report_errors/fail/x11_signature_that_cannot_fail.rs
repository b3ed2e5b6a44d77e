use spanwright::report_errors;

#[report_errors]
fn nothing() {}

#[report_errors]
fn unit() -> () {}

#[report_errors]
fn never() -> ! {
    loop {}
}

#[report_errors]
async fn later() {}

#[report_errors]
fn future() -> impl Future<Output = ()> {
    async {}
}

#[report_errors(none)]
fn optional() -> Result<u64, u64> {
    Ok(1)
}

#[report_errors]
#[track_caller]
fn tracked() -> Result<u64, u64> {
    Ok(1)
}

// Panics can leave any of them.
#[report_errors(panics)]
fn panics() {}

#[report_errors(panics)]
fn panics_at_the_end() -> ! {
    loop {}
}

fn main() {
    let _ = (later(), future(), optional(), tracked());
    nothing();
    unit();
    panics();
    if false {
        panics_at_the_end();
    }
    never();
}
