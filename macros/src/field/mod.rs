//! The attributes that users record: the grammar that every macro shares.
//!
//! In: the tokens of a list such as `user.id = user.id, ?filter, #[redact] email`. Out: fields, and
//! the statements that record them. Never: knows which macro it reads for.
//!
//! ```text
//! field := #[meta]* ( sigil? key ( '=' sigil? expression )? )
//! sigil := '%' Display | '?' Debug | none: typed
//! key   := word ( '.' word )* | "any text" | { CONSTANT }
//! meta  := #[redact] | #[redact(hash)] | #[redact(last = n)] | #[when(condition)] | #[cfg(..)]
//!        | #[annotation] | #[allow_sensitive]
//! ```

mod mark;
mod meta;
mod metadata;
mod rules;
mod segment;

use proc_macro2::{Punct, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::token::Brace;
use syn::{Expr, Ident, LitInt, LitStr, Token, braced};

use crate::args;
use crate::errors::Errors;
use crate::expression;
use crate::paths::Paths;
pub(crate) use mark::Mark;
use meta::Meta;
pub(crate) use metadata::Metadata;
pub(crate) use rules::{check_repeated, check_scope};
pub(crate) use segment::check_annotations;

/// One attribute to record.
pub(crate) struct Field {
    /// What it is called.
    pub(crate) key: Key,
    /// What it is to the destinations.
    pub(crate) mark: Mark,
    /// What it is worth.
    pub(crate) value: Expr,
    /// The variable that it names when the user wrote no value.
    pub(crate) shorthand: Option<Ident>,
    sigil: Sigil,
    meta: Meta,
}

/// The name of an attribute.
pub(crate) enum Key {
    /// Known to the macro.
    Text { text: String, place: TokenStream },
    /// Known to the compiler: a constant expression.
    Constant(TokenStream),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Sigil {
    Typed,
    Display,
    Debug,
}

/// Reads a list of fields, all of one kind, and checks each on its own.
pub(crate) fn parse(tokens: TokenStream, mark: &Mark, errors: &mut Errors) -> Vec<Field> {
    let mut fields = Vec::new();
    args::separated(tokens, errors, |input, errors| {
        fields.push(Field::parse(input, mark, errors)?);
        Ok(())
    });
    fields
}

impl Field {
    /// Reads one field and checks it on its own.
    pub(crate) fn parse(input: ParseStream, mark: &Mark, errors: &mut Errors) -> syn::Result<Self> {
        let meta = Meta::parse(input, errors)?;
        let mark = meta.mark(mark, errors);
        let field = Self { mark, meta, ..Self::read(input)? };
        rules::check(&field, errors);
        Ok(field)
    }

    fn read(input: ParseStream) -> syn::Result<Self> {
        let sigil = Sigil::parse(input)?;
        if input.peek(LitStr) {
            let key: LitStr = input.parse()?;
            let place = key.to_token_stream();
            return Self::with_value(input, Key::Text { text: key.value(), place }, sigil);
        }
        if input.peek(Brace) {
            let constant;
            braced!(constant in input);
            return Self::with_value(input, Key::Constant(constant.parse()?), sigil);
        }
        let words = dotted(input)?;
        let key = key_of(&words);
        if input.peek(Token![=]) {
            return Self::with_value(input, key, sigil);
        }
        if !input.is_empty() && !input.peek(Token![,]) {
            return Err(
                input.error("expected `=` or `,`; an expression needs a key: `key = a + b`")
            );
        }
        let value = syn::parse2(quote!(#(#words).*))?;
        let shorthand = words.into_iter().next();
        Ok(Self::unmarked(key, value, shorthand, sigil))
    }

    fn with_value(input: ParseStream, key: Key, outer: Sigil) -> syn::Result<Self> {
        input.parse::<Token![=]>()?;
        let inner = Sigil::parse(input)?;
        let sigil = if inner == Sigil::Typed { outer } else { inner };
        Ok(Self::unmarked(key, input.parse()?, None, sigil))
    }

    fn unmarked(key: Key, value: Expr, shorthand: Option<Ident>, sigil: Sigil) -> Self {
        Self { key, mark: Mark::Attribute, value, shorthand, sigil, meta: Meta::default() }
    }

    /// The value of an argument, `word = sigil? value`, as a field of its own.
    pub(crate) fn of_argument(
        word: &Ident,
        sigil: Option<&Punct>,
        value: Expr,
        mark: Mark,
        errors: &mut Errors,
    ) -> Self {
        let key = Key::Text { text: word.to_string(), place: word.to_token_stream() };
        let sigil = match sigil.map(Punct::as_char) {
            Some('?') => Sigil::Debug,
            Some(_) => Sigil::Display,
            None => Sigil::Typed,
        };
        let field = Self { mark, ..Self::unmarked(key, value, None, sigil) };
        rules::check(&field, errors);
        field
    }

    /// Whether it is recorded as it is, without a format or a condition.
    pub(crate) fn is_typed(&self) -> bool {
        self.sigil == Sigil::Typed && self.meta.redaction.is_none() && self.meta.when.is_none()
    }

    /// True if recording it runs no code that could panic.
    fn is_plain(&self) -> bool {
        self.sigil == Sigil::Typed
            && !matches!(self.mark, Mark::Metadata(_))
            && expression::is_plain(&self.value)
            && self.meta.when.as_ref().is_none_or(expression::is_plain)
    }

    /// Everything the user wrote into it that is worked out at run time.
    pub(crate) fn expressions(&self) -> TokenStream {
        let (value, when) = (&self.value, &self.meta.when);
        quote!(#value #when)
    }

    /// The statement that records it under the key at `index`.
    ///
    /// A panic in user code in it costs the attribute, not the user's call.
    // Input:  #[when(retries > 0)] ?retries
    // Output: guard_field(frame, 2, |recorder| {
    //             if retries > 0 { Recorder::record_debug(recorder, 2, &retries); }
    //         });
    fn statement(&self, sink: &Ident, index: usize, paths: &Paths) -> TokenStream {
        let (private, site) = (paths.private(), Span::mixed_site());
        let index = LitInt::new(&index.to_string(), site);
        let (method, arguments) = self.call(&private);
        let method = Ident::new(method, site);
        let recorder = if self.is_plain() {
            quote_spanned!(site=> #sink)
        } else {
            quote_spanned!(site=> __spanwright_recorder)
        };
        let call = quote_spanned!(site=>
            #private::Recorder::#method(#recorder, #index, #arguments);
        );
        let cfgs = &self.meta.cfgs;
        let statement = match &self.meta.when {
            Some(when) => conditional(when, &call, paths),
            None => call,
        };
        let guarded = if self.is_plain() {
            statement
        } else {
            guarded_field(sink, &index, &statement, paths)
        };
        if cfgs.is_empty() { guarded } else { quote_spanned!(site=> #(#cfgs)* { #guarded }) }
    }

    /// How it is recorded: the method of the runtime, and what that takes besides the key.
    fn call(&self, private: &TokenStream) -> (&'static str, TokenStream) {
        let site = Span::mixed_site();
        // Only what is borrowed has the user's place: errors point there, and an editor that looks
        // the place up finds nothing of ours.
        let value = expression::borrowed(&self.value);
        let formatted =
            |format: &str| quote_spanned!(site=> &#private::core::format_args!(#format, #value));
        let is_metadata = matches!(self.mark, Mark::Metadata(_));
        if let Some(redaction) = self.meta.redaction {
            let redaction = redaction.tokens(private);
            let value = if self.sigil == Sigil::Debug { formatted("{:?}") } else { value };
            let method = if is_metadata { "record_redacted_metadata" } else { "record_redacted" };
            return (method, quote_spanned!(site=> #redaction, #value));
        }
        match self.sigil {
            Sigil::Typed if is_metadata => ("record_metadata", value),
            Sigil::Display if is_metadata => ("record_metadata", formatted("{}")),
            Sigil::Debug if is_metadata => ("record_metadata", formatted("{:?}")),
            Sigil::Typed => ("record", value),
            Sigil::Display => ("record_display", value),
            Sigil::Debug => ("record_debug", value),
        }
    }

    /// The key that it is recorded under: a constant expression.
    pub(crate) fn recorded_key(&self) -> TokenStream {
        match (&self.key, &self.mark) {
            (Key::Text { text, .. }, Mark::Annotation) => {
                let key = LitStr::new(&segment::annotation_key(text), Span::mixed_site());
                key.to_token_stream()
            }
            (Key::Text { text, .. }, _) => LitStr::new(text, Span::mixed_site()).to_token_stream(),
            (Key::Constant(tokens), _) => tokens.clone(),
        }
    }
}

impl Key {
    /// The key as text, unless only the compiler knows it.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text { text, .. } => Some(text),
            Self::Constant(_) => None,
        }
    }

    /// The tokens that errors point to.
    pub(crate) fn place(&self) -> &TokenStream {
        match self {
            Self::Text { place, .. } | Self::Constant(place) => place,
        }
    }
}

impl Sigil {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        if input.parse::<Option<Token![?]>>()?.is_some() {
            return Ok(Self::Debug);
        }
        Ok(if input.parse::<Option<Token![%]>>()?.is_some() { Self::Display } else { Self::Typed })
    }
}

fn dotted(input: ParseStream) -> syn::Result<Vec<Ident>> {
    if !input.peek(Ident::peek_any) {
        return Err(input.error(
            "expected a key: words such as `user.id`, a text such as \"user-id\", or a constant in \
             braces",
        ));
    }
    let mut words = vec![input.call(Ident::parse_any)?];
    while input.parse::<Option<Token![.]>>()?.is_some() {
        if !input.peek(Ident::peek_any) {
            return Err(input.error("a tuple's field needs a key: `key = pair.0`"));
        }
        words.push(input.call(Ident::parse_any)?);
    }
    Ok(words)
}

/// The words joined by dots, `r#` taken off, and a leading `self` with it.
fn key_of(words: &[Ident]) -> Key {
    let texts = words.iter().map(|word| word.unraw().to_string()).collect::<Vec<_>>();
    let named = match texts.split_first() {
        Some((first, rest)) if first == "self" && !rest.is_empty() => rest,
        _ => &texts,
    };
    Key::Text { text: named.join("."), place: quote!(#(#words).*) }
}

/// The statements that record `fields` on the local `sink`, whose key indices start at `first`.
pub(crate) fn record(fields: &[Field], sink: &Ident, first: usize, paths: &Paths) -> TokenStream {
    let fields = fields.iter().enumerate();
    fields.map(|(offset, field)| field.statement(sink, first + offset, paths)).collect()
}

/// Runs a statement that records the key at `index` on `__spanwright_recorder`, a reference to `sink`,
/// so that a panic in it goes no further.
pub(crate) fn guarded_field(
    sink: &Ident,
    index: &LitInt,
    statement: &TokenStream,
    paths: &Paths,
) -> TokenStream {
    let private = paths.private();
    quote_spanned!(Span::mixed_site()=>
        #private::guard_field(#sink, #index, |__spanwright_recorder| { #statement });
    )
}

/// The parameters that `fields` use, each at its first use.
pub(crate) fn used(fields: &[Field], parameters: &[String]) -> Vec<Ident> {
    let values = fields.iter().flat_map(|it| [Some(&it.value), it.meta.when.as_ref()]).flatten();
    expression::first_uses(&values, parameters)
}

/// Runs `statements` if `condition` holds.
pub(crate) fn conditional(
    condition: &Expr,
    statements: &TokenStream,
    paths: &Paths,
) -> TokenStream {
    let private = paths.private();
    // A local of its own keeps the condition free of parentheses that the compiler would remark on.
    let site = Span::mixed_site();
    let run = expression::run_if(&quote_spanned!(site=> __spanwright_condition), statements);
    quote_spanned!(site=> {
        let __spanwright_condition: #private::core::primitive::bool = #condition;
        #run
    })
}
