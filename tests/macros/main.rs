//! first
#![deny(warnings)]
use spanwright::{testing, traced};

#[traced]
fn plain() {}

#[traced(fields(n, doubled = n * 2), ok(fields(r = *ok)), ret)]
fn value(n: u32) -> u32 { plain(); n + 1 }

#[traced(fields(s), err(event))]
async fn fallible(s: String) -> Result<usize, std::num::ParseIntError> {
    let v: usize = s.parse()?;
    value(1);
    Ok(v)
}

#[test]
fn first() {
    let spans = testing::capture(|| {
        value(3);
        let rt = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let _ = rt.block_on(fallible("12".into()));
        let _ = rt.block_on(fallible("x".into()));
        spanwright::record!(a = 1);
    });
    assert_eq!(testing::tree(&spans), "");
}
