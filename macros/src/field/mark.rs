//! What a key is to the destinations.
//!
//! In: where a field stands. Out: the runtime's word for it. Never: a rule, see `segment`.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::LitStr;

/// What a key is to the destinations.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Mark {
    /// An attribute of the span.
    Attribute,
    /// An attribute, and a value that X-Ray finds traces by.
    Annotated,
    /// A value that X-Ray finds traces by.
    Annotation,
    /// A value that X-Ray shows, in the namespace of this name.
    Metadata(String),
    /// A value of a report, which belongs to no span.
    Reported,
}

impl Mark {
    /// Whether X-Ray finds traces by it.
    pub(crate) fn is_searched(&self) -> bool {
        matches!(self, Self::Annotated | Self::Annotation)
    }

    /// Whether it is nothing to destinations that take spans.
    pub(crate) fn is_of_segment(&self) -> bool {
        matches!(self, Self::Annotation | Self::Metadata(_))
    }

    /// The advice for a value that is known late, where there is a way.
    pub(super) fn late<'a>(&self, advice: &'a str) -> &'a str {
        if *self == Self::Reported { "" } else { advice }
    }

    /// Whether keys of the two stand in one list, where each must be another.
    pub(super) fn is_beside(&self, other: &Self) -> bool {
        self == other || !self.is_of_segment() && !other.is_of_segment()
    }

    /// The list that values of this kind stand in.
    pub(super) fn list(&self) -> &'static str {
        match self {
            Self::Attribute | Self::Annotated => "fields",
            Self::Annotation => "annotations",
            Self::Metadata(_) => "metadata",
            Self::Reported => "custom",
        }
    }

    /// The variant of the runtime's type.
    pub(crate) fn tokens(&self, private: &TokenStream) -> TokenStream {
        let site = Span::mixed_site();
        match self {
            Self::Attribute | Self::Reported => {
                quote_spanned!(site=> #private::Mark::Attribute)
            }
            Self::Annotated => quote_spanned!(site=> #private::Mark::Annotated),
            Self::Annotation => quote_spanned!(site=> #private::Mark::Annotation),
            Self::Metadata(namespace) => {
                let namespace = LitStr::new(namespace, site);
                quote_spanned!(site=> #private::Mark::Metadata(#namespace))
            }
        }
    }
}
