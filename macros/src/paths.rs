//! The only place that writes the path of the runtime.
//!
//! In: the `crate = path` argument, if any. Out: the paths that generated code starts with.
//! Never: a relative path, so that nothing in the user's scope can come between.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::Path;

/// Where generated code finds the runtime.
pub(crate) struct Paths {
    given: Option<Path>,
}

impl Paths {
    /// The runtime under its own name, or under the path that the user gave.
    pub(crate) fn new(given: Option<Path>) -> Self {
        Self { given }
    }

    /// True if the user gave the path.
    pub(crate) fn is_given(&self) -> bool {
        self.given.is_some()
    }

    /// The module that exists for generated code.
    pub(crate) fn private(&self) -> TokenStream {
        self.private_at(Span::mixed_site())
    }

    /// The same, from a place of the user's: for macros that tell where they are called.
    pub(crate) fn private_at(&self, span: Span) -> TokenStream {
        let own = || quote_spanned!(span=> ::spanwright::__private);
        let under = |path| quote_spanned!(span=> #path::__private);
        self.given.as_ref().map_or_else(own, under)
    }
}
