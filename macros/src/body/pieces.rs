//! What attributes add to a function, as statements before and behind a body.
//!
//! In: the parts that an attribute is made of. Out: how the frame begins, and one look at the
//! result. Never: knows the shape of the function, but for how a frame begins in it.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::Expr;

use crate::expression;
use crate::field;
use crate::paths::Paths;

/// What attributes add to a function.
pub(crate) struct Pieces {
    /// What is known at compile time: a constant expression.
    pub(crate) callsite: TokenStream,
    /// How many attributes may be recorded.
    pub(crate) attributes: usize,
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

/// Statements that look at the result, each with the variable that the user's expressions name.
#[derive(Default)]
pub(crate) struct ResultPieces {
    pub(crate) ok: Option<ResultPiece>,
    pub(crate) err: Option<ResultPiece>,
    pub(crate) ret: Option<ResultPiece>,
    pub(crate) described: Described,
}

/// Which way an error is described.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Described {
    /// The best that its type offers.
    #[default]
    Best,
    /// As it formats for users.
    Display,
    /// As it formats for programmers.
    Debug,
}

/// The statements of one section.
pub(crate) struct ResultPiece {
    /// What the user's expressions call a reference to the value; `None` without expressions.
    pub(crate) binding: Option<Ident>,
    pub(crate) statements: TokenStream,
}

/// The local that pieces record on.
pub(crate) fn frame() -> Ident {
    Ident::new("__spanwright_frame", Span::mixed_site())
}

impl Pieces {
    /// The frame, and how it begins.
    pub(super) fn open(&self, is_plain: bool, paths: &Paths) -> TokenStream {
        let (private, frame) = (paths.private(), frame());
        let Self { callsite, attributes, entry, .. } = self;
        let words = (attributes * 6).min(48);
        let begin = self.begin(is_plain, paths);
        let record = (!entry.is_empty())
            .then(|| quote_spanned!(Span::mixed_site()=> if #frame.is_recording() { #entry }));
        quote_spanned!(Span::mixed_site()=>
            let __spanwright_callsite: &'static #private::Callsite = #callsite;
            let mut #frame = #private::Frame::<#words>::new();
            if #private::is_enabled(__spanwright_callsite) { #begin #record }
        )
    }

    // Output: let enabled: bool = cond; if enabled { frame.enter(callsite); }
    fn begin(&self, is_plain: bool, paths: &Paths) -> TokenStream {
        let (frame, site) = (frame(), Span::mixed_site());
        let begin = match &self.parent {
            None if is_plain => quote_spanned!(site=> #frame.enter(__spanwright_callsite);),
            None => quote_spanned!(site=> #frame.start(__spanwright_callsite);),
            Some(parent) => {
                let parent = parent_of(parent, paths);
                let method = if is_plain { "enter_under" } else { "start_under" };
                let method = Ident::new(method, site);
                quote_spanned!(site=> #frame.#method(__spanwright_callsite, #parent);)
            }
        };
        let begin = match &self.enabled {
            None => begin,
            Some(enabled) => field::conditional(enabled, &begin, paths),
        };
        let conditions = [&self.parent, &self.enabled];
        if conditions.into_iter().flatten().all(expression::is_plain) {
            return begin;
        }
        field::guarded(&begin, paths)
    }

    /// One look at the result, by its type.
    pub(super) fn judge(&self, paths: &Paths) -> TokenStream {
        let (private, frame, site) = (paths.private(), frame(), Span::mixed_site());
        let ResultPieces { ok, err, ret, .. } = &self.result;
        let ret =
            ret.as_ref().map(|piece| piece.with(&quote_spanned!(site=> &__spanwright_result)));
        let ok = ok.as_ref().map(|piece| piece.with(&quote_spanned!(site=> __spanwright_ok)));
        let err = err.as_ref().map(|piece| piece.with(&quote_spanned!(site=> __spanwright_error)));
        let probe = self.result.described.probe(&private);
        let describe =
            field::guarded(&quote_spanned!(site=> (#probe).describe(&mut #frame);), paths);
        quote_spanned!(site=>
            use #private::{
                ViaAsRef as _, ViaAsRefSend as _, ViaDebug as _, ViaDisplay as _, ViaError as _,
                ViaFallible as _, ViaNothing as _, ViaPlain as _,
            };
            #ret
            match (&&#private::Judge(&__spanwright_result)).split() {
                #private::Split::Ok(__spanwright_ok) => { #ok }
                #private::Split::Err(__spanwright_error) => {
                    #frame.set_outcome(#private::Outcome::Error);
                    #describe
                    #err
                }
                #private::Split::None => #frame.set_outcome(#private::Outcome::None),
            }
        )
    }

    /// The beginning for statements that never run.
    pub(super) fn dead_entry(&self, is_plain: bool, paths: &Paths) -> TokenStream {
        let (private, callsite, entry) = (paths.private(), &self.callsite, &self.entry);
        let (declare, begin) = (declare(paths), self.begin(is_plain, paths));
        quote_spanned!(Span::mixed_site()=>
            let __spanwright_callsite: &'static #private::Callsite = #callsite;
            #declare
            #begin
            #entry
        )
    }
}

/// The parent as the runtime's type; a bare `None` names no type that it could be made from.
fn parent_of(parent: &Expr, paths: &Paths) -> TokenStream {
    let (private, site) = (paths.private(), Span::mixed_site());
    match parent {
        Expr::Path(it) if it.path.is_ident("None") => {
            quote_spanned!(site=> #private::Parent::Root)
        }
        _ => {
            quote_spanned!(site=> #private::core::convert::Into::<#private::Parent>::into(#parent))
        }
    }
}

/// A frame for statements that never run.
pub(super) fn declare(paths: &Paths) -> TokenStream {
    let (private, frame) = (paths.private(), frame());
    quote_spanned!(Span::mixed_site()=> let mut #frame = #private::Frame::<0>::new();)
}

impl ResultPieces {
    pub(super) fn is_empty(&self) -> bool {
        self.ok.is_none() && self.err.is_none() && self.ret.is_none()
    }
}

impl Described {
    /// The error behind as many `&` as the traits of the way need, see `span::outcome`.
    fn probe(self, private: &TokenStream) -> TokenStream {
        let site = Span::mixed_site();
        match self {
            Self::Best => quote_spanned!(site=> &&&&&&#private::ErrorProbe(__spanwright_error)),
            Self::Display => quote_spanned!(site=> &&&#private::ErrorProbe(__spanwright_error)),
            Self::Debug => quote_spanned!(site=> &&#private::ErrorProbe(__spanwright_error)),
        }
    }
}

impl ResultPiece {
    fn with(&self, value: &TokenStream) -> TokenStream {
        let statements = &self.statements;
        let site = Span::mixed_site();
        let binding = self.binding.as_ref().map(|binding| {
            // The second statement keeps fields that do not look at the value from a warning.
            quote_spanned!(site=> let #binding = #value; let _ = #binding;)
        });
        quote_spanned!(site=> #binding #statements)
    }
}
