//! The annotated function: its signature read, its body left as it was typed.
//!
//! In: the item under an attribute. Out: its parts and its shape, or why it cannot be annotated.
//! Never: looks into the body.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Ident, ReturnType, Signature, Token, Type, Visibility, parse_quote};

use crate::errors::Errors;
use crate::expression;
pub(crate) use crate::returned::has_unnameable;
use crate::returned::{
    future_output, has_other_bounds, hidden_future, is_associated, is_named_value, nameable,
    output_of, shape_of,
};

/// A function with a body.
pub(crate) struct Function {
    /// What stands before the function, without our own attributes.
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) signature: Signature,
    /// The `#![..]` at the top of the body.
    pub(crate) inner_attributes: TokenStream,
    /// The rest of the body with the user's braces.
    pub(crate) body: Group,
    /// Items of ours at the top of the body, without code.
    pub(crate) items: TokenStream,
}

/// What a call of the function gives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Shape {
    /// The value itself.
    Plain,
    /// The future of an `async fn`.
    Async,
    /// A future that a plain function makes: `impl Future`, or one in a box.
    Future { boxed: Boxed },
    /// A value, or a boxed future behind an alias or an associated type: its type decides.
    ByType,
}

/// The box of a returned future.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Boxed {
    /// None.
    Not,
    /// `Pin<Box<..>>`
    Pinned,
    /// `Box<..>`
    Unpinned,
}

/// What is known of the value from its spelling alone.
#[derive(Clone)]
pub(crate) enum Output {
    /// `()`, written or not.
    Unit,
    /// `!`.
    Never,
    /// A type; what cannot be named in a body is `_` in it.
    Value(Box<Type>),
}

impl Output {
    /// The type, as a body may state it.
    pub(crate) fn ty(&self) -> Type {
        match self {
            Self::Unit => parse_quote!(()),
            Self::Never => parse_quote!(!),
            Self::Value(ty) => (**ty).clone(),
        }
    }
}

impl Function {
    /// Reads an item.
    ///
    /// `None` when it is not a function that can be annotated; `errors` then says why.
    pub(crate) fn parse(item: TokenStream, owner: &str, errors: &mut Errors) -> Option<Self> {
        let function = |input: ParseStream| Ok(Self::read(input, owner, errors));
        match function.parse2(item) {
            Ok(Ok(function)) => Some(function),
            Ok(Err(error)) | Err(error) => {
                errors.absorb(error);
                None
            }
        }
    }

    fn read(input: ParseStream, owner: &str, errors: &mut Errors) -> syn::Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility = input.parse()?;
        let ahead = input.fork();
        let signature = match input.parse::<Signature>() {
            Ok(signature) => signature,
            Err(error) => {
                let error = not_a_function(&ahead, owner).unwrap_or(error);
                rest(input);
                return Err(error);
            }
        };
        if let Some(constness) = signature.constness {
            errors.at(
                constness.span,
                format!("{owner} cannot be on a `const fn`: nothing is recorded at compile time"),
            );
        }
        if input.peek(Token![;]) {
            rest(input);
            let message = format!(
                "`{}` has no body to record; put {owner} on the implementations",
                signature.ident
            );
            return Err(syn::Error::new(signature.ident.span(), message));
        }
        let (inner_attributes, body) = split(body(&rest(input)));
        let items = TokenStream::new();
        Ok(Self { attributes, visibility, signature, inner_attributes, body, items })
    }

    /// The name without `r#`.
    pub(crate) fn name(&self) -> String {
        self.signature.ident.unraw().to_string()
    }

    /// What a call gives.
    pub(crate) fn shape(&self) -> Shape {
        if self.signature.asyncness.is_some() {
            return Shape::Async;
        }
        match &self.signature.output {
            ReturnType::Type(_, ty) => match shape_of(ty) {
                Shape::ByType if self.is_track_caller() => Shape::Plain,
                shape => shape,
            },
            ReturnType::Default => Shape::Plain,
        }
    }

    /// True if the `async fn` may become a function that returns `impl Future`: neither its type
    /// nor an attribute that expands later needs the keyword.
    pub(crate) fn can_return_impl_future(&self) -> bool {
        !matches!(self.output(), Output::Never) && self.attributes.iter().all(is_inert)
    }

    /// True if an `async fn` gives a future, as far as its signature shows.
    pub(crate) fn yields_future(&self) -> bool {
        let ReturnType::Type(_, ty) = &self.signature.output else { return false };
        matches!(shape_of(ty), Shape::Future { .. })
    }

    /// True if only the compiler knows whether the result can be covered, or must be.
    pub(crate) fn needs_check(&self) -> bool {
        let ReturnType::Type(_, ty) = &self.signature.output else { return false };
        match self.shape() {
            Shape::ByType => true,
            Shape::Plain => {
                is_named_value(ty) && !self.is_track_caller() && !has_unnameable(&nameable(ty))
            }
            Shape::Future { boxed } => boxed == Boxed::Not && has_other_bounds(ty),
            Shape::Async => false,
        }
    }

    /// Checks that the output of a returned future is in sight.
    pub(crate) fn check_future(&self, errors: &mut Errors) {
        let ReturnType::Type(_, ty) = &self.signature.output else { return };
        if let Some(bound) = hidden_future(ty) {
            let name = bound.to_token_stream().to_string().replace(" :: ", "::");
            errors.on(
                bound,
                format!("the output of `impl {name}` is hidden: return `impl Future<Output = ..>`"),
            );
        }
    }

    /// True if the returned type has the name of a type that is no future, which an alias may have.
    pub(crate) fn is_called_like_a_value(&self) -> bool {
        matches!(&self.signature.output, ReturnType::Type(_, ty) if is_named_value(ty))
    }

    /// True if the returned type is an associated one, such as `Self::Future`.
    pub(crate) fn is_associated_type(&self) -> bool {
        matches!(&self.signature.output, ReturnType::Type(_, ty) if is_associated(ty))
    }

    /// What the caller ends up with: for futures, their output.
    pub(crate) fn output(&self) -> Output {
        let ReturnType::Type(_, ty) = &self.signature.output else { return Output::Unit };
        match self.shape() {
            Shape::Plain | Shape::Async | Shape::ByType => output_of(ty),
            Shape::Future { .. } => future_output(ty),
        }
    }

    /// The returned type as a closure may state it.
    pub(crate) fn returned(&self) -> Type {
        match &self.signature.output {
            ReturnType::Type(_, ty) => nameable(ty),
            ReturnType::Default => parse_quote!(()),
        }
    }

    /// Whether a panic in it is to be blamed on its caller.
    pub(crate) fn is_track_caller(&self) -> bool {
        self.attributes.iter().any(|attribute| attribute.path().is_ident("track_caller"))
    }
}

fn rest(input: ParseStream) -> TokenStream {
    input.parse().unwrap_or_default()
}

/// The brace group, out of the invisible groups that `macro_rules!` puts around it.
fn body(tokens: &TokenStream) -> Group {
    match tokens.clone().into_iter().next() {
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => group,
        Some(TokenTree::Group(group)) => body(&group.stream()),
        _ => Group::new(Delimiter::Brace, tokens.clone()),
    }
}

/// Takes the inner attributes off the top of a body.
fn split(body: Group) -> (TokenStream, Group) {
    let tokens: Vec<TokenTree> = body.stream().into_iter().collect();
    let mut end = 0;
    while is_punct(tokens.get(end), '#')
        && is_punct(tokens.get(end + 1), '!')
        && matches!(tokens.get(end + 2), Some(TokenTree::Group(_)))
    {
        end += 3;
    }
    if end == 0 {
        return (TokenStream::new(), body);
    }
    let mut remaining = Group::new(Delimiter::Brace, tokens[end..].iter().cloned().collect());
    remaining.set_span(body.span());
    (tokens[..end].iter().cloned().collect(), remaining)
}

fn is_punct(token: Option<&TokenTree>, sign: char) -> bool {
    matches!(token, Some(TokenTree::Punct(it)) if it.as_char() == sign)
}

/// True for a closure; a message beside it would not be an expression any more.
pub(crate) fn is_closure(item: &TokenStream) -> bool {
    match item.clone().into_iter().next() {
        Some(TokenTree::Punct(sign)) => sign.as_char() == '|',
        Some(TokenTree::Ident(word)) => word == "move",
        _ => false,
    }
}

/// What the item is instead, at the word that says so.
fn not_a_function(input: ParseStream, owner: &str) -> Option<syn::Error> {
    const KINDS: &[(&str, &str)] = &[
        ("let", "a `let` statement: create a span manually, `spanwright::Span::new(\"name\")`"),
        ("struct", "a struct"),
        ("enum", "an enum"),
        ("union", "a union"),
        ("trait", "a trait: put it on its methods"),
        ("impl", "an `impl` block: put it on its methods"),
        ("mod", "a module: put it on its functions"),
        ("const", "a constant"),
        ("static", "a static"),
        ("type", "a type alias"),
        ("use", "an import"),
        ("macro_rules", "a macro"),
    ];
    if input.peek(Token![|]) || input.peek(Token![||]) || input.peek(Token![move]) {
        let message = format!(
            "{owner} goes on functions, this is a closure: create a span manually, \
             `spanwright::Span::new(\"name\")`"
        );
        return Some(syn::Error::new(input.span(), message));
    }
    while let Ok(word) = input.call(Ident::parse_any) {
        if let Some((_, kind)) = KINDS.iter().find(|(keyword, _)| word == *keyword) {
            return Some(syn::Error::new(
                word.span(),
                format!("{owner} goes on functions, this is {kind}"),
            ));
        }
        if word == "fn" {
            return None;
        }
    }
    None
}

/// True for attributes that leave an `async fn` what it is.
fn is_inert(attribute: &Attribute) -> bool {
    const INERT: &[&str] = &[
        "allow",
        "cfg",
        "cold",
        "deny",
        "deprecated",
        "doc",
        "expect",
        "forbid",
        "inline",
        "warn",
    ];
    const TOOLS: &[&str] = &["clippy", "rustfmt"];
    let path = attribute.path();
    let first = path.segments.first().map(|segment| segment.ident.to_string());
    let known = if path.segments.len() == 1 { INERT } else { TOOLS };
    first.is_some_and(|first| known.contains(&first.as_str()))
}

impl ToTokens for Function {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self { attributes, visibility, signature, inner_attributes, body, items } = self;
        let mut whole = Group::new(
            Delimiter::Brace,
            [inner_attributes.clone(), items.clone(), body.stream()].into_iter().collect(),
        );
        whole.set_span(body.span());
        tokens.extend(quote!(#(#attributes)* #visibility #signature #whole));
    }
}

/// The place of the returned type, or of the `fn` where none is written.
pub(crate) fn output_place(signature: &Signature) -> Span {
    let place = match &signature.output {
        ReturnType::Type(_, ty) => expression::first_span(ty),
        ReturnType::Default => place(signature),
    };
    place.resolved_at(Span::mixed_site())
}

/// The place of the word that stands for the whole function: its `fn`.
pub(crate) fn place(signature: &Signature) -> Span {
    signature.fn_token.span
}
