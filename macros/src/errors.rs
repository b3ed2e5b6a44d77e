//! The mistakes found in one use of a macro.
//!
//! In: a place in the user's code and a sentence. Out: one `compile_error!` for each, all at once.
//! Never: stops at the first mistake, lets itself be forgotten.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

/// Every mistake found so far; must be asked with [`Errors::finish`].
#[derive(Default)]
pub(crate) struct Errors {
    found: Vec<syn::Error>,
    finished: bool,
}

impl Errors {
    /// Notes a mistake at one token.
    pub(crate) fn at(&mut self, span: Span, message: impl std::fmt::Display) {
        self.found.push(syn::Error::new(span, message));
    }

    /// Notes a mistake that covers all of `tokens`.
    pub(crate) fn on(&mut self, tokens: impl ToTokens, message: impl std::fmt::Display) {
        self.found.push(syn::Error::new_spanned(tokens, message));
    }

    /// Notes a mistake that the parser found.
    pub(crate) fn absorb(&mut self, error: syn::Error) {
        self.found.push(error);
    }

    /// The mistakes as code that does not compile; nothing when there are none.
    pub(crate) fn finish(mut self) -> Option<TokenStream> {
        self.finished = true;
        let all = std::mem::take(&mut self.found).into_iter();
        Some(all.map(|error| error.to_compile_error()).collect())
            .filter(|tokens: &TokenStream| !tokens.is_empty())
    }
}

impl Drop for Errors {
    fn drop(&mut self) {
        debug_assert!(self.finished || std::thread::panicking(), "mistakes were never reported");
    }
}
