//! Conditions of recording: what generated statements ask of a span before they run.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;

use crate::expression::run_if;

/// The condition of statements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum When {
    /// The span is recorded.
    Recorded,
    /// The span is a segment or a subsegment of X-Ray.
    InSegment,
}

impl When {
    /// The statements, asking `sink` first.
    ///
    /// `sink` is the path of the sink's type and the local that holds it.
    pub(crate) fn run(
        self,
        (ty, sink): (&TokenStream, &Ident),
        statements: &TokenStream,
    ) -> TokenStream {
        let site = Span::mixed_site();
        if statements.is_empty() {
            return TokenStream::new();
        }
        match self {
            Self::Recorded => run_if(&quote_spanned!(site=> #ty::is_recording(#sink)), statements),
            Self::InSegment => run_if(&quote_spanned!(site=> #ty::is_segment(#sink)), statements),
        }
    }

    /// The statements, where `sink` is known to record.
    pub(crate) fn run_recorded(
        self,
        sink: (&TokenStream, &Ident),
        statements: TokenStream,
    ) -> TokenStream {
        if self == Self::Recorded { statements } else { self.run(sink, &statements) }
    }
}
