//! Checks that a call can fail, since there is nothing to report otherwise.
//!
//! A signature without a result gets a message; for any other, the compiler checks the type of the
//! result, never its spelling.

use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;
use syn::{ReturnType, Signature};

use super::OWNER;
use crate::body;
use crate::errors::Errors;
use crate::function::{Function, Output, Shape};
use crate::paths::Paths;

/// The arguments that are about a result which did not succeed, at the words that name them.
#[derive(Default)]
pub(super) struct Words {
    /// `none`.
    pub(super) none: Option<Ident>,
    /// Arguments that look at the error.
    pub(super) of_error: Vec<Ident>,
}

/// Checks what the signature alone tells.
pub(super) fn check_signature(
    words: &Words,
    takes_panics: bool,
    function: &Function,
    errors: &mut Errors,
) {
    match function.output() {
        Output::Value(_) => check_caller(function, errors),
        output if !takes_panics => cannot_fail(&function.signature, &output, errors),
        _ => words.each().for_each(|word| body::check_can_fail(word, function, errors)),
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
            "a call that returns `{output}` cannot fail: return a `Result`, or write `panics` to \
             report panics only"
        ),
    );
}

impl Words {
    fn each(&self) -> impl Iterator<Item = &Ident> {
        self.none.iter().chain(&self.of_error)
    }

    /// Statements that compile only if the type of the result can fail as the arguments require:
    /// at the place of that type, or at the words.
    pub(super) fn check(&self, place: Span, takes_panics: bool, paths: &Paths) -> TokenStream {
        if let Some(none) = &self.none {
            let place = none.span().resolved_at(Span::mixed_site());
            let mut check = body::check(place, "__spanwright_has_none", paths);
            check.extend(self.needs_error(paths));
            return check;
        }
        if takes_panics {
            return self.needs_error(paths);
        }
        body::check(place, "__spanwright_can_fail", paths)
    }

    fn needs_error(&self, paths: &Paths) -> TokenStream {
        self.of_error.iter().map(|word| body::needs_error(word, paths)).collect()
    }
}
