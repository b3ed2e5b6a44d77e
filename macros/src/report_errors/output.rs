//! Whether a call can fail: there is nothing to report otherwise.
//!
//! In: the signature. Out: a message where it says enough, and else what compiles only if the type of
//! the result can fail. Never: takes a type for what it is called.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{ReturnType, Signature, Type};

use super::OWNER;
use crate::errors::Errors;
use crate::function::{self, Function, Output, Shape};
use crate::paths::Paths;

/// What the signature alone says.
pub(super) fn check_signature(
    none: Option<&Ident>,
    takes_panics: bool,
    function: &Function,
    errors: &mut Errors,
) {
    match function.output() {
        Output::Value(ty) => {
            check_none(none, &ty, errors);
            check_caller(function, errors);
        }
        output if !takes_panics => cannot_fail(&function.signature, &output, errors),
        _ => {}
    }
}

/// What is called `Result` has no `None`, whatever it is.
fn check_none(none: Option<&Ident>, ty: &Type, errors: &mut Errors) {
    if let Some(none) = none.filter(|_| function::is_called(ty, "Result")) {
        errors.on(none, "a `Result` has no `None`: leave `none` out");
    }
}

/// The body has to be in a closure, where `#[track_caller]` would be lost.
fn check_caller(function: &Function, errors: &mut Errors) {
    if function.shape() != Shape::Plain {
        return;
    }
    let mut paths = function.attributes.iter().map(syn::Attribute::path);
    let Some(tracked) = paths.find(|path| path.is_ident("track_caller")) else { return };
    errors.on(
        tracked,
        format!(
            "{OWNER} needs the body in a closure, which would hide the caller from \
             `#[track_caller]`; remove one of the two"
        ),
    );
}

fn cannot_fail(signature: &Signature, output: &Output, errors: &mut Errors) {
    let place = match &signature.output {
        ReturnType::Type(_, ty) => ty.to_token_stream(),
        ReturnType::Default => signature.ident.to_token_stream(),
    };
    let output = output.ty().to_token_stream();
    errors.on(
        place,
        format!(
            "a call that gives `{output}` cannot fail: return a `Result`, or report panics alone \
             with `panics`"
        ),
    );
}

/// What compiles only if the result can fail, at the place of its type.
pub(super) fn check(place: Span, takes_none: bool, paths: &Paths) -> TokenStream {
    let (private, placed) = (paths.private(), paths.private_at(place));
    if takes_none {
        return quote_spanned!(place=> #placed::fallible(&__spanwright_result););
    }
    let check = quote_spanned!(place=> (&&#placed::MustFail(&__spanwright_result)).check(););
    quote_spanned!(Span::mixed_site()=>
        use #private::{ViaOption as _, ViaResult as _};
        #check
    )
}
