use spanwright::{ErrorClass, xray_subsegment};

#[xray_subsegment(class = |err| err.is_client())]
fn no_method() -> Result<u64, String> {
    Ok(1)
}

#[xray_subsegment(class = |err| err.is_empty())]
fn truth() -> Result<u64, String> {
    Ok(1)
}

#[xray_subsegment(class = true)]
fn variant() -> Result<u64, String> {
    Ok(1)
}

#[xray_subsegment(class = |err: &u64| ErrorClass::Error)]
fn other() -> Result<u64, String> {
    Ok(1)
}

fn main() {
    let _ = (no_method, truth, variant, other);
}
