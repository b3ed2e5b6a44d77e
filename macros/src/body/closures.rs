//! Closures that a function returns as `impl Fn(..)`: their parameters keep the types of the
//! signature.
//!
//! The compiler takes the types of `|text| text.len()` from the function's return type, which a
//! body in a closure or an `async` block no longer sees. So each returned closure is passed through
//! a generic function with the written bounds. That function is an item, which cannot name the
//! parameters of the function around it: the types in the bounds become parameters of its own.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Block, BoundLifetimes, Expr, GenericArgument, Item, Lifetime, PathArguments, ReturnType, Stmt,
    Token, Type, TypeParamBound,
};

use crate::returned::nameable;

/// A body whose returned closures know their types, and the functions that they are passed through.
pub(super) struct Typed {
    pub(super) items: TokenStream,
    pub(super) body: Group,
}

/// Passes the closures that `body` returns as `returned` through functions with its bounds.
///
/// Returns `None` where there is no such closure, or the body does not parse.
pub(super) fn typed(body: &Group, returned: &Type) -> Option<Typed> {
    let mut bounds = Vec::new();
    collect(returned, &mut bounds);
    if bounds.is_empty() {
        return None;
    }
    let mut block = Block {
        brace_token: syn::token::Brace(body.span()),
        stmts: Block::parse_within.parse2(body.stream()).ok()?,
    };
    let helpers: Vec<_> = bounds.iter().enumerate().map(|(at, it)| Helper::new(at, it)).collect();
    let mut returns = Returns { returned, helpers: &helpers, found: false };
    returns.block(&mut block, returned, 0);
    returns.visit_block_mut(&mut block);
    if !returns.found {
        return None;
    }
    let items = helpers.iter().map(|helper| helper.item.clone()).collect();
    let stmts = &block.stmts;
    let mut typed = Group::new(Delimiter::Brace, quote!(#(#stmts)*));
    typed.set_span(body.span());
    Some(Typed { items, body: typed })
}

type Bounds = Punctuated<TypeParamBound, Token![+]>;

/// The bounds of each `impl Trait` that an expression may have as its expected type.
fn collect<'a>(ty: &'a Type, bounds: &mut Vec<&'a Bounds>) {
    match ty {
        Type::ImplTrait(it) => bounds.push(&it.bounds),
        Type::Tuple(tuple) => tuple.elems.iter().for_each(|ty| collect(ty, bounds)),
        Type::Group(group) => collect(&group.elem, bounds),
        Type::Paren(paren) => collect(&paren.elem, bounds),
        _ => {}
    }
}

/// The function that a closure is passed through.
struct Helper {
    item: TokenStream,
    /// Its path, with the types of the bounds.
    path: TokenStream,
}

impl Helper {
    // Input:  Fn(&str, T) -> usize + 'a
    // Output: fn bounded<F, T0: ?Sized, T1, T2>(closure: F) -> F where F: Fn(&T0, T1) -> T2 { closure }
    //         bounded::<_, str, T, usize>
    fn new(index: usize, bounds: &Bounds) -> Self {
        let site = Span::mixed_site();
        let name = Ident::new(&format!("__spanwright_bounded{index}"), site);
        let mut parameters = Parameters::default();
        let bounds: Vec<_> = bounds.iter().filter_map(|it| parameters.bound(it)).collect();
        let Parameters { lifetimes, names, types, .. } = parameters;
        let item = quote_spanned!(site=>
            fn #name<#(#lifetimes,)* __SpanwrightClosure, #(#names),*>(
                closure: __SpanwrightClosure,
            ) -> __SpanwrightClosure
            where
                __SpanwrightClosure: #(#bounds)+*
            {
                closure
            }
        );
        Self { item, path: quote_spanned!(site=> #name::<_, #(#types),*>) }
    }
}

/// Parameters that stand for the lifetimes and types of bounds.
#[derive(Default)]
struct Parameters {
    lifetimes: Vec<Lifetime>,
    /// Each with `?Sized` where it may be unsized.
    names: Vec<TokenStream>,
    types: Vec<Type>,
    /// Lifetimes of the `for<..>` around the part that is read.
    bound: Vec<Lifetime>,
}

impl Parameters {
    /// The bound, unless closures do not learn from it.
    fn bound(&mut self, bound: &TypeParamBound) -> Option<TypeParamBound> {
        let TypeParamBound::Trait(it) = bound else { return None };
        if it.maybe.is_some() {
            return None;
        }
        let mut it = it.clone();
        let count = self.bound.len();
        if let Some(BoundLifetimes { lifetimes, .. }) = &it.lifetimes {
            let names = lifetimes.iter().filter_map(|it| match it {
                syn::GenericParam::Lifetime(it) => Some(it.lifetime.clone()),
                _ => None,
            });
            self.bound.extend(names);
        }
        for segment in &mut it.path.segments {
            self.arguments(&mut segment.arguments, true);
        }
        self.bound.truncate(count);
        Some(TypeParamBound::Trait(it))
    }

    fn arguments(&mut self, arguments: &mut PathArguments, is_trait: bool) {
        match arguments {
            PathArguments::None => {}
            PathArguments::Parenthesized(it) => {
                it.inputs.iter_mut().for_each(|input| self.replace(&mut input.ty, false));
                if let ReturnType::Type(_, ty) = &mut it.output {
                    self.replace(ty, false);
                }
            }
            PathArguments::AngleBracketed(it) => {
                for argument in &mut it.args {
                    match argument {
                        GenericArgument::Type(ty) => self.replace(ty, false),
                        GenericArgument::AssocType(it) => self.replace(&mut it.ty, false),
                        GenericArgument::Lifetime(it) if is_trait && !self.is_kept(it) => {
                            let name = format!("'__spanwright{}", self.lifetimes.len());
                            *it = Lifetime::new(&name, Span::mixed_site());
                            self.lifetimes.push(it.clone());
                        }
                        _ => {}
                    }
                }
            }
        }
    }

    fn is_kept(&self, lifetime: &Lifetime) -> bool {
        lifetime.ident == "static" || self.bound.contains(lifetime)
    }

    /// Puts a parameter in the place of the type, or in the places of its parts where lifetimes
    /// that belong to the bound itself are around them.
    fn replace(&mut self, ty: &mut Type, may_be_unsized: bool) {
        match ty {
            Type::Reference(it) if it.lifetime.as_ref().is_none_or(|it| self.is_open(it)) => {
                self.replace(&mut it.elem, true);
            }
            Type::Slice(it) => self.replace(&mut it.elem, false),
            Type::Tuple(it) => it.elems.iter_mut().for_each(|ty| self.replace(ty, false)),
            Type::Group(it) => self.replace(&mut it.elem, may_be_unsized),
            Type::Paren(it) => self.replace(&mut it.elem, may_be_unsized),
            Type::Never(_) => {}
            Type::TraitObject(it) if may_be_unsized => {
                for bound in &mut it.bounds {
                    *bound = self.bound(bound).unwrap_or_else(|| bound.clone());
                }
            }
            Type::Path(it) if self.has_open(it.to_token_stream()) => {
                for segment in &mut it.path.segments {
                    self.arguments(&mut segment.arguments, false);
                }
            }
            other => {
                let name =
                    Ident::new(&format!("__Spanwright{}", self.names.len()), Span::mixed_site());
                self.types.push(nameable(other));
                *other = Type::Verbatim(name.to_token_stream());
                self.names.push(if may_be_unsized { quote!(#name: ?Sized) } else { quote!(#name) });
            }
        }
    }

    /// True for a lifetime that is chosen at each call of the closure.
    fn is_open(&self, lifetime: &Lifetime) -> bool {
        lifetime.ident == "_" || self.bound.contains(lifetime)
    }

    /// True if tokens of a path have such a lifetime, written or not.
    fn has_open(&self, tokens: TokenStream) -> bool {
        struct Search<'a>(&'a Parameters, bool);
        impl VisitMut for Search<'_> {
            fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
                self.1 |= self.0.is_open(lifetime);
            }

            fn visit_type_reference_mut(&mut self, it: &mut syn::TypeReference) {
                self.1 |= it.lifetime.is_none();
                visit_mut::visit_type_reference_mut(self, it);
            }

            fn visit_parenthesized_generic_arguments_mut(
                &mut self,
                _: &mut syn::ParenthesizedGenericArguments,
            ) {
            }
        }
        let mut search = Search(self, false);
        if let Ok(mut ty) = syn::parse2::<Type>(tokens) {
            search.visit_type_mut(&mut ty);
        }
        search.1
    }
}

/// Finds what a body returns.
struct Returns<'a> {
    returned: &'a Type,
    helpers: &'a [Helper],
    found: bool,
}

impl Returns<'_> {
    /// Looks at an expression whose value is returned as `ty`, whose first `impl Trait` is the one
    /// at `index`. The compiler does not look into branches either.
    fn tail(&mut self, expression: &mut Expr, ty: &Type, index: usize) {
        match (expression, ty) {
            (expression, Type::Group(group)) => self.tail(expression, &group.elem, index),
            (expression, Type::Paren(paren)) => self.tail(expression, &paren.elem, index),
            (Expr::Paren(it), ty) => self.tail(&mut it.expr, ty, index),
            (Expr::Group(it), ty) => self.tail(&mut it.expr, ty, index),
            (Expr::Block(it), ty) => self.block(&mut it.block, ty, index),
            (Expr::Unsafe(it), ty) => self.block(&mut it.block, ty, index),
            (Expr::Tuple(it), Type::Tuple(ty)) => {
                let mut index = index;
                for (expression, ty) in it.elems.iter_mut().zip(&ty.elems) {
                    self.tail(expression, ty, index);
                    let mut inside = Vec::new();
                    collect(ty, &mut inside);
                    index += inside.len();
                }
            }
            (expression @ Expr::Closure(_), Type::ImplTrait(_)) => {
                let Some(helper) = self.helpers.get(index) else { return };
                let path = &helper.path;
                *expression =
                    Expr::Verbatim(quote_spanned!(Span::mixed_site()=> #path(#expression)));
                self.found = true;
            }
            _ => {}
        }
    }

    fn block(&mut self, block: &mut Block, ty: &Type, index: usize) {
        if let Some(Stmt::Expr(last, None)) = block.stmts.last_mut() {
            self.tail(last, ty, index);
        }
    }
}

impl VisitMut for Returns<'_> {
    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        match expression {
            Expr::Closure(_) | Expr::Async(_) => {}
            Expr::Return(it) => {
                if let Some(value) = &mut it.expr {
                    self.visit_expr_mut(value);
                    self.tail(value, self.returned, 0);
                }
            }
            other => visit_mut::visit_expr_mut(self, other),
        }
    }

    fn visit_item_mut(&mut self, _: &mut Item) {}
}
