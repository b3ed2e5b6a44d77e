use spanwright::{report_errors, traced};

type Result<T> = std::vec::Vec<T>;

#[report_errors]
fn number() -> u64 {
    1
}

#[report_errors]
fn called_like_one() -> Result<u64> {
    Vec::new()
}

#[report_errors]
#[traced]
async fn later() -> String {
    String::new()
}

#[report_errors]
fn future() -> impl Future<Output = u64> {
    async { 1 }
}

#[report_errors]
fn opaque() -> impl Iterator<Item = u64> {
    std::iter::empty()
}

#[report_errors]
fn optional() -> Option<u64> {
    None
}

#[report_errors(none)]
fn never_none() -> u64 {
    1
}

#[report_errors]
fn generic<T: Default>() -> T {
    T::default()
}

fn main() {
    let _ = (number, called_like_one, later, future, optional, never_none, generic::<u64>);
    let _ = opaque();
}
