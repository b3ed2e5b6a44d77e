use spanwright::xray_subsegment;

#[xray_subsegment(err = "falt")]
fn near() -> Result<(), u64> {
    Ok(())
}

#[xray_subsegment(err = 404)]
fn number() -> Result<(), u64> {
    Ok(())
}

#[xray_subsegment(err(ignore))]
fn list() -> Result<(), u64> {
    Ok(())
}

#[xray_subsegment(err = "error")]
fn never() -> ! {
    loop {}
}

#[track_caller]
#[xray_subsegment(err = "error")]
fn tracked() -> Result<(), u64> {
    Ok(())
}

fn main() {
    let _ = (near(), number(), list(), tracked());
    never();
}
