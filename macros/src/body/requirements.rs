//! Requirements of arguments on the result of a function.

use proc_macro2::{Span, TokenStream};
use syn::Ident;

use super::judge::check;
use crate::errors::Errors;
use crate::function::{Function, Output, Shape};
use crate::paths::Paths;

/// Checks that there is a result for `word`, and that looking at it costs nothing else that the
/// user asked for.
pub(crate) fn check_result(word: &Ident, function: &Function, errors: &mut Errors) {
    match function.output() {
        Output::Never => {
            errors.at(word.span(), format!("`{word}` needs a result, and this function has none"));
        }
        Output::Value(_) if function.shape() == Shape::Plain && function.is_track_caller() => {
            errors.at(
                word.span(),
                format!(
                    "`{word}` needs the body in a closure, which would hide the caller from \
                     `#[track_caller]`; remove one of the two"
                ),
            );
        }
        _ => {}
    }
}

/// Checks that there is a result for `word` that can be an error, as far as the signature shows.
pub(crate) fn check_can_fail(word: &Ident, function: &Function, errors: &mut Errors) {
    if !matches!(function.output(), Output::Unit) {
        return check_result(word, function, errors);
    }
    errors.at(
        word.span(),
        format!(
            "`{word}` needs a call that can fail, and one that returns `()` cannot: return a \
             `Result`, or remove `{word}`"
        ),
    );
}

/// A statement that compiles only if the type of the result has an error, as `word` requires.
pub(crate) fn needs_error(word: &Ident, paths: &Paths) -> TokenStream {
    let place = word.span().resolved_at(Span::mixed_site());
    check(place, "__spanwright_has_error", paths)
}
