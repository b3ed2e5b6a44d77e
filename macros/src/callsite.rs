//! What is known of a span at compile time.
//!
//! In: names, level, kind and keys as the user wrote them. Out: a constant expression of type
//! `&'static Callsite`. Never: a value that changes from call to call.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::Expr;

use crate::args;
use crate::errors::Errors;
use crate::field::Field;
use crate::paths::Paths;
use crate::suggest;

/// The static part of a span.
pub(crate) struct Callsite {
    /// The span's name: a constant expression.
    pub(crate) name: TokenStream,
    /// The target, if it is not the module path.
    pub(crate) target: Option<Expr>,
    /// The function's name; empty for a place in a body.
    pub(crate) function: String,
    /// The token whose line the span is said to come from.
    pub(crate) place: Span,
    pub(crate) level: Level,
    pub(crate) kind: Kind,
    /// One key an attribute, by index.
    pub(crate) keys: Vec<TokenStream>,
}

/// Detail, from what must be seen to what is rarely wanted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Level(&'static str);

/// The role of a span between services.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Kind(&'static str);

/// The accepted words, each with the variant of the runtime's type.
type Words = &'static [(&'static str, &'static str)];

const LEVELS: Words = &[
    ("error", "Error"),
    ("warn", "Warn"),
    ("info", "Info"),
    ("debug", "Debug"),
    ("trace", "Trace"),
];

const KINDS: Words = &[
    ("internal", "Internal"),
    ("server", "Server"),
    ("client", "Client"),
    ("producer", "Producer"),
    ("consumer", "Consumer"),
];

impl Level {
    pub(crate) const INFO: Self = Self("Info");
    pub(crate) const ERROR: Self = Self("Error");

    /// Reads `"info"`, `Level::INFO` or, as `tracing` numbers them, `1` for trace to `5` for error.
    pub(crate) fn parse(expression: &Expr, errors: &mut Errors) -> Option<Self> {
        let written = args::word(expression);
        let number = written.as_deref().and_then(|it| it.parse::<usize>().ok());
        if let Some((_, variant)) = number.and_then(|it| LEVELS.get(LEVELS.len().checked_sub(it)?))
        {
            return Some(Self(variant));
        }
        choose(LEVELS, "a level", expression, written, errors).map(Self)
    }

    pub(crate) fn tokens(self, private: &TokenStream) -> TokenStream {
        variant(private, "Level", self.0)
    }
}

impl Kind {
    pub(crate) const INTERNAL: Self = Self("Internal");

    /// Reads `"server"` or `SpanKind::Server`.
    pub(crate) fn parse(expression: &Expr, errors: &mut Errors) -> Option<Self> {
        choose(KINDS, "a kind of span", expression, args::word(expression), errors).map(Self)
    }

    fn tokens(self, private: &TokenStream) -> TokenStream {
        variant(private, "SpanKind", self.0)
    }
}

fn variant(private: &TokenStream, ty: &str, variant: &str) -> TokenStream {
    let ty = syn::Ident::new(ty, Span::mixed_site());
    let variant = syn::Ident::new(variant, Span::mixed_site());
    quote_spanned!(Span::mixed_site()=> #private::#ty::#variant)
}

fn choose(
    words: Words,
    what: &str,
    expression: &Expr,
    written: Option<String>,
    errors: &mut Errors,
) -> Option<&'static str> {
    let written = written.unwrap_or_default().to_lowercase();
    if let Some((_, variant)) = words.iter().find(|(word, _)| *word == written) {
        return Some(variant);
    }
    let accepted: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    let found = expression.to_token_stream();
    let hint = suggest::hint(&written, &accepted);
    errors.on(expression, format!("`{found}` is not {what}{hint}"));
    None
}

impl Callsite {
    /// The callsite without the keys of `fields`; returns the index of the first of them.
    pub(crate) fn add_keys(&mut self, fields: &[Field]) -> usize {
        let first = self.keys.len();
        self.keys.extend(fields.iter().map(|field| field.key.expression()));
        first
    }

    /// The callsite as a constant: a `const` block rather than a `static`, since a `static` cannot
    /// name `Self` or a type parameter.
    pub(crate) fn tokens(&self, paths: &Paths) -> TokenStream {
        let Self { name, target, function, place, level, kind, keys } = self;
        let private = paths.private();
        let (level, kind) = (level.tokens(&private), kind.tokens(&private));
        // The user's place and not ours, or the line would be that of the attribute.
        let placed = paths.private_at(*place);
        let line = quote_spanned!(*place=> #placed::core::line!());
        let file = quote_spanned!(*place=> #placed::core::file!());
        let module = quote_spanned!(Span::mixed_site()=> #private::core::module_path!());
        let target = target.as_ref().map_or_else(|| module.clone(), ToTokens::to_token_stream);
        let function = match function.as_str() {
            "" => quote_spanned!(Span::mixed_site()=> ""),
            name => {
                quote_spanned!(Span::mixed_site()=> #private::core::concat!(#module, "::", #name))
            }
        };
        quote_spanned!(Span::mixed_site()=> const {
            &#private::Callsite {
                source: #private::Source {
                    name: #name,
                    target: #target,
                    function: #function,
                    file: #file,
                    line: #line,
                    level: #level,
                },
                kind: #kind,
                keys: &[#(#keys),*],
                marks: &[],
                subsegment: #private::core::option::Option::None,
                destinations: #private::Destinations::of(#kind),
            }
        })
    }
}
