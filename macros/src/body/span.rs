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
    /// The type of its frame; in a plain function the span is current for the whole call.
    pub(super) fn ty(&self, is_plain: bool, paths: &Paths) -> TokenStream {
        let (private, words) =
            (paths.private(), room(self.pieces.iter().map(|it| it.values).sum()));
        frame_of(&quote_spanned!(Span::mixed_site()=> #words), is_plain, &private)
    }

    /// The beginning of the span in an inert frame.
    pub(super) fn open(&self, is_plain: bool, paths: &Paths) -> TokenStream {
        let (private, frame, callsite) = (paths.private(), frame(), &self.callsite);
        let begin = self.begin(is_plain, paths);
        let (ty, kept) = (frame_type(paths), self.kept(paths));
        let record = self.pieces.iter().map(|piece| piece.when.run((&ty, &frame), &piece.entry));
        let site = Span::mixed_site();
        // A parent from elsewhere is carried on also where nothing is recorded.
        let has_parent = self.pieces.iter().any(|piece| piece.parent.is_some());
        let is_enabled = if has_parent { "is_enabled_under" } else { "is_enabled" };
        let is_enabled = Ident::new(is_enabled, site);
        let run = expression::run_if(
            &quote_spanned!(site=> #private::#is_enabled(__spanwright_callsite)),
            &quote_spanned!(site=> #begin #(#record)*),
        );
        quote_spanned!(site=>
            let __spanwright_callsite: &'static #private::Callsite = #callsite;
            #kept
            #run
        )
    }

    // Output: let enabled: bool = cond; if enabled { Frame::enter(frame, callsite); }
    fn begin(&self, is_plain: bool, paths: &Paths) -> TokenStream {
        let (frame, ty, site) = (frame(), frame_type(paths), Span::mixed_site());
        let parent = self.pieces.iter().find_map(|piece| piece.parent.as_ref());
        let enabled = self.pieces.iter().find_map(|piece| piece.enabled.as_ref());
        let begin = match parent {
            None if is_plain => {
                quote_spanned!(site=> #ty::enter(#frame, __spanwright_callsite);)
            }
            None => quote_spanned!(site=> #ty::start(#frame, __spanwright_callsite);),
            Some(parent) => {
                let parent = parent_of(parent, paths);
                let method = if is_plain { "enter_under" } else { "start_under" };
                let method = Ident::new(method, site);
                quote_spanned!(site=> #ty::#method(#frame, __spanwright_callsite, #parent);)
            }
        };
        let begin = match enabled {
            None => begin,
            Some(enabled) => field::conditional(enabled, &begin, paths),
        };
        // A conversion into the parent may be code of the user's, whatever the expression is.
        let name = match (parent, enabled.filter(|it| !expression::is_plain(it))) {
            (None, None) => return begin,
            (Some(_), None) => "parent",
            (None, Some(_)) => "enabled",
            (Some(_), Some(_)) => "enabled` or `parent",
        };
        let private = paths.private();
        quote_spanned!(site=>
            #private::guard_argument(#name, __spanwright_callsite, || { #begin });
        )
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
        let (declare, begin) = (declare(is_plain, paths), self.begin(is_plain, paths));
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
pub(super) fn declare(is_plain: bool, paths: &Paths) -> TokenStream {
    let site = Span::mixed_site();
    let (frame, ty) = (frame(), frame_of(&quote_spanned!(site=> 0), is_plain, &paths.private()));
    quote_spanned!(site=> let #frame = &mut <#ty>::new();)
}

fn frame_of(words: &TokenStream, is_plain: bool, private: &TokenStream) -> TokenStream {
    let whole_call = is_plain.then(|| quote_spanned!(Span::mixed_site()=> , #private::WholeCall));
    quote_spanned!(Span::mixed_site()=> #private::Frame<#words #whole_call>)
}
