//! Everything denied: annotated functions add no warning of their own.
#![deny(warnings, unused, future_incompatible, nonstandard_style, rust_2018_idioms)]
#![deny(unused_braces, unused_parens, unused_qualifications, unused_lifetimes, unused_results)]
#![deny(single_use_lifetimes, trivial_casts, trivial_numeric_casts, let_underscore_drop)]
#![deny(missing_docs, missing_debug_implementations, unreachable_pub, elided_lifetimes_in_paths)]
#![deny(variant_size_differences, explicit_outlives_requirements, redundant_lifetimes)]
#![deny(rust_2021_incompatible_closure_captures, rust_2024_compatibility, tail_expr_drop_order)]
#![deny(unused_import_braces, unit_bindings, closure_returning_async_block)]

use spanwright::{Severity, report_errors, traced, xray_subsegment};

const TITLE: &str = "store";

struct Store<'a> {
    name: &'a str,
}

impl<'a> Store<'a> {
    const AREA: &'static str = "stores";

    #[report_errors(
        none, title = TITLE, context = Self::AREA, fingerprint = self.name,
        person(username = self.name), custom(self.name, n),
    )]
    fn get(&self, n: u64) -> Option<&'a str> {
        self.name.get(..usize::try_from(n).ok()?)
    }

    #[traced(fields(n), ok(fields(len = ok.len())), err(level = "warn"))]
    #[report_errors(
        custom(n, late = true, code = err.len(), #[when(err.len() > 1)] second = err), panics,
        when = |err| !err.is_empty(), ignore(_text if false),
    )]
    async fn load(&self, n: u64, _hidden: u64, (_a, b): (u64, u64)) -> Result<String, String> {
        if n + b > 9 { Err("too much".to_owned()) } else { Ok(self.name.to_owned()) }
    }

    #[report_errors(custom(#[when(self.name.len() > 1)] n), ignore(_))]
    fn into_name(self, mut n: u64) -> Result<&'a str, ()> {
        n += 1;
        if n > 3 { Ok(self.name) } else { Err(()) }
    }
}

// Names of their own, which only look like arguments.
#[report_errors(
    custom(err, n), level = |n| if n.is_empty() { Severity::Info } else { Severity::Error },
    when = |list| list.len() > 1, ignore(n if n.is_empty()),
)]
fn separate(n: u64, list: &[u64]) -> Result<u64, String> {
    list.first().copied().ok_or_else(|| n.to_string())
}

#[report_errors(panics)]
fn one_line() -> u64 { 1 }

#[report_errors(panics, custom(n))]
fn unit_line(n: &mut u64) { *n += one_line() }

#[report_errors(level = "info", at = "boundary")]
#[xray_subsegment("future")]
#[traced]
fn future(n: u64) -> impl Future<Output = Result<u64, ()>> + Send { async move { Ok(n) } }

#[report_errors]
fn opaque<'a>(list: &'a [u64]) -> Result<impl Iterator<Item = u64> + 'a, std::fmt::Error> {
    Ok(list.iter().copied())
}

#[report_errors(panics)]
async fn endless() -> ! {
    loop {
        std::future::pending::<()>().await;
    }
}

fn main() {
    drop(separate(1, &[2]));
    let store = Store { name: "name" };
    let _name = store.get(2);
    drop(store.load(1, 2, (3, 4)));
    let _name = store.into_name(1);
    let mut n = 1;
    unit_line(&mut n);
    drop((future(1), opaque(&[1]).is_ok(), endless()));
}
