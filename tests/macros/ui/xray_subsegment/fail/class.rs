use spanwright::xray_subsegment;

#[xray_subsegment(class = "falt")]
fn near() -> Result<(), u64> {
    Ok(())
}

#[xray_subsegment(class = 404)]
fn number() -> Result<(), u64> {
    Ok(())
}

#[xray_subsegment(class(ignore))]
fn list() -> Result<(), u64> {
    Ok(())
}

#[xray_subsegment(class = "error")]
fn never() -> ! {
    loop {}
}

#[track_caller]
#[xray_subsegment(class = "error")]
fn tracked() -> Result<(), u64> {
    Ok(())
}

fn main() {
    let _ = (near(), number(), list(), tracked());
    never();
}
