//! What attributes add to a function, as statements before and behind a body.
//!
//! In: the parts that each attribute is made of. Out: what there is to begin and to finish.
//! Never: knows the shape of the function.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::Expr;

use crate::paths::Paths;
use crate::when::When;

/// What all attributes of a function add to it.
#[derive(Default)]
pub(crate) struct Joined {
    pub(crate) span: Option<SpanPieces>,
    pub(crate) report: Option<ReportPieces>,
}

/// A span around the function.
pub(crate) struct SpanPieces {
    /// What is known at compile time: a constant expression.
    pub(crate) callsite: TokenStream,
    /// The pieces of each attribute, in the order their statements run.
    pub(crate) pieces: Vec<Pieces>,
}

/// What one attribute adds to a span.
pub(crate) struct Pieces {
    /// When its statements run.
    pub(crate) when: When,
    /// How many values may be recorded.
    pub(crate) values: usize,
    /// Whether to record at all, asked at each call.
    pub(crate) enabled: Option<Expr>,
    /// The parent, if it is not the current span.
    pub(crate) parent: Option<Expr>,
    /// Statements that record what is known at the call.
    pub(crate) entry: TokenStream,
    /// Statements that look at the result, by what it turns out to be.
    pub(crate) result: ResultPieces,
    /// Every expression of the user's in the pieces.
    pub(crate) used: TokenStream,
}

/// A report of what fails.
pub(crate) struct ReportPieces {
    /// What is known at compile time: a constant expression.
    pub(crate) site: TokenStream,
    /// How many values may be recorded.
    pub(crate) values: usize,
    /// Statements that record what is known at the call.
    pub(crate) entry: TokenStream,
    /// What must hold of an error for it to be reported.
    pub(crate) conditions: Vec<TokenStream>,
    /// True if a condition of the user's decides instead of the class of the error.
    pub(crate) has_condition: bool,
    /// Statements that record what is known of an error.
    pub(crate) err: Option<ResultPiece>,
    /// Whether having nothing to return is a failure.
    pub(crate) takes_none: bool,
    /// What compiles only if the result can fail.
    pub(crate) check: TokenStream,
    /// Every expression of the user's that is worked out at the call.
    pub(crate) used: TokenStream,
}

/// Statements that look at the result, each with the variable that the user's expressions name.
#[derive(Default)]
pub(crate) struct ResultPieces {
    pub(crate) ok: Option<ResultPiece>,
    pub(crate) err: Option<ResultPiece>,
    pub(crate) ret: Option<ResultPiece>,
    /// The format of the error's message, if one is required.
    pub(crate) format: Option<Format>,
    /// The class that the attribute itself gives an error: an expression of type
    /// `Option<ErrorClass>`.
    pub(crate) class: Option<TokenStream>,
    /// The parameters that are used when the result is known, each at its first use.
    pub(crate) late: Vec<Ident>,
    /// Statements for an error that fails the span, and for no other.
    pub(crate) failure: TokenStream,
    /// Statements that compile only if the arguments fit the type of the result.
    pub(crate) check: TokenStream,
}

/// A format that a word of an attribute requires, at the place of the word.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Format {
    Display(Span),
    Debug(Span),
}

/// The statements of one section.
pub(crate) struct ResultPiece {
    /// What the user's expressions call a reference to the value; `None` without expressions.
    pub(crate) binding: Option<Ident>,
    pub(crate) statements: TokenStream,
}

/// The local that pieces of a span record on.
pub(crate) fn frame() -> Ident {
    Ident::new("__spanwright_frame", Span::mixed_site())
}

/// The local that pieces of a report record on.
pub(crate) fn report() -> Ident {
    Ident::new("__spanwright_report", Span::mixed_site())
}

/// The path of the frame's type. Its methods are called by this path: in the user's scope there may
/// be a trait with a method of any name for every type.
pub(crate) fn frame_type(paths: &Paths) -> TokenStream {
    let private = paths.private();
    quote_spanned!(Span::mixed_site()=> #private::Frame)
}

/// The path of the report's type, for the same reason.
pub(crate) fn report_type(paths: &Paths) -> TokenStream {
    let private = paths.private();
    quote_spanned!(Span::mixed_site()=> #private::Report)
}

/// The words of inline room for so many values.
pub(super) fn room(values: usize) -> usize {
    (values * 6).min(48)
}

impl Joined {
    /// Statements that begin the span and the report in inert locals.
    pub(super) fn open(&self, is_plain: bool, paths: &Paths) -> TokenStream {
        let span = self.span.as_ref().map(|it| it.open(is_plain, paths));
        let report = self.report.as_ref().map(|it| it.open(is_plain, paths));
        span.into_iter().chain(report).collect()
    }

    /// The beginnings for statements that never run.
    pub(super) fn dead_entry(&self, is_plain: bool, paths: &Paths) -> TokenStream {
        let span = self.span.as_ref().map(|it| it.dead_entry(is_plain, paths));
        let report = self.report.as_ref().map(|it| it.dead_entry(is_plain, paths));
        span.into_iter().chain(report).collect()
    }

    /// The locals for statements that never run.
    pub(super) fn declare(&self, is_plain: bool, paths: &Paths) -> TokenStream {
        let span = self.span.as_ref().map(|_| super::span::declare(is_plain, paths));
        let report = self.report.as_ref().map(|_| super::report::declare(paths));
        span.into_iter().chain(report).collect()
    }

    /// The locals, in the order they begin.
    fn locals(&self) -> Vec<Ident> {
        let span = self.span.as_ref().map(|_| frame());
        let report = self.report.as_ref().map(|_| report());
        span.into_iter().chain(report).collect()
    }

    /// The locals of a function that ends by itself: references to inert ones in its own stack.
    pub(super) fn inert(&self, paths: &Paths) -> TokenStream {
        let (locals, types) = (self.locals(), self.types(true, paths));
        quote_spanned!(Span::mixed_site()=> #(let #locals = &mut <#types>::new();)*)
    }

    /// The type that holds the span and the report of a future.
    pub(super) fn ty(&self, paths: &Paths) -> TokenStream {
        joined(&self.types(false, paths))
    }

    /// The pattern that takes a reference to that type apart into the locals.
    pub(super) fn pattern(&self) -> TokenStream {
        joined(&self.locals())
    }

    /// The types of what the locals refer to.
    fn types(&self, is_plain: bool, paths: &Paths) -> Vec<TokenStream> {
        let span = self.span.as_ref().map(|it| it.ty(is_plain, paths));
        let report = self.report.as_ref().map(|it| it.ty(paths));
        span.into_iter().chain(report).collect()
    }

    /// How each of the locals ends, the last one first.
    pub(super) fn finish(&self, paths: &Paths) -> TokenStream {
        let (site, frame, report) = (Span::mixed_site(), frame(), report());
        let (frame_type, report_type) = (frame_type(paths), report_type(paths));
        let close =
            self.report.as_ref().map(|_| quote_spanned!(site=> #report_type::close(#report);));
        let finish =
            self.span.as_ref().map(|_| quote_spanned!(site=> #frame_type::finish(#frame);));
        close.into_iter().chain(finish).collect()
    }

    /// Every expression of the user's that needs the parameters.
    pub(super) fn used(&self) -> TokenStream {
        let span = self.span.iter().flat_map(|it| &it.pieces).map(|piece| &piece.used);
        span.chain(self.report.iter().map(|it| &it.used)).cloned().collect()
    }

    /// The first use of a parameter when the result is known.
    pub(super) fn late(&self) -> Option<Span> {
        let late = self.span.iter().flat_map(SpanPieces::late);
        late.map(|it| it.span().resolved_at(Span::mixed_site())).next()
    }

    /// Whether statements of the user's look at the result, or its type.
    pub(super) fn sees_result(&self) -> bool {
        let mut pieces = self.span.iter().flat_map(|it| &it.pieces);
        pieces.any(|piece| !piece.result.is_empty())
            || self.report.as_ref().is_some_and(ReportPieces::sees_result)
    }
}

/// One of them alone, or both as a tuple.
fn joined(parts: &[impl ToTokens]) -> TokenStream {
    match parts {
        [part] => part.to_token_stream(),
        parts => quote_spanned!(Span::mixed_site()=> (#(#parts),*)),
    }
}

impl ReportPieces {
    fn sees_result(&self) -> bool {
        !self.conditions.is_empty() || self.err.is_some() || !self.check.is_empty()
    }
}

impl ResultPieces {
    fn is_empty(&self) -> bool {
        self.ok.is_none() && self.err.is_none() && self.ret.is_none() && self.check.is_empty()
    }
}

impl Format {
    /// The error behind as many `&` as the traits of the format need, see `span::outcome`; without
    /// a format, the best that its type offers.
    pub(super) fn probe(format: Option<Self>, private: &TokenStream) -> TokenStream {
        let site = Span::mixed_site();
        match format {
            None => quote_spanned!(site=> &&&&&&&#private::ErrorProbe(__spanwright_error)),
            Some(Self::Display(_)) => {
                quote_spanned!(site=> &&&#private::ErrorProbe(__spanwright_error))
            }
            Some(Self::Debug(_)) => {
                quote_spanned!(site=> &&#private::ErrorProbe(__spanwright_error))
            }
        }
    }

    /// A statement that compiles only for errors that can be formatted this way.
    pub(super) fn check(self, paths: &Paths) -> TokenStream {
        let error = Ident::new("__spanwright_error", Span::mixed_site());
        let formatted = self.formatted(&error, paths);
        quote_spanned!(Span::mixed_site()=> let _ = #formatted;)
    }

    /// A reference to `value` as something that formats this way, at the word that requires it.
    pub(crate) fn formatted(self, value: &Ident, paths: &Paths) -> TokenStream {
        let (place, function) = match self {
            Self::Display(place) => (place, "as_display"),
            Self::Debug(place) => (place, "as_debug"),
        };
        let place = place.resolved_at(Span::mixed_site());
        let (placed, function) = (paths.private_at(place), Ident::new(function, place));
        let mut value = value.clone();
        value.set_span(place);
        quote_spanned!(place=> #placed::#function(#value))
    }
}

impl ResultPiece {
    pub(super) fn with(&self, value: &TokenStream) -> TokenStream {
        let statements = &self.statements;
        let site = Span::mixed_site();
        let binding = self.binding.as_ref().map(|binding| {
            // The second statement keeps fields that do not look at the value from a warning.
            quote_spanned!(site=> let #binding = #value; let _ = #binding;)
        });
        quote_spanned!(site=> #binding #statements)
    }
}
