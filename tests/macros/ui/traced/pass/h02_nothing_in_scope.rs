//! No prelude, and local items that take the names of everything usual.
#![no_implicit_prelude]
#![allow(dead_code, non_camel_case_types, unused_macros)]

mod core {}
mod std {}
mod alloc {}
struct Option;
struct Result;
struct Box;
struct bool;
struct u16;
trait Future {}
trait Fn {}

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

#[::spanwright::traced(
    fields(n, #[redact] hidden = ?n, #[when(n > 1)] shown = %n, parity = n % 2),
    ok(fields(value = *ok)), enabled = n > 0,
)]
fn sync(n: ::std::primitive::u64) -> ::std::primitive::u64 {
    ::spanwright::record!(late = ?n);
    n
}

#[::spanwright::traced(fields(n), err(event), ret(fields(failed = ret.is_err())))]
async fn later(n: ::std::primitive::u64) -> ::std::result::Result<(), ::std::string::String> {
    ::std::result::Result::Ok(())
}

#[::spanwright::traced]
fn boxed() -> ::std::pin::Pin<
    ::std::boxed::Box<dyn ::std::future::Future<Output = ::std::primitive::u64>>,
> {
    ::std::boxed::Box::pin(async { 1 })
}

#[::spanwright::traced]
fn endless(n: ::std::primitive::u64) -> ! {
    ::std::process::exit(if n == 1 { 0 } else { 1 })
}

fn main() {
    sync(1);
    let _ = later(1);
    let _ = boxed();
    endless(1);
}
