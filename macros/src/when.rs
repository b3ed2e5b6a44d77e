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
    pub(crate) fn run(self, sink: &Ident, statements: &TokenStream) -> TokenStream {
        let site = Span::mixed_site();
        if statements.is_empty() {
            return TokenStream::new();
        }
        match self {
            Self::Recorded => run_if(&quote_spanned!(site=> #sink.is_recording()), statements),
            Self::InSegment => run_if(&quote_spanned!(site=> #sink.is_segment()), statements),
        }
    }

    /// The statements, where `sink` is known to record.
    pub(crate) fn run_recorded(self, sink: &Ident, statements: TokenStream) -> TokenStream {
        if self == Self::Recorded { statements } else { self.run(sink, &statements) }
    }
}
