//! The only place that writes the path of the runtime.
//!
//! In: the `crate = path` argument, if any. Out: the paths that generated code starts with.
//! Never: a relative path, so that nothing in the user's scope can come between.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Path;

/// Where generated code finds the runtime.
pub(crate) struct Paths {
    root: TokenStream,
}

impl Paths {
    /// The runtime under its own name, or under the path that the user gave.
    pub(crate) fn new(root: Option<&Path>) -> Self {
        Self { root: root.map_or_else(|| quote!(::spanwright), |path| quote!(#path)) }
    }

    /// The module that exists for generated code.
    pub(crate) fn private(&self) -> TokenStream {
        let root = &self.root;
        quote_spanned!(Span::mixed_site()=> #root::__private)
    }
}
