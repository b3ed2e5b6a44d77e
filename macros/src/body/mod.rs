//! Something around a body, for every shape of function, written once for all attributes.
//!
//! In: a function and the pieces that attributes add to it. Out: the function to emit.
//! Never: looks into the body, but for returned closures; tells a caller that something was added.
//!
//! ```text
//!              result not seen      result seen
//! plain        guard in scope       closure, called once
//! async        future covered       future covered
//! impl Future, boxed future         returned future covered, and boxed again where it was
//! other type                        closure, and the type says which of the two it is
//! ```
//!
//! An `async fn` becomes a function that returns the covering future: within an `async fn` each
//! call would cost a layer of types more, and a second copy of the parameters.

mod closures;
mod judge;
mod off;
mod pieces;
mod report;
mod requirements;
mod span;

use proc_macro2::{Delimiter, Group, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{ReturnType, Signature, Token, Type, parse_quote};

use crate::Mode;
use crate::function::{self, Boxed, Function, Output, Shape};
use crate::parameters;
use crate::paths::Paths;
pub(crate) use judge::check;
pub(crate) use pieces::{
    Format, Joined, Pieces, ReportPieces, ResultPiece, ResultPieces, SpanPieces, frame, frame_type,
    report, report_type,
};
pub(crate) use requirements::{check_can_fail, check_result, needs_error};

/// The function with the pieces around its body; in a build that is off they are type-checked alone.
pub(crate) fn expand(
    function: &Function,
    joined: &Joined,
    mode: Mode,
    paths: &Paths,
) -> TokenStream {
    let writer = Writer { function, joined, mode, paths, private: paths.private() };
    match mode {
        Mode::Live => writer.around(&writer.open(), &writer.close()),
        Mode::Off => writer.unrecorded(),
    }
}

struct Writer<'a> {
    function: &'a Function,
    joined: &'a Joined,
    mode: Mode,
    paths: &'a Paths,
    private: TokenStream,
}

impl Writer<'_> {
    /// The pieces around the body, `open` before and `close` behind it.
    fn around(&self, open: &TokenStream, close: &TokenStream) -> TokenStream {
        match self.function.shape() {
            Shape::Plain if self.is_guarded() => {
                let open = [self.inert(), open.clone()].into_iter().collect();
                self.function(&self.function.signature, &open, &block(&self.function.body))
            }
            Shape::Plain => self.plain(open, close),
            Shape::Async => self.asynchronous(open, close),
            Shape::Future { boxed } => self.future(open, close, boxed),
            Shape::ByType => self.by_type(open, close),
        }
    }

    /// What needs the parameters outside of the body: the user's expressions, and attributes that
    /// expand after ours.
    fn used(&self) -> TokenStream {
        let others = self.function.attributes.iter().filter(|it| !it.path().is_ident("doc"));
        let others = others.map(|attribute| attribute.meta.to_token_stream());
        others.chain([self.joined.used()]).collect()
    }

    /// The place of a returned type that is called like a value, and must not be a future.
    fn value_place(&self) -> Option<Span> {
        let is_value = self.is_plain() && self.function.is_called_like_a_value();
        is_value.then(|| function::output_place(&self.function.signature))
    }

    fn is_plain(&self) -> bool {
        self.function.shape() == Shape::Plain
    }

    /// A guard is enough when there is no result to look at; where `#[track_caller]` would be lost
    /// in a closure, it has to be.
    fn is_guarded(&self) -> bool {
        match self.function.output() {
            Output::Never => true,
            Output::Unit => !self.joined.sees_result(),
            Output::Value(_) => self.function.is_track_caller(),
        }
    }

    // Output: let frame = &mut Frame::new(); open; let result = call(move || -> R { body }); close; result
    fn plain(&self, open: &TokenStream, close: &TokenStream) -> TokenStream {
        let (private, returned) = (&self.private, self.function.returned());
        let inert = self.inert();
        let moved = parameters::moved(&self.function.signature, &self.used());
        let body = self.inside(&moved.bindings);
        let call = quote_spanned!(Span::mixed_site()=>
            #inert
            #open
            let __spanwright_result = #private::call(move || -> #returned #body);
            #close
        );
        let tail = quote_spanned!(Span::mixed_site()=> return __spanwright_result;);
        self.function(&moved.signature, &call, &tail)
    }

    // Output: return lazy(
    //             move |frame: &mut Frame<6>| { open; async move { body } },
    //             move |result, frame: &mut Frame<6>| { close; result },
    //         );
    fn asynchronous(&self, open: &TokenStream, close: &TokenStream) -> TokenStream {
        let (site, private, none) = (Span::mixed_site(), &self.private, TokenStream::new());
        let output = self.function.output();
        let is_never = matches!(output, Output::Never);
        let edge = self.return_edge(&output);
        let moved = parameters::moved(&self.function.signature, &self.used());
        let bindings = &moved.bindings;
        let body = self.inside(&quote_spanned!(site=> #edge #bindings));
        let locals = self.locals();
        let judge = if is_never {
            quote_spanned!(site=> |__spanwright_result, _| __spanwright_result)
        } else {
            self.judge(None, close)
        };
        // Clippy remarks on a block that ends in a future, but not on the bare function: this block
        // ends in a statement. The other branch keeps it reachable if the body ends in `return`.
        let body = if self.function.yields_future() {
            quote_spanned!(site=> { return if true #body else { #private::never() }; })
        } else {
            body
        };
        let covered = quote_spanned!(site=>
            #private::lazy(move |#locals| { #open async move #body }, #judge)
        );
        if is_never {
            let tail = quote_spanned!(site=> match #covered.await {});
            return self.function(&moved.signature, &none, &tail);
        }
        if !self.function.can_return_impl_future() {
            let tail = quote_spanned!(site=> return #covered.await;);
            return self.function(&moved.signature, &none, &tail);
        }
        let signature = returning_future(moved.signature, private);
        self.function(&signature, &none, &quote_spanned!(site=> return #covered;))
    }

    // Output: let mut running: Frame<6> = default(); let frame = &mut running; open;
    //         let future = call_in(&mut running, move || body);
    //         eager(running, future, move |result, frame: &mut Frame<6>| { close; result })
    fn future(&self, open: &TokenStream, close: &TokenStream, boxed: Boxed) -> TokenStream {
        let covered = self.covered(close, boxed);
        self.made(open, &quote_spanned!(self.late_place()=> return #covered;))
    }

    /// The future that the function returned, covered, and in a box where it was in one.
    fn covered(&self, close: &TokenStream, boxed: Boxed) -> TokenStream {
        let place = self.late_place();
        let private = self.paths.private_at(place);
        // The type of the error must be known before the result is judged by it.
        let judge = self.judge(Some(self.function.output().ty()), close);
        let mut future = quote_spanned!(place=> __spanwright_returned);
        if boxed == Boxed::Unpinned {
            future = quote_spanned!(place=> #private::Box::into_pin(#future));
        }
        let eager =
            |future| quote_spanned!(place=> #private::eager(__spanwright_running, #future, #judge));
        let covered = match self.mode {
            Mode::Live => eager(future),
            Mode::Off => {
                let covered = eager(quote_spanned!(place=> __spanwright_future));
                quote_spanned!(place=>
                    #private::unrecorded(#future, move |__spanwright_future| #covered)
                )
            }
        };
        match boxed {
            Boxed::Not => covered,
            Boxed::Pinned => quote_spanned!(place=> #private::Box::pin(#covered)),
            Boxed::Unpinned => quote_spanned!(place=> #private::Box::new(#covered)),
        }
    }

    /// The place that the compiler names when a returned future cannot hold what the attributes
    /// use of the parameters: the first such use.
    fn late_place(&self) -> Span {
        self.joined.late().unwrap_or_else(Span::mixed_site)
    }

    // Output: let mut running: Frame<6> = default(); let frame = &mut running; open;
    //         let value = call_in(&mut running, move || body);
    //         let kind = (&&&&Returned(&value)).kind();
    //         kind.finish(value, running, move |result, frame: &mut Frame<6>| { close; result })
    fn by_type(&self, open: &TokenStream, close: &TokenStream) -> TokenStream {
        let finish = self.finish_by_type(&self.judge(None, close));
        self.made(open, &quote_spanned!(Span::mixed_site()=> return { #finish };))
    }

    /// The end of a call by the kind of the value that it returned.
    fn finish_by_type(&self, judge: &TokenStream) -> TokenStream {
        let (site, private) = (Span::mixed_site(), &self.private);
        let named = self.function.is_associated_type();
        let named = named.then(|| quote_spanned!(site=> use #private::ViaNamedFuture as _;));
        // The compiler says of this place that the future cannot be covered.
        let place = function::output_place(&self.function.signature);
        let finish = quote_spanned!(place=> __spanwright_kind.finish);
        let finished = quote_spanned!(self.late_place()=> __spanwright_finished);
        quote_spanned!(site=>
            use #private::{ViaBoxedFuture as _, ViaOtherBox as _, ViaValue as _};
            #named
            let __spanwright_kind =
                (&&&&#private::Returned(&__spanwright_returned)).__spanwright_kind();
            let __spanwright_finished =
                #finish(__spanwright_returned, __spanwright_running, #judge);
            #finished
        )
    }

    /// The part of a plain function that makes what `tail` covers.
    fn made(&self, open: &TokenStream, tail: &TokenStream) -> TokenStream {
        let (site, private) = (Span::mixed_site(), &self.private);
        let (ty, pattern) = (self.running(), self.pattern());
        let returned = self.function.returned();
        let moved = parameters::moved(&self.function.signature, &self.used());
        let body = self.inside(&moved.bindings);
        let statements = quote_spanned!(site=>
            let mut __spanwright_running: #ty = #private::core::default::Default::default();
            let #pattern = &mut __spanwright_running;
            #open
            let __spanwright_returned =
                #private::call_in(&mut __spanwright_running, move || -> #returned #body);
        );
        self.function(&moved.signature, &statements, tail)
    }

    /// The closure that is given the result, and what the call ran in.
    // Output: move |result, frame: &mut Frame<6>| { close; result }
    fn judge(&self, ty: Option<Type>, close: &TokenStream) -> TokenStream {
        let (site, locals) = (Span::mixed_site(), self.locals());
        let ty = ty.map(|ty| quote_spanned!(site=> : #ty));
        quote_spanned!(site=>
            move |__spanwright_result #ty, #locals| { #close return __spanwright_result; }
        )
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

    /// The statements before the body.
    fn open(&self) -> TokenStream {
        self.joined.open(self.is_plain(), self.paths)
    }

    /// The statements behind the body.
    fn close(&self) -> TokenStream {
        let judge = match self.function.output() {
            Output::Unit if !self.joined.sees_result() => TokenStream::new(),
            _ => self.joined.judge_if_open(self.is_plain(), self.value_place(), self.paths),
        };
        let finish = self.joined.finish(self.paths);
        quote_spanned!(Span::mixed_site()=> #judge #finish)
    }

    /// The locals of a function that ends by itself; none in a build that is off.
    fn inert(&self) -> TokenStream {
        match self.mode {
            Mode::Live => self.joined.inert(self.paths),
            Mode::Off => TokenStream::new(),
        }
    }

    /// The parameter that gives a closure the locals.
    // Output: frame: &mut Frame<6>
    fn locals(&self) -> TokenStream {
        let (pattern, ty) = (self.pattern(), self.running());
        quote_spanned!(Span::mixed_site()=> #pattern: &mut #ty)
    }

    /// The type of the span, the report, or both; of nothing in a build that is off.
    fn running(&self) -> TokenStream {
        match self.mode {
            Mode::Live => self.joined.ty(self.paths),
            Mode::Off => quote_spanned!(Span::mixed_site()=> ()),
        }
    }

    /// The pattern that takes a reference to it apart.
    fn pattern(&self) -> TokenStream {
        match self.mode {
            Mode::Live => self.joined.pattern(),
            Mode::Off => quote_spanned!(Span::mixed_site()=> _),
        }
    }

    fn option(&self) -> TokenStream {
        let private = &self.private;
        quote_spanned!(Span::mixed_site()=> #private::core::option::Option)
    }

    /// The body behind `statements`, in a closure or an `async` block; on its own when there are
    /// none.
    fn inside(&self, statements: &TokenStream) -> TokenStream {
        let returned = match (&self.function.signature.output, self.function.shape()) {
            (ReturnType::Type(_, ty), Shape::Plain | Shape::Async) => Some(ty),
            _ => None,
        };
        let body = &self.function.body;
        if let Some(typed) = returned.and_then(|ty| closures::typed(body, ty)) {
            let (items, body) = (typed.items, block(&typed.body));
            return quote_spanned!(Span::mixed_site()=> { #items #statements #body });
        }
        if statements.is_empty() {
            return body.to_token_stream();
        }
        let body = block(body);
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

/// The signature of a function that returns the future of the `async fn`.
///
/// Its tokens are ours, whose edition has `impl Trait` capture all lifetimes, as an `async fn` does.
fn returning_future(mut signature: Signature, private: &TokenStream) -> Signature {
    let site = Span::mixed_site();
    signature.asyncness = None;
    let (arrow, output) = match signature.output {
        ReturnType::Type(arrow, ty) => (arrow, ty.to_token_stream()),
        ReturnType::Default => (Token![->](site), quote_spanned!(site=> ())),
    };
    let future = quote_spanned!(site=> impl #private::core::future::Future<Output = #output>);
    signature.output = ReturnType::Type(arrow, Box::new(Type::Verbatim(future)));
    signature
}

/// A body in the user's braces, as a block within another one.
///
/// The empty statement at its top keeps `{ 3 }` from a remark on its braces; the braces cannot be
/// ours, since their edition decides when temporaries are dropped.
fn block(body: &Group) -> TokenStream {
    let stream = body.stream();
    braced(quote_spanned!(Span::mixed_site()=> ; #stream), body.span()).to_token_stream()
}

/// Tokens in the user's braces: the compiler takes what ends in braces of ours for code of ours,
/// and no longer says that it is never used.
fn braced(tokens: TokenStream, span: Span) -> Group {
    let mut group = Group::new(Delimiter::Brace, tokens);
    group.set_span(span);
    group
}
