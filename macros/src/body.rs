//! Something around a body, for every shape of function, written once for all attributes.
//!
//! In: a function and the pieces that attributes add to it. Out: the function to emit.
//! Never: looks into the body, changes its tokens, or tells a caller that something was added.
//!
//! ```text
//!              result not seen      result seen
//! plain        guard in scope       closure, called once
//! async        future wrapped       future wrapped
//! impl Future, boxed future         returned future wrapped, and boxed again where it was
//! ```

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Expr, Type, parse_quote};

use crate::expression;
use crate::field;
use crate::function::{self, Function, Output, Shape};
use crate::parameters;
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
    /// A reference to the value, as the user calls it.
    pub(crate) binding: Ident,
    pub(crate) statements: TokenStream,
}

/// The local that pieces record on.
pub(crate) fn frame() -> Ident {
    Ident::new("__spanwright_frame", Span::mixed_site())
}

/// The function with the pieces in it.
pub(crate) fn live(function: &Function, pieces: &Pieces, paths: &Paths) -> TokenStream {
    let writer = Writer { function, pieces, paths, private: paths.private() };
    writer.around(&writer.open(), &writer.close(), true)
}

/// The function as it was, and one statement that never runs but has the pieces type-checked.
// Input:  fields(user.id = user.id)
// Output: { if false { …; frame.record(0, &user.id); } { the body } }
pub(crate) fn dead(function: &Function, pieces: &Pieces, paths: &Paths) -> TokenStream {
    let writer = Writer { function, pieces, paths, private: paths.private() };
    let site = Span::mixed_site();
    let entry = writer.dead_entry();
    let Some(result) = writer.seen_result() else {
        return writer.function(
            &function.signature,
            &quote_spanned!(site=> if false { #entry }),
            &writer.body(),
        );
    };
    let (declare, judge) = (writer.declare(), writer.judge());
    if function::has_unnameable(&result) {
        let close = quote_spanned!(site=> if false { #declare #judge });
        return writer.around(&quote_spanned!(site=> if false { #entry }), &close, false);
    }
    let option = writer.option();
    let check = quote_spanned!(site=> if false {
        #entry
        if let #option::Some(__spanwright_result) = #option::None::<#result> { #declare #judge }
    });
    writer.function(&function.signature, &check, &writer.body())
}

struct Writer<'a> {
    function: &'a Function,
    pieces: &'a Pieces,
    paths: &'a Paths,
    private: TokenStream,
}

impl Writer<'_> {
    /// The pieces around the body, `open` before and `close` behind it.
    fn around(&self, open: &TokenStream, close: &TokenStream, wrap: bool) -> TokenStream {
        match self.function.shape() {
            Shape::Plain if self.is_guarded() => {
                self.function(&self.function.signature, open, &self.body())
            }
            Shape::Plain => self.plain(open, close),
            Shape::Async => self.asynchronous(open, close, wrap),
            Shape::Future { boxed } => self.future(open, close, wrap, boxed),
        }
    }

    /// A guard is enough when there is no result to look at; where `#[track_caller]` would be lost
    /// in a closure, it has to be.
    fn is_guarded(&self) -> bool {
        match self.function.output() {
            Output::Never => true,
            Output::Unit => self.pieces.result.is_empty(),
            Output::Value(_) => self.function.is_track_caller(),
        }
    }

    // Output: open; let result = call(move || -> R { body }); close; result
    fn plain(&self, open: &TokenStream, close: &TokenStream) -> TokenStream {
        let (private, returned) = (&self.private, self.function.returned());
        let moved = parameters::moved(&self.function.signature, &self.pieces.used);
        let body = self.inside(&moved.bindings);
        let call = quote_spanned!(Span::mixed_site()=>
            #open
            let __spanwright_result = #private::call(move || -> #returned #body);
            #close
        );
        self.function(
            &moved.signature,
            &call,
            &quote_spanned!(Span::mixed_site()=> __spanwright_result),
        )
    }

    // Output: open; let result = scoped(&mut frame, async move { body }).await; close; result
    fn asynchronous(&self, open: &TokenStream, close: &TokenStream, wrap: bool) -> TokenStream {
        let site = Span::mixed_site();
        let output = self.function.output();
        let (edge, quiet) = (self.return_edge(&output), self.quiet());
        let moved = parameters::moved(&self.function.signature, &self.pieces.used);
        let bindings = &moved.bindings;
        let body = self.inside(&quote_spanned!(site=> #edge #bindings));
        let awaited = self.awaited(&quote_spanned!(site=> async move #body), wrap);
        let (statements, tail) = match output {
            Output::Never => (open.clone(), quote_spanned!(site=> match #awaited {})),
            _ => (
                quote_spanned!(site=> #open #quiet let __spanwright_result = #awaited; #close),
                quote_spanned!(site=> __spanwright_result),
            ),
        };
        self.function(&moved.signature, &statements, &tail)
    }

    // Output: open; let future = call_in(&frame, move || body);
    //         async move { let result = scoped(&mut frame, future).await; close; result }
    fn future(
        &self,
        open: &TokenStream,
        close: &TokenStream,
        wrap: bool,
        boxed: bool,
    ) -> TokenStream {
        let site = Span::mixed_site();
        let (private, returned) = (&self.private, self.function.returned());
        let (edge, quiet) = (self.return_edge(&self.function.output()), self.quiet());
        let moved = parameters::moved(&self.function.signature, &self.pieces.used);
        let body = self.inside(&moved.bindings);
        let frame = frame();
        let carried = wrap.then(|| quote_spanned!(site=> let mut #frame = #frame;));
        let awaited = self.awaited(&quote_spanned!(site=> __spanwright_future), wrap);
        let wrapper = quote_spanned!(site=> #quiet let __spanwright_wrapper = async move {
            #carried
            #edge
            let __spanwright_result = #awaited;
            #close
            __spanwright_result
        };);
        let tail = if boxed {
            quote_spanned!(site=> #private::Box::pin(__spanwright_wrapper))
        } else {
            quote_spanned!(site=> __spanwright_wrapper)
        };
        let call = if wrap {
            quote_spanned!(site=> #private::call_in(&#frame, move || -> #returned #body))
        } else {
            quote_spanned!(site=> #private::call(move || -> #returned #body))
        };
        let statements = quote_spanned!(site=> #open let __spanwright_future = #call; #wrapper);
        self.function(&moved.signature, &statements, &tail)
    }

    /// The wrapped future, waited for.
    fn awaited(&self, future: &TokenStream, wrap: bool) -> TokenStream {
        let (private, frame) = (&self.private, frame());
        let site = Span::mixed_site();
        if wrap {
            quote_spanned!(site=> #private::scoped(&mut #frame, #future).await)
        } else {
            quote_spanned!(site=> #future.await)
        }
    }

    /// A `return` that never runs, so that the body's type is known before it is read and a wrong
    /// one is reported where the user wrote it.
    fn return_edge(&self, output: &Output) -> TokenStream {
        let private = &self.private;
        let site = Span::mixed_site();
        let ty: Type = match output {
            Output::Unit => parse_quote!(()),
            Output::Never => parse_quote!(#private::core::convert::Infallible),
            Output::Value(ty) => (**ty).clone(),
        };
        let option = self.option();
        quote_spanned!(site=> if false {
            if let #option::Some(__spanwright_never) = #option::None::<#ty> { return __spanwright_never; }
        })
    }

    /// Keeps clippy from a remark on our block where the user's function gives a future.
    fn quiet(&self) -> Option<TokenStream> {
        let is_value = matches!(self.function.output(), Output::Value(_));
        is_value.then(|| quote_spanned!(Span::mixed_site()=> #[allow(clippy::async_yields_async)]))
    }

    /// The frame, and how it begins.
    fn open(&self) -> TokenStream {
        let (private, frame) = (&self.private, frame());
        let Pieces { callsite, attributes, entry, .. } = self.pieces;
        let words = (attributes * 6).min(48);
        let begin = self.begin();
        let record = (!entry.is_empty())
            .then(|| quote_spanned!(Span::mixed_site()=> if #frame.is_recording() { #entry }));
        quote_spanned!(Span::mixed_site()=>
            let __spanwright_callsite: &'static #private::Callsite = #callsite;
            let mut #frame = #private::Frame::<#words>::new();
            if #private::is_enabled(__spanwright_callsite) { #begin #record }
        )
    }

    // Output: let enabled: bool = cond; if enabled { frame.enter(callsite); }
    fn begin(&self) -> TokenStream {
        let (frame, site) = (frame(), Span::mixed_site());
        let is_plain = self.function.shape() == Shape::Plain;
        let begin = match &self.pieces.parent {
            None if is_plain => quote_spanned!(site=> #frame.enter(__spanwright_callsite);),
            None => quote_spanned!(site=> #frame.start(__spanwright_callsite);),
            Some(parent) => {
                let parent = self.parent(parent);
                let method = if is_plain { "enter_under" } else { "start_under" };
                let method = Ident::new(method, site);
                quote_spanned!(site=> #frame.#method(__spanwright_callsite, #parent);)
            }
        };
        let begin = match &self.pieces.enabled {
            None => begin,
            Some(enabled) => field::conditional(enabled, &begin, self.paths),
        };
        let conditions = [&self.pieces.parent, &self.pieces.enabled];
        if conditions.into_iter().flatten().all(expression::is_plain) {
            return begin;
        }
        field::guarded(&begin, self.paths)
    }

    /// The parent as the runtime's type; a bare `None` names no type that it could be made from.
    fn parent(&self, parent: &Expr) -> TokenStream {
        let private = &self.private;
        let span = expression::first_span(parent).resolved_at(Span::mixed_site());
        match parent {
            Expr::Path(it) if it.path.is_ident("None") => {
                quote_spanned!(span=> #private::Parent::Root)
            }
            _ => quote_spanned!(span=> #private::Parent::from(#parent)),
        }
    }

    /// What happens behind the body.
    fn close(&self) -> TokenStream {
        let (site, frame) = (Span::mixed_site(), frame());
        let judge = match self.function.output() {
            Output::Unit if self.pieces.result.is_empty() => TokenStream::new(),
            _ => {
                let judge = self.judge();
                quote_spanned!(site=> if #frame.is_recording() { #judge })
            }
        };
        quote_spanned!(site=> #judge #frame.finish();)
    }

    /// One look at the result, by its type.
    fn judge(&self) -> TokenStream {
        let (private, frame, site) = (&self.private, frame(), Span::mixed_site());
        let ResultPieces { ok, err, ret, .. } = &self.pieces.result;
        let ret =
            ret.as_ref().map(|piece| piece.with(&quote_spanned!(site=> &__spanwright_result)));
        let ok = ok.as_ref().map(|piece| piece.with(&quote_spanned!(site=> __spanwright_ok)));
        let err = err.as_ref().map(|piece| piece.with(&quote_spanned!(site=> __spanwright_error)));
        let probe = self.pieces.result.described.probe(private);
        let describe =
            field::guarded(&quote_spanned!(site=> (#probe).describe(&mut #frame);), self.paths);
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

    fn option(&self) -> TokenStream {
        let private = &self.private;
        quote_spanned!(Span::mixed_site()=> #private::core::option::Option)
    }

    /// A frame for statements that never run.
    fn declare(&self) -> TokenStream {
        let (private, frame) = (&self.private, frame());
        quote_spanned!(Span::mixed_site()=> let mut #frame = #private::Frame::<0>::new();)
    }

    fn dead_entry(&self) -> TokenStream {
        let (private, callsite, entry) = (&self.private, &self.pieces.callsite, &self.pieces.entry);
        let (declare, begin) = (self.declare(), self.begin());
        quote_spanned!(Span::mixed_site()=>
            let __spanwright_callsite: &'static #private::Callsite = #callsite;
            #declare
            #begin
            #entry
        )
    }

    /// The type of the result if the user's expressions look at it.
    fn seen_result(&self) -> Option<Type> {
        if self.pieces.result.is_empty() {
            return None;
        }
        match self.function.output() {
            Output::Unit => Some(parse_quote!(())),
            Output::Never => None,
            Output::Value(ty) => Some(*ty),
        }
    }

    /// The body in the user's braces, as a block within another one.
    ///
    /// The empty statement at its top keeps `{ 3 }` from a remark on its braces; the braces cannot
    /// be ours, since their edition decides when temporaries are dropped.
    fn body(&self) -> TokenStream {
        let body = &self.function.body;
        let stream = body.stream();
        let mut group =
            Group::new(Delimiter::Brace, quote_spanned!(Span::mixed_site()=> ; #stream));
        group.set_span(body.span());
        quote!(#group)
    }

    /// The body behind `statements`; on its own when there are none.
    fn inside(&self, statements: &TokenStream) -> TokenStream {
        if statements.is_empty() {
            return self.function.body.to_token_stream();
        }
        let body = self.body();
        quote_spanned!(Span::mixed_site()=> { #statements #body })
    }

    fn function(
        &self,
        signature: &syn::Signature,
        statements: &TokenStream,
        tail: &TokenStream,
    ) -> TokenStream {
        let Function { attributes, visibility, inner_attributes, .. } = self.function;
        quote_spanned!(Span::mixed_site()=>
            #(#attributes)* #visibility #signature { #inner_attributes #statements #tail }
        )
    }
}

impl ResultPieces {
    fn is_empty(&self) -> bool {
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
        let Self { binding, statements } = self;
        // The second statement keeps a section that does not look at the value from a warning.
        quote_spanned!(Span::mixed_site()=> let #binding = #value; let _ = #binding; #statements)
    }
}
