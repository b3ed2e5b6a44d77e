//! The attribute macros of spanwright; users reach them through the `spanwright` crate.

mod args;
mod body;
mod callsite;
mod errors;
mod expression;
mod field;
mod function;
mod parameters;
mod paths;
mod record;
mod suggest;
mod traced;

use proc_macro::TokenStream;

/// Whether expansions record or only keep what they would record type-checked.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mode {
    Live,
    Off,
}

/// Decided by the features of this crate, never by those of the crate that uses it.
const MODE: Mode =
    if cfg!(all(feature = "spans", not(feature = "off"))) { Mode::Live } else { Mode::Off };

/// A span around every call of a function.
#[proc_macro_attribute]
pub fn traced(args: TokenStream, item: TokenStream) -> TokenStream {
    traced::expand(args.into(), &item.into(), MODE).into()
}

/// Adds attributes to the span that is current.
#[proc_macro]
pub fn record(input: TokenStream) -> TokenStream {
    record::expand(input.into(), MODE).into()
}
