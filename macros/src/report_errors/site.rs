//! What is known of a report at compile time.
//!
//! In: where it is and what the attribute says. Out: a constant expression of type
//! `&'static Site`. Never: a value that changes from call to call.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};

use super::text::Texts;
use super::values::Values;
use crate::callsite::optional;
use crate::field::Field;
use crate::paths::Paths;

/// The static part of a report.
pub(super) struct Site<'a> {
    /// Where it is: a constant expression.
    pub(super) source: TokenStream,
    pub(super) values: &'a Values,
    /// How bad a failure is, if that is known: a constant expression.
    pub(super) severity: TokenStream,
    pub(super) texts: &'a Texts,
    pub(super) takes_panics: bool,
    pub(super) is_boundary: bool,
    /// Whether the span tells of the failure as an event.
    pub(super) has_event: bool,
}

impl Site<'_> {
    /// The site as a constant: a `const` block, see `callsite`.
    pub(super) fn tokens(&self, paths: &Paths) -> TokenStream {
        let Self { source, severity, takes_panics, is_boundary, has_event, .. } = self;
        let private = paths.private();
        let keys = self.values.each().map(|(field, _)| field.recorded_key());
        let uses = self.values.each().map(|(_, usage)| usage.tokens(&private));
        let text = |field: &Option<Field>| {
            optional(field.as_ref().map(|it| it.value.to_token_stream()).as_ref(), &private)
        };
        let Texts { title, fingerprint, context } = self.texts;
        let [title, fingerprint, context] = [title, fingerprint, context].map(text);
        quote_spanned!(Span::mixed_site()=> const {
            &#private::Site {
                source: #source,
                keys: &[#(#keys),*],
                uses: &[#(#uses),*],
                severity: #severity,
                title: #title,
                fingerprint: #fingerprint,
                context: #context,
                takes_panics: #takes_panics,
                is_boundary: #is_boundary,
                has_event: #has_event,
            }
        })
    }
}
