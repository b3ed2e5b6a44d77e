//! What is known of a span at compile time.
//!
//! In: names, level, kind and keys as the user wrote them, and who wants the span. Out: a constant expression of type
//! `&'static Callsite`. Never: a value that changes from call to call.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{Expr, LitStr};

use crate::args;
use crate::errors::Errors;
use crate::field::{Field, Mark};
use crate::function::{self, Function};
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
    /// What it is to X-Ray, if the user says that it is a subsegment.
    pub(crate) subsegment: Option<Subsegment>,
    pub(crate) takers: Takers,
    /// One key an attribute, by index, and what it is to the destinations.
    keys: Vec<(TokenStream, Mark)>,
}

/// What a subsegment is called, and who did the work.
#[derive(Default)]
pub(crate) struct Subsegment {
    /// The name, if it is not that of the span: a constant expression.
    pub(crate) name: Option<Expr>,
    pub(crate) namespace: Option<Namespace>,
}

/// The kinds of destinations that a span is for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Takers {
    /// As its kind says.
    OfKind,
    /// X-Ray alone.
    Segments,
    All,
}

/// Detail, from what must be seen to what is rarely wanted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Level(&'static str);

/// The role of a span between services.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Kind(&'static str);

/// Who did the work of a subsegment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Namespace(&'static str);

/// The accepted words, each with the variant of the runtime's type.
pub(crate) type Words = &'static [(&'static str, &'static str)];

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

const NAMESPACES: Words = &[("aws", "Aws"), ("remote", "Remote")];

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

impl Namespace {
    /// Reads `"aws"` or `Namespace::Remote`.
    pub(crate) fn parse(expression: &Expr, errors: &mut Errors) -> Option<Self> {
        let written = args::word(expression);
        if written.as_deref() == Some("local") {
            errors
                .on(expression, "a subsegment of local work has no namespace: remove `namespace`");
            return None;
        }
        choose(NAMESPACES, "a namespace of X-Ray", expression, written, errors).map(Self)
    }

    fn tokens(self, private: &TokenStream) -> TokenStream {
        variant(private, "Namespace", self.0)
    }
}

/// A variant of one of the runtime's types.
pub(crate) fn variant(private: &TokenStream, ty: &str, variant: &str) -> TokenStream {
    let ty = syn::Ident::new(ty, Span::mixed_site());
    let variant = syn::Ident::new(variant, Span::mixed_site());
    quote_spanned!(Span::mixed_site()=> #private::#ty::#variant)
}

/// The value in an `Option`.
pub(crate) fn optional(value: Option<&impl ToTokens>, private: &TokenStream) -> TokenStream {
    let option = quote_spanned!(Span::mixed_site()=> #private::core::option::Option);
    value.map_or_else(
        || quote_spanned!(Span::mixed_site()=> #option::None),
        |value| quote_spanned!(Span::mixed_site()=> #option::Some(#value)),
    )
}

/// The variant that `written` stands for; names the nearest word otherwise.
pub(crate) fn choose(
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

impl Subsegment {
    fn tokens(&self, private: &TokenStream) -> TokenStream {
        let site = Span::mixed_site();
        let name = optional(self.name.as_ref(), private);
        let namespace = self.namespace.map(|it| it.tokens(private));
        let namespace = optional(namespace.as_ref(), private);
        quote_spanned!(site=> #private::Subsegment { name: #name, namespace: #namespace })
    }
}

impl Takers {
    fn tokens(self, kind: &TokenStream, private: &TokenStream) -> TokenStream {
        let site = Span::mixed_site();
        match self {
            Self::OfKind => quote_spanned!(site=> #private::Destinations::of(#kind)),
            Self::Segments => quote_spanned!(site=> #private::Destinations::SEGMENTS),
            Self::All => quote_spanned!(site=> #private::Destinations::ALL),
        }
    }
}

impl Callsite {
    /// The callsite of a function that nothing is said about.
    pub(crate) fn of(function: &Function) -> Self {
        let name = LitStr::new(&function.name(), Span::mixed_site());
        let place = function::place(&function.signature);
        Self { function: function.name(), ..Self::at(place, name.to_token_stream()) }
    }

    /// The callsite of a place in a body.
    pub(crate) fn at(place: Span, name: TokenStream) -> Self {
        Self {
            name,
            target: None,
            function: String::new(),
            place,
            level: Level::INFO,
            kind: Kind::INTERNAL,
            subsegment: None,
            takers: Takers::OfKind,
            keys: Vec::new(),
        }
    }

    /// Adds the keys of `fields`; returns the index of the first of them.
    pub(crate) fn add_keys(&mut self, fields: &[Field]) -> usize {
        let keys = fields.iter().map(|field| (field.recorded_key(), field.mark.clone()));
        let first = self.keys.len();
        self.keys.extend(keys);
        first
    }

    /// Adds a key of an attribute; returns its index.
    pub(crate) fn add_key(&mut self, key: TokenStream) -> usize {
        self.keys.push((key, Mark::Attribute));
        self.keys.len() - 1
    }

    /// How many keys there are so far.
    pub(crate) fn count_keys(&self) -> usize {
        self.keys.len()
    }

    /// The callsite as a constant: a `const` block rather than a `static`, since a `static` cannot
    /// name `Self` or a type parameter.
    pub(crate) fn tokens(&self, paths: &Paths) -> TokenStream {
        let (private, site) = (paths.private(), Span::mixed_site());
        let (source, kind) = (self.source(paths), self.kind.tokens(&private));
        let keys = self.keys.iter().map(|(key, _)| key);
        let marks = self.marks().map(|(_, mark)| mark.tokens(&private));
        let subsegment = self.subsegment.as_ref().map(|it| it.tokens(&private));
        let subsegment = optional(subsegment.as_ref(), &private);
        let destinations = self.takers.tokens(&kind, &private);
        quote_spanned!(site=> const {
            &#private::Callsite {
                source: #source,
                kind: #kind,
                keys: &[#(#keys),*],
                marks: &[#(#marks),*],
                subsegment: #subsegment,
                destinations: #destinations,
            }
        })
    }

    /// The keys up to the last one that is more than an attribute.
    fn marks(&self) -> impl Iterator<Item = &(TokenStream, Mark)> {
        let last = self.keys.iter().rposition(|(_, mark)| *mark != Mark::Attribute);
        self.keys.iter().take(last.map_or(0, |last| last + 1))
    }

    /// Where it is, as a constant expression.
    pub(crate) fn source(&self, paths: &Paths) -> TokenStream {
        let Self { name, target, function, place, level, .. } = self;
        let private = paths.private();
        let level = level.tokens(&private);
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
        quote_spanned!(Span::mixed_site()=> #private::Source {
            name: #name,
            target: #target,
            function: #function,
            file: #file,
            line: #line,
            level: #level,
        })
    }
}
