//! No prelude, and local items that take the names of everything usual.
#![no_implicit_prelude]
#![allow(dead_code, non_camel_case_types, unused_macros)]

mod core {}
mod std {}
mod serde {}
struct Option;
struct Some;
struct ErrorClass;
struct Frame;
struct bool;
trait Serialize {}

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

#[::spanwright::xray_subsegment(
    name = "sync", namespace = "aws",
    annotations(n, #[redact] hidden = n, #[when(n > 1)] shown = %n),
    metadata(n, ?parity = n % 2, #[redact(hash)] other = n), metadata("more", %n),
    class = "error",
)]
fn sync(
    n: ::std::primitive::u64,
) -> ::std::result::Result<::std::primitive::u64, ::std::string::String> {
    ::spanwright::record!(annotations(late = n), metadata(late = ?n));
    ::std::result::Result::Ok(n)
}

#[::spanwright::traced(fields(#[annotation] n))]
#[::spanwright::xray_subsegment(class = |_| ::spanwright::ErrorClass::Throttle)]
async fn later(n: ::std::primitive::u64) -> ::std::result::Result<(), ::std::string::String> {
    ::std::result::Result::Ok(())
}

#[::spanwright::xray_subsegment]
fn boxed() -> ::std::pin::Pin<
    ::std::boxed::Box<dyn ::std::future::Future<Output = ::std::primitive::u64>>,
> {
    ::std::boxed::Box::pin(async { 1 })
}

fn main() {
    sync(1);
    let _ = later(1);
    let _ = boxed();
}
