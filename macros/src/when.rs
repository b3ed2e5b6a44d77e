//! When statements of ours run: what the features decide now, and what is asked of a span then.
//!
//! In: statements. Out: the statements under their condition.
//! Never: drops statements, so that the compiler checks them in any case.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;

use crate::Mode;

/// When statements run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum When {
    /// When anybody records the span.
    Recorded,
    /// When X-Ray does.
    InSegment,
    /// Never, since nobody who could is compiled in.
    Never,
}

impl When {
    /// For what only X-Ray wants.
    pub(crate) fn in_segment(mode: Mode) -> Self {
        if mode.segments { Self::InSegment } else { Self::Never }
    }

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
            Self::Recorded => quote_spanned!(site=> if #ty::is_recording(&#sink) { #statements }),
            Self::InSegment => quote_spanned!(site=> if #ty::is_segment(&#sink) { #statements }),
            Self::Never => quote_spanned!(site=> if false { #statements }),
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
