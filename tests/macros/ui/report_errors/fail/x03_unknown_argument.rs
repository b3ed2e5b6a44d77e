use spanwright::report_errors;

#[report_errors(levle = "error", finger_print = "a", ignored(_))]
fn near() -> Result<(), u64> {
    Ok(())
}

#[report_errors(name = "pay", severity = "error", fields(a = 1), user(id = 1), err(a = 1))]
fn other_words() -> Result<(), u64> {
    Ok(())
}

#[report_errors(order.id = 1)]
fn outside() -> Result<(), u64> {
    Ok(())
}

#[report_errors(colour)]
fn far() -> Result<(), u64> {
    Ok(())
}

fn main() {
    let _ = (near(), other_words(), outside(), far());
}
