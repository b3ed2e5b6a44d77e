//! Lints that are forbidden cannot be allowed again by what the attribute adds.
#![forbid(unsafe_code, unused, unused_variables, unused_mut, unreachable_code, unused_must_use)]
#![forbid(unused_imports, dead_code, unused_braces, warnings)]

use spanwright::traced;

#[traced(fields(n), ok(fields(done = true)), err(fields(failed = true)))]
fn sync(n: u64) -> Result<u64, String> {
    spanwright::record!(late = n);
    Ok(1)
}

#[traced(fields(n), ret)]
async fn later(n: u64) -> u64 {
    if n == 1 {
        return 2;
    }
    unreachable!()
}

#[traced]
async fn endless() -> ! {
    loop {
        std::future::pending::<()>().await;
    }
}

#[traced]
fn boxed() -> std::pin::Pin<Box<dyn Future<Output = ()>>> {
    Box::pin(async {})
}

fn main() {
    let _ = sync(1);
    drop((later(1), endless(), boxed()));
}
