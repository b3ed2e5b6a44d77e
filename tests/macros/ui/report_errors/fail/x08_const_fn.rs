use spanwright::report_errors;

#[report_errors]
const fn limit() -> Result<u64, u64> {
    Ok(1)
}

const LIMIT: Result<u64, u64> = limit();

fn main() {
    let _ = LIMIT;
}
