//! One look at the result, by its type, for all attributes.
//!
//! In: the pieces of the attributes, behind the body. Out: the statements that look.
//! Never: knows the shape of the function, but for whether the span is still current.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;

use super::pieces::{
    Format, Joined, ReportPieces, ResultPiece, ResultPieces, SpanPieces, frame, frame_type, report,
    report_type,
};
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
    /// The look, if the span or the report is open.
    pub(super) fn judge_if_open(
        &self,
        is_current: bool,
        value: Option<Span>,
        paths: &Paths,
    ) -> TokenStream {
        let (site, judge) = (Span::mixed_site(), self.judge(is_current, value, paths));
        let conditions = [
            self.span.as_ref().map(|_| recording(paths)),
            self.report.as_ref().map(|_| open(paths)),
        ];
        let conditions = conditions.iter().flatten();
        quote_spanned!(site=> if #(#conditions)||* { #judge })
    }

    /// The look; `is_current` is true if the span is still current, `value` the place of a returned
    /// type that must not be a future.
    pub(super) fn judge(
        &self,
        is_current: bool,
        value: Option<Span>,
        paths: &Paths,
    ) -> TokenStream {
        let private = paths.private();
        let split = split(value, paths);
        let is_alone = self.span.is_none() || self.report.is_none();
        let span = self.span.as_ref().map(|it| it.ways(paths).under(is_alone, &recording(paths)));
        let is_current = is_current || self.span.is_none();
        let report = self.report.as_ref().map(|it| it.ways(is_current, paths));
        let report = report.map(|it| it.under(is_alone, &open(paths)));
        let all = || span.iter().chain(&report);
        let (ret, ok) = (all().map(|it| &it.ret), all().map(|it| &it.ok));
        let (err, none) = (all().map(|it| &it.err), all().map(|it| &it.none));
        let pieces = self.span.iter().flat_map(|it| &it.pieces);
        let checks =
            pieces.map(|it| &it.result.check).chain(self.report.iter().map(|it| &it.check));
        let checks: TokenStream = checks.cloned().collect();
        let checks = (!checks.is_empty()).then(|| {
            quote_spanned!(Span::mixed_site()=>
                use #private::{ViaAny as _, ViaOption as _, ViaResult as _};
                #checks
            )
        });
        quote_spanned!(Span::mixed_site()=>
            use #private::{
                ViaAsRef as _, ViaAsRefSend as _, ViaClass as _, ViaDebug as _, ViaDeref as _,
                ViaDisplay as _, ViaError as _, ViaFallible as _, ViaNoClass as _, ViaNothing as _,
                ViaPlain as _,
            };
            #checks
            #(#ret)*
            match #split {
                #private::Split::Ok(__spanwright_ok) => { #(#ok)* }
                #private::Split::Err(__spanwright_error) => {
                    let __spanwright_class =
                        (&&#private::ErrorProbe(__spanwright_error)).__spanwright_class();
                    #(#err)*
                }
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
        let ty = frame_type(paths);
        let format = self.pieces.iter().find_map(|piece| piece.result.format);
        let probe = Format::probe(format, &private);
        let check = format.map(|format| format.check(paths));
        let describe = quote_spanned!(site=> (#probe).__spanwright_describe(#frame););
        let describe = guarded(&describe, paths);
        let failure: TokenStream = self.pieces.iter().map(|it| it.result.failure.clone()).collect();
        let class = quote_spanned!(site=> __spanwright_class);
        // A subsegment alone has the class that its attribute gives; beside another attribute, only
        // the segment has it.
        let own = self.pieces.iter().find_map(|it| Some((it, it.result.class.as_ref()?)));
        let (class, own) = match own {
            None => (class, TokenStream::new()),
            Some((_, own)) if self.pieces.len() == 1 => (
                quote_spanned!(site=> #private::core::option::Option::or(#own, #class)),
                TokenStream::new(),
            ),
            Some((piece, own)) => (
                class,
                piece.when.run_recorded(
                    (&ty, &frame),
                    quote_spanned!(site=>
                        if let #private::core::option::Option::Some(__spanwright_own) = #own {
                            #ty::set_error_class(#frame, __spanwright_own);
                        }
                    ),
                ),
            ),
        };
        let section = |choose: fn(&ResultPieces) -> Option<&ResultPiece>, value| {
            self.section(choose, &value, paths)
        };
        let err = section(|it| it.err.as_ref(), quote_spanned!(site=> __spanwright_error));
        Ways {
            ret: section(|it| it.ret.as_ref(), quote_spanned!(site=> &__spanwright_result)),
            ok: section(|it| it.ok.as_ref(), quote_spanned!(site=> __spanwright_ok)),
            err: quote_spanned!(site=>
                #check
                if #ty::fail(#frame, #class) { #describe #failure }
                #own
                #err
            ),
            none: quote_spanned!(site=> #ty::set_outcome(#frame, #private::Outcome::None);),
        }
    }

    /// What the attributes add for one of the ways that a call can end.
    fn section<'a>(
        &'a self,
        choose: impl Fn(&'a ResultPieces) -> Option<&'a ResultPiece>,
        value: &TokenStream,
        paths: &Paths,
    ) -> TokenStream {
        let ty = frame_type(paths);
        let with = |piece: &'a super::Pieces| {
            let statements = choose(&piece.result)?.with(value);
            Some(piece.when.run_recorded((&ty, &frame()), statements))
        };
        self.pieces.iter().filter_map(with).collect()
    }
}

impl ReportPieces {
    // Output: if asks(error, |err| ..) { let err = error; …; describe error to report }
    fn ways(&self, is_current: bool, paths: &Paths) -> Ways {
        let (private, report, site) = (paths.private(), report(), Span::mixed_site());
        let err = self.err.as_ref().map(|it| it.with(&quote_spanned!(site=> __spanwright_error)));
        let probe = Format::probe(None, &private);
        let describe = quote_spanned!(site=> (#probe).__spanwright_describe(#report););
        // A panic of the error's own is caught before the span notices it.
        let describe = in_span(is_current, guarded(&describe, paths), paths);
        let statements = quote_spanned!(site=> #err #describe);
        let Self { conditions, has_condition, .. } = self;
        let ty = report_type(paths);
        let none = quote_spanned!(site=> #ty::none(#report););
        let none = self.takes_none.then(|| in_span(is_current, none, paths));
        Ways {
            ret: TokenStream::new(),
            ok: TokenStream::new(),
            err: quote_spanned!(site=>
                if #private::is_reported(__spanwright_class, #has_condition) #(&& #conditions)* {
                    #statements
                }
            ),
            none: none.unwrap_or_default(),
        }
    }
}

/// The result taken apart by its type.
fn split(value: Option<Span>, paths: &Paths) -> TokenStream {
    let place = value.unwrap_or_else(Span::mixed_site);
    let (placed, judge) =
        (paths.private_at(place), if value.is_some() { "ValueJudge" } else { "Judge" });
    let judge = Ident::new(judge, place);
    quote_spanned!(place=> (&&#placed::#judge(&__spanwright_result)).__spanwright_split())
}

/// A statement that compiles only if the result, whose type is named at `place`, is no future.
pub(super) fn check_value(place: Span, paths: &Paths) -> TokenStream {
    let (private, split) = (paths.private(), split(Some(place), paths));
    quote_spanned!(Span::mixed_site()=>
        use #private::{ViaFallible as _, ViaPlain as _};
        let _ = #split;
    )
}

/// A statement that compiles only if the result's type has what `method` checks, reported at `place`.
pub(crate) fn check(place: Span, method: &str, paths: &Paths) -> TokenStream {
    let (method, placed) = (Ident::new(method, place), paths.private_at(place));
    quote_spanned!(place=> (&&#placed::ResultProbe(&__spanwright_result)).#method();)
}

/// The statement that describes an error, whose type may convert it by code of the user's.
fn guarded(describe: &TokenStream, paths: &Paths) -> TokenStream {
    let private = paths.private();
    quote_spanned!(Span::mixed_site()=> #private::guard_description(|| { #describe });)
}

/// The statement with the span current.
fn in_span(is_current: bool, statement: TokenStream, paths: &Paths) -> TokenStream {
    if is_current {
        return statement;
    }
    let (private, frame) = (paths.private(), frame());
    quote_spanned!(Span::mixed_site()=> #private::call_in(#frame, || { #statement });)
}

/// Whether the span would keep what is recorded now.
fn recording(paths: &Paths) -> TokenStream {
    let (frame, ty) = (frame(), frame_type(paths));
    quote_spanned!(Span::mixed_site()=> #ty::is_recording(#frame))
}

/// Whether a failure would be reported.
fn open(paths: &Paths) -> TokenStream {
    let (report, ty) = (report(), report_type(paths));
    quote_spanned!(Span::mixed_site()=> #ty::is_open(#report))
}
