//! What attributes add to a function, as statements before and behind a body.
//!
//! In: the parts that each attribute is made of. Out: how the frame begins, and one look at the
//! result. Never: knows the shape of the function, but for how a frame begins in it.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::Expr;

use crate::expression;
use crate::field;
use crate::paths::Paths;
use crate::when::When;

/// What one attribute adds to a function.
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

/// What all attributes of a function add to it.
pub(crate) struct Joined {
    /// What is known at compile time: a constant expression.
    pub(crate) callsite: TokenStream,
    /// The pieces of each attribute, in the order their statements run.
    pub(crate) pieces: Vec<Pieces>,
}

/// Statements that look at the result, each with the variable that the user's expressions name.
#[derive(Default)]
pub(crate) struct ResultPieces {
    pub(crate) ok: Option<ResultPiece>,
    pub(crate) err: Option<ResultPiece>,
    pub(crate) ret: Option<ResultPiece>,
    pub(crate) described: Option<Described>,
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

impl Joined {
    /// The frame, and how it begins.
    pub(super) fn open(&self, is_plain: bool, paths: &Paths) -> TokenStream {
        let (private, frame, callsite) = (paths.private(), frame(), &self.callsite);
        let live = self.pieces.iter().filter(|piece| piece.when != When::Never);
        let words = (live.map(|piece| piece.values).sum::<usize>() * 6).min(48);
        let begin = self.begin(is_plain, paths);
        let record = self.pieces.iter().map(|piece| piece.when.run(&frame, &piece.entry));
        quote_spanned!(Span::mixed_site()=>
            let __spanwright_callsite: &'static #private::Callsite = #callsite;
            let mut #frame = #private::Frame::<#words>::new();
            if #private::is_enabled(__spanwright_callsite) { #begin #(#record)* }
        )
    }

    /// Every expression of the user's.
    pub(super) fn used(&self) -> TokenStream {
        self.pieces.iter().map(|piece| piece.used.clone()).collect()
    }

    /// Whether statements look at the result.
    pub(super) fn sees_result(&self) -> bool {
        self.pieces.iter().any(|piece| !piece.result.is_empty())
    }

    // Output: let enabled: bool = cond; if enabled { frame.enter(callsite); }
    fn begin(&self, is_plain: bool, paths: &Paths) -> TokenStream {
        let (frame, site) = (frame(), Span::mixed_site());
        let parent = self.pieces.iter().find_map(|piece| piece.parent.as_ref());
        let enabled = self.pieces.iter().find_map(|piece| piece.enabled.as_ref());
        let begin = match parent {
            None if is_plain => quote_spanned!(site=> #frame.enter(__spanwright_callsite);),
            None => quote_spanned!(site=> #frame.start(__spanwright_callsite);),
            Some(parent) => {
                let parent = parent_of(parent, paths);
                let method = if is_plain { "enter_under" } else { "start_under" };
                let method = Ident::new(method, site);
                quote_spanned!(site=> #frame.#method(__spanwright_callsite, #parent);)
            }
        };
        let begin = match enabled {
            None => begin,
            Some(enabled) => field::conditional(enabled, &begin, paths),
        };
        if [parent, enabled].into_iter().flatten().all(expression::is_plain) {
            return begin;
        }
        field::guarded(&begin, paths)
    }

    /// One look at the result, by its type.
    pub(super) fn judge(&self, paths: &Paths) -> TokenStream {
        let (private, frame, site) = (paths.private(), frame(), Span::mixed_site());
        let ret = self.section(|it| it.ret.as_ref(), &quote_spanned!(site=> &__spanwright_result));
        let ok = self.section(|it| it.ok.as_ref(), &quote_spanned!(site=> __spanwright_ok));
        let err = self.section(|it| it.err.as_ref(), &quote_spanned!(site=> __spanwright_error));
        let described = self.pieces.iter().find_map(|piece| piece.result.described);
        let probe = described.unwrap_or_default().probe(&private);
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

    /// What the attributes add for one of the ways that a call can end.
    fn section<'a>(
        &'a self,
        choose: impl Fn(&'a ResultPieces) -> Option<&'a ResultPiece>,
        value: &TokenStream,
    ) -> TokenStream {
        let with = |piece: &'a Pieces| {
            let statements = choose(&piece.result)?.with(value);
            Some(piece.when.run_recorded(&frame(), statements))
        };
        self.pieces.iter().filter_map(with).collect()
    }

    /// The beginning for statements that never run.
    pub(super) fn dead_entry(&self, is_plain: bool, paths: &Paths) -> TokenStream {
        let (private, callsite) = (paths.private(), &self.callsite);
        let entries = self.pieces.iter().map(|piece| &piece.entry);
        let (declare, begin) = (declare(paths), self.begin(is_plain, paths));
        quote_spanned!(Span::mixed_site()=>
            let __spanwright_callsite: &'static #private::Callsite = #callsite;
            #declare
            #begin
            #(#entries)*
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
