use spanwright::traced;

#[derive(Debug)]
struct OnlyDebug;

struct Nothing;

#[traced(err(Display))]
fn no_display() -> Result<(), OnlyDebug> {
    Err(OnlyDebug)
}

#[traced(err(event, Debug))]
async fn no_debug() -> Result<(), Nothing> {
    Err(Nothing)
}

#[traced(ret)]
fn no_value() -> Result<Nothing, u64> {
    Ok(Nothing)
}

#[traced(ret(Display))]
fn no_text() -> Result<OnlyDebug, u64> {
    Ok(OnlyDebug)
}

fn main() {
    let _ = (no_display, no_debug, no_value, no_text);
}
