//! The annotated function: its signature read, its body left as it was typed.
//!
//! In: the item under an attribute. Out: its parts and its shape, or why it cannot be annotated.
//! Never: looks into the body.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Attribute, GenericArgument, Ident, PathArguments, PathSegment, ReturnType, Signature, Token,
    Type, TypeParamBound, Visibility, parse_quote,
};

use crate::errors::Errors;
use crate::expression;

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
    /// A future that a plain function makes: `impl Future`, or one in a pinned box.
    Future { boxed: bool },
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
                "`{}` has no body to watch; put {owner} on the implementations",
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
            ReturnType::Type(_, ty) => shape_of(ty).unwrap_or(Shape::Plain),
            ReturnType::Default => Shape::Plain,
        }
    }

    /// What the caller ends up with: for futures, their output.
    pub(crate) fn output(&self) -> Output {
        let ReturnType::Type(_, ty) = &self.signature.output else { return Output::Unit };
        match self.shape() {
            Shape::Plain | Shape::Async => output_of(ty),
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

/// Whether a type has parts that a body cannot name.
pub(crate) fn has_unnameable(ty: &Type) -> bool {
    fn search(tokens: TokenStream) -> bool {
        tokens.into_iter().any(|token| match token {
            TokenTree::Ident(ident) => ident == "_",
            TokenTree::Group(group) => search(group.stream()),
            _ => false,
        })
    }
    search(ty.to_token_stream())
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
        ("let", "a `let` statement: make a span by hand, `spanwright::Span::new(\"name\")`"),
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
            "{owner} goes on functions, this is a closure: make a span by hand, \
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

fn output_of(ty: &Type) -> Output {
    match ty {
        Type::Never(_) => Output::Never,
        Type::Tuple(tuple) if tuple.elems.is_empty() => Output::Unit,
        Type::Group(group) => output_of(&group.elem),
        Type::Paren(paren) => output_of(&paren.elem),
        other => Output::Value(Box::new(nameable(other))),
    }
}

/// The type with `_` for every `impl Trait`.
fn nameable(ty: &Type) -> Type {
    struct Eraser;
    impl VisitMut for Eraser {
        fn visit_type_mut(&mut self, ty: &mut Type) {
            match ty {
                Type::ImplTrait(_) => *ty = parse_quote!(_),
                _ => visit_mut::visit_type_mut(self, ty),
            }
        }
    }
    let mut ty = ty.clone();
    Eraser.visit_type_mut(&mut ty);
    ty
}

/// `impl Future` with nothing that a wrapper would lose, or `Pin<Box<dyn Future>>`.
fn shape_of(ty: &Type) -> Option<Shape> {
    match ty {
        Type::Group(group) => shape_of(&group.elem),
        Type::Paren(paren) => shape_of(&paren.elem),
        Type::ImplTrait(it) => {
            future_of(&it.bounds)?;
            let boxed = it.bounds.iter().any(|bound| is_trait(bound, &["Unpin"]));
            it.bounds.iter().all(survives_wrapping).then_some(Shape::Future { boxed })
        }
        Type::Path(_) => boxed_output(ty).map(|_| Shape::Future { boxed: true }),
        _ => None,
    }
}

fn future_output(ty: &Type) -> Output {
    let output = match ty {
        Type::Group(group) => return future_output(&group.elem),
        Type::Paren(paren) => return future_output(&paren.elem),
        Type::ImplTrait(it) => future_of(&it.bounds),
        other => boxed_output(other),
    };
    output.map_or_else(|| Output::Value(Box::new(parse_quote!(_))), |ty| output_of(&ty))
}

/// The output of the future in `Pin<Box<dyn Future<Output = T>>>` and the two aliases that the
/// `futures` crate gives it.
fn boxed_output(ty: &Type) -> Option<Type> {
    let segment = last_segment(ty)?;
    match segment.ident.to_string().as_str() {
        "Pin" => {
            let inner = first_type(segment)?;
            let inner = last_segment(inner).filter(|it| it.ident == "Box").and_then(first_type)?;
            match inner {
                Type::TraitObject(it) => future_of(&it.bounds),
                Type::ImplTrait(it) => future_of(&it.bounds),
                _ => None,
            }
        }
        "BoxFuture" | "LocalBoxFuture" => first_type(segment).cloned(),
        _ => None,
    }
}

fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match ty {
        Type::Path(path) => path.path.segments.last(),
        Type::Group(group) => last_segment(&group.elem),
        _ => None,
    }
}

fn first_type(segment: &PathSegment) -> Option<&Type> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(Type::Group(group)) => Some(&*group.elem),
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// The `T` of a bound `Future<Output = T>`; `_` when the bound leaves it open.
fn future_of(bounds: &Punctuated<TypeParamBound, Token![+]>) -> Option<Type> {
    bounds.iter().find_map(|bound| {
        let TypeParamBound::Trait(bound) = bound else { return None };
        let segment = bound.path.segments.last().filter(|it| it.ident == "Future")?;
        let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
            return Some(parse_quote!(_));
        };
        arguments.args.iter().find_map(|argument| match argument {
            GenericArgument::AssocType(it) if it.ident == "Output" => Some(it.ty.clone()),
            _ => None,
        })
    })
}

fn survives_wrapping(bound: &TypeParamBound) -> bool {
    match bound {
        TypeParamBound::Trait(_) => is_trait(bound, &["Future", "Send", "Unpin"]),
        _ => true,
    }
}

fn is_trait(bound: &TypeParamBound, names: &[&str]) -> bool {
    let TypeParamBound::Trait(bound) = bound else { return false };
    bound.path.segments.last().is_some_and(|it| names.iter().any(|name| it.ident == name))
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
