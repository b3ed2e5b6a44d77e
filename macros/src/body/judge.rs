//! One look at the result, by its type, for all attributes.
//!
//! In: the pieces of the attributes, behind the body. Out: the statements that look.
//! Never: knows the shape of the function, but for whether the span is still current.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;

use super::pieces::{
    Described, Joined, ReportPieces, ResultPiece, ResultPieces, SpanPieces, frame, report,
};
use crate::field;
use crate::paths::Paths;

/// What each way of ending adds.
struct Ways {
    /// Before the result is taken apart.
    ret: TokenStream,
    ok: TokenStream,
    err: TokenStream,
    none: TokenStream,
}

impl Joined {
    /// The look, if anybody would learn of it; `is_current` is whether the span still is.
    pub(super) fn judge_if_open(&self, is_current: bool, paths: &Paths) -> TokenStream {
        let (site, judge) = (Span::mixed_site(), self.judge(is_current, paths));
        let conditions =
            [self.span.as_ref().map(|_| recording()), self.report.as_ref().map(|_| open())];
        let conditions = conditions.iter().flatten();
        quote_spanned!(site=> if #(#conditions)||* { #judge })
    }

    /// The look.
    pub(super) fn judge(&self, is_current: bool, paths: &Paths) -> TokenStream {
        let private = paths.private();
        let is_alone = self.span.is_none() || self.report.is_none();
        let span = self.span.as_ref().map(|it| it.ways(paths).under(is_alone, &recording()));
        let is_current = is_current || self.span.is_none();
        let report = self.report.as_ref().map(|it| it.ways(is_current, paths));
        let report = report.map(|it| it.under(is_alone, &open()));
        let all = || span.iter().chain(&report);
        let (ret, ok) = (all().map(|it| &it.ret), all().map(|it| &it.ok));
        let (err, none) = (all().map(|it| &it.err), all().map(|it| &it.none));
        let check = self.report.as_ref().map(|it| &it.check);
        quote_spanned!(Span::mixed_site()=>
            use #private::{
                ViaAsRef as _, ViaAsRefSend as _, ViaDebug as _, ViaDisplay as _, ViaError as _,
                ViaFallible as _, ViaNothing as _, ViaPlain as _,
            };
            #check
            #(#ret)*
            match (&&#private::Judge(&__spanwright_result)).split() {
                #private::Split::Ok(__spanwright_ok) => { #(#ok)* }
                #private::Split::Err(__spanwright_error) => { #(#err)* }
                #private::Split::None => { #(#none)* }
            }
        )
    }
}

impl Ways {
    /// The same, each asking `condition` first, unless it was asked for all of them.
    fn under(self, is_asked: bool, condition: &TokenStream) -> Self {
        let under = |statements: TokenStream| {
            if is_asked || statements.is_empty() {
                return statements;
            }
            quote_spanned!(Span::mixed_site()=> if #condition { #statements })
        };
        Self {
            ret: under(self.ret),
            ok: under(self.ok),
            err: under(self.err),
            none: under(self.none),
        }
    }
}

impl SpanPieces {
    fn ways(&self, paths: &Paths) -> Ways {
        let (private, frame, site) = (paths.private(), frame(), Span::mixed_site());
        let described = self.pieces.iter().find_map(|piece| piece.result.described);
        let probe = described.unwrap_or_default().probe(&private);
        let describe =
            field::guarded(&quote_spanned!(site=> (#probe).describe(&mut #frame);), paths);
        let err = self.section(|it| it.err.as_ref(), &quote_spanned!(site=> __spanwright_error));
        Ways {
            ret: self.section(|it| it.ret.as_ref(), &quote_spanned!(site=> &__spanwright_result)),
            ok: self.section(|it| it.ok.as_ref(), &quote_spanned!(site=> __spanwright_ok)),
            err: quote_spanned!(site=>
                #frame.set_outcome(#private::Outcome::Error);
                #describe
                #err
            ),
            none: quote_spanned!(site=> #frame.set_outcome(#private::Outcome::None);),
        }
    }

    /// What the attributes add for one of the ways that a call can end.
    fn section<'a>(
        &'a self,
        choose: impl Fn(&'a ResultPieces) -> Option<&'a ResultPiece>,
        value: &TokenStream,
    ) -> TokenStream {
        let with = |piece: &'a super::Pieces| {
            let statements = choose(&piece.result)?.with(value);
            Some(piece.when.run_recorded(&frame(), statements))
        };
        self.pieces.iter().filter_map(with).collect()
    }
}

impl ReportPieces {
    // Output: if asks(error, |err| ..) { let err = error; …; report.describe(error); }
    fn ways(&self, is_current: bool, paths: &Paths) -> Ways {
        let (private, report, site) = (paths.private(), report(), Span::mixed_site());
        let err = self.err.as_ref().map(|it| it.with(&quote_spanned!(site=> __spanwright_error)));
        let probe = Described::Best.probe(&private);
        let describe = quote_spanned!(site=> (#probe).describe(&mut #report););
        let describe = field::guarded(&in_span(is_current, describe, paths), paths);
        let statements = quote_spanned!(site=> #err #describe);
        let conditions = &self.conditions;
        let none = quote_spanned!(site=> #report.none(););
        let none = self.takes_none.then(|| in_span(is_current, none, paths));
        Ways {
            ret: TokenStream::new(),
            ok: TokenStream::new(),
            err: if conditions.is_empty() {
                statements
            } else {
                quote_spanned!(site=> if #(#conditions)&&* { #statements })
            },
            none: none.unwrap_or_default(),
        }
    }
}

/// The statement with the span current.
fn in_span(is_current: bool, statement: TokenStream, paths: &Paths) -> TokenStream {
    if is_current {
        return statement;
    }
    let (private, frame) = (paths.private(), frame());
    quote_spanned!(Span::mixed_site()=> #private::call_in(&mut #frame, || { #statement });)
}

/// Whether the span would keep what is recorded now.
fn recording() -> TokenStream {
    let frame = frame();
    quote_spanned!(Span::mixed_site()=> #frame.is_recording())
}

/// Whether a failure would be reported.
fn open() -> TokenStream {
    let report = report();
    quote_spanned!(Span::mixed_site()=> #report.is_open())
}
