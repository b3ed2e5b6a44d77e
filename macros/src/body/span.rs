//! How a span begins around a body.
//!
//! In: the pieces of the attributes that record on it. Out: statements before the body.
//! Never: looks at the result.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::Expr;

use super::pieces::{SpanPieces, frame, frame_type, room};
use crate::expression;
use crate::field;
use crate::paths::Paths;

impl SpanPieces {
    /// The frame, and how it begins.
    pub(super) fn open(&self, is_plain: bool, paths: &Paths) -> TokenStream {
        let (private, frame, callsite) = (paths.private(), frame(), &self.callsite);
        let words = room(self.pieces.iter().map(|piece| piece.values).sum());
        let begin = self.begin(is_plain, paths);
        let (ty, kept) = (frame_type(paths), self.kept(paths));
        let record = self.pieces.iter().map(|piece| piece.when.run((&ty, &frame), &piece.entry));
        let site = Span::mixed_site();
        let run = expression::run_if(
            &quote_spanned!(site=> #private::is_enabled(__spanwright_callsite)),
            &quote_spanned!(site=> #begin #(#record)*),
        );
        quote_spanned!(site=>
            let __spanwright_callsite: &'static #private::Callsite = #callsite;
            #kept
            let mut #frame = #private::Frame::<#words>::new();
            #run
        )
    }

    // Output: let enabled: bool = cond; if enabled { Frame::enter(&mut frame, callsite); }
    fn begin(&self, is_plain: bool, paths: &Paths) -> TokenStream {
        let (frame, ty, site) = (frame(), frame_type(paths), Span::mixed_site());
        let parent = self.pieces.iter().find_map(|piece| piece.parent.as_ref());
        let enabled = self.pieces.iter().find_map(|piece| piece.enabled.as_ref());
        let begin = match parent {
            None if is_plain => {
                quote_spanned!(site=> #ty::enter(&mut #frame, __spanwright_callsite);)
            }
            None => quote_spanned!(site=> #ty::start(&mut #frame, __spanwright_callsite);),
            Some(parent) => {
                let parent = parent_of(parent, paths);
                let method = if is_plain { "enter_under" } else { "start_under" };
                let method = Ident::new(method, site);
                quote_spanned!(site=> #ty::#method(&mut #frame, __spanwright_callsite, #parent);)
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

    /// The parameters that are used when the result is known.
    pub(super) fn late(&self) -> impl Iterator<Item = &Ident> {
        self.pieces.iter().flat_map(|it| &it.result.late)
    }

    /// Statements that compile only if those parameters outlive the body.
    fn kept(&self, paths: &Paths) -> Option<TokenStream> {
        let kept = self.late().map(|parameter| {
            let place = parameter.span().resolved_at(Span::mixed_site());
            let placed = paths.private_at(place);
            quote_spanned!(place=> #placed::outlives_body(&#parameter);)
        });
        let kept: TokenStream = kept.collect();
        (!kept.is_empty()).then(|| quote_spanned!(Span::mixed_site()=> if false { #kept }))
    }

    /// The beginning for statements that never run.
    pub(super) fn dead_entry(&self, is_plain: bool, paths: &Paths) -> TokenStream {
        let (private, callsite) = (paths.private(), &self.callsite);
        let kept = self.kept(paths);
        let entries = self.pieces.iter().map(|piece| &piece.entry);
        let (declare, begin) = (declare(paths), self.begin(is_plain, paths));
        quote_spanned!(Span::mixed_site()=>
            let __spanwright_callsite: &'static #private::Callsite = #callsite;
            #declare
            #kept
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
