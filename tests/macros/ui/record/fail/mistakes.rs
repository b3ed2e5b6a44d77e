use spanwright::record;

fn main() -> Result<(), std::num::ParseIntError> {
    record!(a = "1".parse::<u64>()?);
    record!(a = 1, a = 2);
    record!(1 + 1);
    record!(password = "secret");
    record!(crate = spanwright, a = 1);
    Ok(())
}
