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

mod judge;
mod pieces;
mod report;
mod span;

use proc_macro2::{Delimiter, Group, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Ident, Type, parse_quote};

use crate::errors::Errors;
use crate::function::{self, Function, Output, Shape};
use crate::parameters;
use crate::paths::Paths;
pub(crate) use judge::check;
pub(crate) use pieces::{
    Described, Joined, Pieces, ReportPieces, ResultPiece, ResultPieces, SpanPieces, frame, report,
    report_type,
};

/// The function with the pieces in it: those of `live` run, those of `dead` are type-checked.
pub(crate) fn expand(
    function: &Function,
    live: &Joined,
    dead: &Joined,
    paths: &Paths,
) -> TokenStream {
    let writer = Writer { function, live, dead, paths, private: paths.private() };
    if live.is_empty() {
        return writer.unrecorded();
    }
    writer.around(&writer.open(), &writer.close())
}

struct Writer<'a> {
    function: &'a Function,
    live: &'a Joined,
    dead: &'a Joined,
    paths: &'a Paths,
    private: TokenStream,
}

impl Writer<'_> {
    /// The function as it was, and one statement that never runs but has the pieces type-checked.
    // Input:  fields(user.id = user.id)
    // Output: { if false { …; frame.record(0, &user.id); } { the body } }
    fn unrecorded(&self) -> TokenStream {
        let site = Span::mixed_site();
        let entry = self.dead.dead_entry(self.is_plain(), self.paths);
        let Some(result) = self.seen_result() else {
            return self.function(
                &self.function.signature,
                &quote_spanned!(site=> if false { #entry }),
                &self.body(),
            );
        };
        let judge = self.unjudged();
        if function::has_unnameable(&result) {
            let close = quote_spanned!(site=> if false { #judge });
            return self.around(&quote_spanned!(site=> if false { #entry }), &close);
        }
        let option = self.option();
        let check = quote_spanned!(site=> if false {
            #entry
            if let #option::Some(__spanwright_result) = #option::None::<#result> { #judge }
        });
        self.function(&self.function.signature, &check, &self.body())
    }

    /// The look at the result of the pieces that never run.
    fn unjudged(&self) -> TokenStream {
        let declare = self.dead.declare(self.paths);
        let judge = self.dead.judge(true, self.paths);
        quote_spanned!(Span::mixed_site()=> #declare #judge)
    }

    /// The pieces around the body, `open` before and `close` behind it.
    fn around(&self, open: &TokenStream, close: &TokenStream) -> TokenStream {
        match self.function.shape() {
            Shape::Plain if self.is_guarded() => {
                self.function(&self.function.signature, open, &self.body())
            }
            Shape::Plain => self.plain(open, close),
            Shape::Async => self.asynchronous(open, close),
            Shape::Future { boxed } => self.future(open, close, boxed),
        }
    }

    /// What needs the parameters outside of the body: the user's expressions, and attributes that
    /// expand after ours.
    fn used(&self) -> TokenStream {
        let others = self.function.attributes.iter().filter(|it| !it.path().is_ident("doc"));
        let others = others.map(|attribute| attribute.meta.to_token_stream());
        others.chain([self.live.used(), self.dead.used()]).collect()
    }

    fn is_plain(&self) -> bool {
        self.function.shape() == Shape::Plain
    }

    fn sees_result(&self) -> bool {
        self.live.sees_result() || self.dead.sees_result()
    }

    /// A guard is enough when there is no result to look at; where `#[track_caller]` would be lost
    /// in a closure, it has to be.
    fn is_guarded(&self) -> bool {
        match self.function.output() {
            Output::Never => true,
            Output::Unit => !self.sees_result(),
            Output::Value(_) => self.function.is_track_caller(),
        }
    }

    // Output: open; let result = call(move || -> R { body }); close; result
    fn plain(&self, open: &TokenStream, close: &TokenStream) -> TokenStream {
        let (private, returned) = (&self.private, self.function.returned());
        let moved = parameters::moved(&self.function.signature, &self.used());
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
    fn asynchronous(&self, open: &TokenStream, close: &TokenStream) -> TokenStream {
        let site = Span::mixed_site();
        let output = self.function.output();
        let (edge, quiet) = (self.return_edge(&output), self.quiet());
        let moved = parameters::moved(&self.function.signature, &self.used());
        let bindings = &moved.bindings;
        let body = self.inside(&quote_spanned!(site=> #edge #bindings));
        let awaited = self.awaited(&quote_spanned!(site=> async move #body));
        let (statements, tail) = match output {
            Output::Never => (open.clone(), quote_spanned!(site=> { match #awaited {} })),
            _ => (
                quote_spanned!(site=> #open #quiet let __spanwright_result = #awaited; #close),
                quote_spanned!(site=> __spanwright_result),
            ),
        };
        self.function(&moved.signature, &statements, &tail)
    }

    // Output: open; let future = call_in(&frame, move || body);
    //         async move { let result = scoped(&mut frame, future).await; close; result }
    fn future(&self, open: &TokenStream, close: &TokenStream, boxed: bool) -> TokenStream {
        let site = Span::mixed_site();
        let (private, returned) = (&self.private, self.function.returned());
        let output = self.function.output();
        let (edge, quiet) = (self.return_edge(&output), self.quiet());
        // The type of the error must be known before the result is judged by it.
        let ty = output.ty();
        let moved = parameters::moved(&self.function.signature, &self.used());
        let body = self.inside(&moved.bindings);
        let locals = self.live.locals();
        let carried = quote_spanned!(site=> #(let mut #locals = #locals;)*);
        let awaited = self.awaited(&quote_spanned!(site=> __spanwright_future));
        let wrapper = quote_spanned!(site=> #quiet let __spanwright_wrapper = async move {
            #carried
            #edge
            let __spanwright_result: #ty = #awaited;
            #close
            __spanwright_result
        };);
        let tail = if boxed {
            quote_spanned!(site=> #private::Box::pin(__spanwright_wrapper))
        } else {
            quote_spanned!(site=> __spanwright_wrapper)
        };
        let call = if self.live.is_empty() {
            quote_spanned!(site=> #private::call(move || -> #returned #body))
        } else {
            let running = self.live.running(self.paths);
            quote_spanned!(site=> #private::call_in(&#running, move || -> #returned #body))
        };
        let statements = quote_spanned!(site=> #open let __spanwright_future = #call; #wrapper);
        self.function(&moved.signature, &statements, &tail)
    }

    /// The wrapped future, waited for.
    fn awaited(&self, future: &TokenStream) -> TokenStream {
        let (private, site) = (&self.private, Span::mixed_site());
        if self.live.is_empty() {
            return quote_spanned!(site=> #future.await);
        }
        let running = self.live.running(self.paths);
        quote_spanned!(site=> #private::scoped(&mut #running, #future).await)
    }

    /// A `return` that never runs, so that the body's type is known before it is read and a wrong
    /// one is reported where the user wrote it.
    fn return_edge(&self, output: &Output) -> TokenStream {
        let private = &self.private;
        let site = Span::mixed_site();
        let ty: Type = match output {
            Output::Never => parse_quote!(#private::core::convert::Infallible),
            output => output.ty(),
        };
        let option = self.option();
        // The compiler says of this place that the type is decided here.
        let place = function::output_place(&self.function.signature);
        let exit = quote_spanned!(place=> return __spanwright_never);
        quote_spanned!(site=> if false {
            if let #option::Some(__spanwright_never) = #option::None::<#ty> { #exit; }
        })
    }

    /// Keeps clippy from a remark on our block where the user's function gives a future.
    fn quiet(&self) -> Option<TokenStream> {
        let is_value = matches!(self.function.output(), Output::Value(_));
        is_value.then(|| quote_spanned!(Span::mixed_site()=> #[allow(clippy::async_yields_async)]))
    }

    /// What happens before the body.
    fn open(&self) -> TokenStream {
        let open = self.live.open(self.is_plain(), self.paths);
        if self.dead.is_empty() {
            return open;
        }
        let entry = self.dead.dead_entry(self.is_plain(), self.paths);
        quote_spanned!(Span::mixed_site()=> #open if false { #entry })
    }

    /// What happens behind the body.
    fn close(&self) -> TokenStream {
        let site = Span::mixed_site();
        let judge = match self.function.output() {
            Output::Unit if !self.live.sees_result() => TokenStream::new(),
            _ => self.live.judge_if_open(self.is_plain(), self.paths),
        };
        let unjudged = self.dead.sees_result().then(|| self.unjudged());
        let unjudged = unjudged.map(|judge| quote_spanned!(site=> if false { #judge }));
        let finish = self.live.finish(self.paths);
        quote_spanned!(site=> #judge #unjudged #finish)
    }

    fn option(&self) -> TokenStream {
        let private = &self.private;
        quote_spanned!(Span::mixed_site()=> #private::core::option::Option)
    }

    /// The type of the result if the user's expressions look at it.
    fn seen_result(&self) -> Option<Type> {
        if !self.dead.sees_result() {
            return None;
        }
        match self.function.output() {
            Output::Never => None,
            output => Some(output.ty()),
        }
    }

    /// The body in the user's braces, as a block within another one.
    ///
    /// The empty statement at its top keeps `{ 3 }` from a remark on its braces; the braces cannot
    /// be ours, since their edition decides when temporaries are dropped.
    fn body(&self) -> TokenStream {
        let body = &self.function.body;
        let stream = body.stream();
        braced(quote_spanned!(Span::mixed_site()=> ; #stream), body.span()).to_token_stream()
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
        let Function { attributes, visibility, inner_attributes, items, body, .. } = self.function;
        let statements =
            quote_spanned!(Span::mixed_site()=> #inner_attributes #items #statements #tail);
        let block = braced(statements, body.span());
        quote!(#(#attributes)* #visibility #signature #block)
    }
}

/// There is a result to look at, as `word` asks, and looking at it costs nothing that the user
/// asked for.
pub(crate) fn check_result(word: &Ident, function: &Function, errors: &mut Errors) {
    match function.output() {
        Output::Never => {
            errors.at(word.span(), format!("`{word}` needs a result, and this function has none"));
        }
        Output::Value(_) if function.shape() == Shape::Plain && function.is_track_caller() => {
            errors.at(
                word.span(),
                format!(
                    "`{word}` needs the body in a closure, which would hide the caller from \
                     `#[track_caller]`; remove one of the two"
                ),
            );
        }
        _ => {}
    }
}

/// There is a result to look at that can be an error, as far as the signature tells.
pub(crate) fn check_can_fail(word: &Ident, function: &Function, errors: &mut Errors) {
    if !matches!(function.output(), Output::Unit) {
        return check_result(word, function, errors);
    }
    errors.at(
        word.span(),
        format!(
            "`{word}` needs a call that can fail, and one that returns `()` cannot: return a \
             `Result`, or remove `{word}`"
        ),
    );
}

/// A statement that compiles only if the type of the result has an error, as `word` requires.
pub(crate) fn needs_error(word: &Ident, paths: &Paths) -> TokenStream {
    let place = word.span().resolved_at(Span::mixed_site());
    check(place, "__spanwright_has_error", paths)
}

/// Tokens in the user's braces: the compiler takes what ends in braces of ours for code of ours,
/// and no longer says that it is never used.
fn braced(tokens: TokenStream, span: Span) -> Group {
    let mut group = Group::new(Delimiter::Brace, tokens);
    group.set_span(span);
    group
}
