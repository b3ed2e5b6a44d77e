//! No prelude, and local items that take the names of everything usual.
#![no_implicit_prelude]
#![allow(dead_code, non_camel_case_types, unused_macros)]

mod core {}
mod std {}
struct Option;
struct Some;
struct Report;
struct Severity;
struct Site;
struct bool;
trait Fallible {}

macro_rules! taken {
    ($($name:ident)*) => {$(
        macro_rules! $name {
            ($d:tt) => {
                compile_error!("a macro of the user's was called")
            };
        }
    )*};
}

taken! { concat format_args line file module_path panic matches }

#[::spanwright::report_errors(
    level = "critical", title = "sync", fingerprint = %n,
    person(id = n, #[redact] email = n), custom(n, ?parity = n % 2, #[when(*err > 1)] shown = %err),
    when = |err| *err > 1, ignore(7 | 8, other if *other > 9), panics, at = "boundary",
)]
fn sync(n: ::std::primitive::u64) -> ::std::result::Result<(), ::std::primitive::u64> {
    ::std::result::Result::Err(n)
}

#[::spanwright::traced(fields(n))]
#[::spanwright::report_errors(none)]
async fn later(n: ::std::primitive::u64) -> ::std::option::Option<::std::primitive::u64> {
    ::std::option::Option::Some(n)
}

#[::spanwright::report_errors]
fn boxed() -> ::std::pin::Pin<
    ::std::boxed::Box<
        dyn ::std::future::Future<Output = ::std::result::Result<(), ::std::string::String>>,
    >,
> {
    ::std::boxed::Box::pin(async { ::std::result::Result::Ok(()) })
}

#[::spanwright::report_errors(panics)]
fn nothing() {}

fn main() {
    let _ = sync(1);
    let _ = later(1);
    let _ = boxed();
    nothing();
}
