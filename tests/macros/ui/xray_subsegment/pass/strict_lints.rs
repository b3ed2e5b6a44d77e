//! Everything denied: annotated functions add no warning of their own.
#![deny(warnings, unused, future_incompatible, nonstandard_style, rust_2018_idioms)]
#![deny(unused_braces, unused_parens, unused_qualifications, unused_lifetimes, unused_results)]
#![deny(single_use_lifetimes, trivial_casts, trivial_numeric_casts, let_underscore_drop)]
#![deny(missing_docs, missing_debug_implementations, unreachable_pub, elided_lifetimes_in_paths)]
#![deny(variant_size_differences, explicit_outlives_requirements, redundant_lifetimes)]
#![deny(rust_2021_incompatible_closure_captures, rust_2024_compatibility, tail_expr_drop_order)]
#![deny(unused_import_braces, unit_bindings, closure_returning_async_block)]

use spanwright::{ErrorClass, traced, xray_subsegment};

struct Store<'a> {
    name: &'a str,
}

impl<'a> Store<'a> {
    #[xray_subsegment(
        annotations(self.name, n), metadata("store", n, ?tuple = (n, 1)),
        ok(metadata(len = ok.len())), ret(annotations(found = ret.is_some())),
    )]
    fn get(&self, n: u64) -> Option<&'a str> {
        self.name.get(..usize::try_from(n).ok()?)
    }

    #[traced(fields(n), ok(fields(#[annotation] len = ok.len())), err(level = "warn"))]
    #[xray_subsegment(class = |err| if err.is_empty() { ErrorClass::Fault } else { ErrorClass::Error })]
    async fn load(&self, n: u64, _hidden: u64, (_a, b): (u64, u64)) -> Result<String, String> {
        if n + b > 9 { Err("too much".to_owned()) } else { Ok(self.name.to_owned()) }
    }

    #[xray_subsegment(annotations(#[when(self.name.len() > 1)] n))]
    fn into_name(self, mut n: u64) -> &'a str {
        n += 1;
        if n > 3 { self.name } else { "" }
    }
}

#[xray_subsegment]
fn one_line() -> u64 { 1 }

#[xray_subsegment(metadata(n))]
fn unit_line(n: &mut u64) { *n += one_line() }

#[xray_subsegment("future")]
#[traced]
fn future(n: u64) -> impl Future<Output = u64> + Send { async move { n } }

fn main() {
    let store = Store { name: "name" };
    let _name = store.get(2);
    drop(store.load(1, 2, (3, 4)));
    let _name = store.into_name(1);
    let mut n = 1;
    unit_line(&mut n);
    drop(future(1));
}
