use spanwright::{ErrorClass, xray_subsegment};

#[xray_subsegment(class = |err| if text.len() == *err { ErrorClass::Fault } else { ErrorClass::Error })]
fn plain(text: String) -> Result<u32, usize> {
    drop(text);
    Ok(1)
}

#[xray_subsegment(class = |err| if text.len() == *err { ErrorClass::Fault } else { ErrorClass::Error })]
async fn later(text: String) -> Result<u32, usize> {
    Err(text.len())
}

#[xray_subsegment(class = |text| if text == "a" { ErrorClass::Fault } else { ErrorClass::Error })]
fn no_mistake(text: String, limit: usize) -> Result<usize, String> {
    if limit == 1 { Err(text) } else { Ok(limit) }
}

fn main() {
    let _ = (plain, later, no_mistake);
}
