//! The returned type of a function, as far as its spelling shows what it is.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::visit_mut::{self, VisitMut};
use syn::{GenericArgument, PathArguments, PathSegment, Token, Type, TypeParamBound, parse_quote};

use crate::function::{Boxed, Output, Shape};

/// Returns true if a type has parts that a body cannot name.
pub(crate) fn has_unnameable(ty: &Type) -> bool {
    fn search(tokens: TokenStream) -> bool {
        // The `_` of a lifetime can be named.
        let mut is_lifetime = false;
        tokens.into_iter().any(|token| {
            let was_lifetime = is_lifetime;
            is_lifetime = matches!(&token, TokenTree::Punct(sign) if sign.as_char() == '\'');
            match token {
                TokenTree::Ident(ident) => !was_lifetime && ident == "_",
                TokenTree::Group(group) => search(group.stream()),
                _ => false,
            }
        })
    }
    search(ty.to_token_stream())
}

pub(crate) fn output_of(ty: &Type) -> Output {
    match ty {
        Type::Never(_) => Output::Never,
        Type::Tuple(tuple) if tuple.elems.is_empty() => Output::Unit,
        Type::Group(group) => output_of(&group.elem),
        Type::Paren(paren) => output_of(&paren.elem),
        other => Output::Value(Box::new(nameable(other))),
    }
}

/// The type with `_` for every `impl Trait`.
pub(crate) fn nameable(ty: &Type) -> Type {
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

/// The shape of a function without `async`, by what it returns.
pub(crate) fn shape_of(ty: &Type) -> Shape {
    match ty {
        Type::Group(group) => shape_of(&group.elem),
        Type::Paren(paren) => shape_of(&paren.elem),
        Type::ImplTrait(it) if future_of(&it.bounds).is_some() => {
            Shape::Future { boxed: Boxed::Not }
        }
        Type::Path(_) => match boxed_output(ty) {
            Some((boxed, _)) => Shape::Future { boxed },
            None if is_primitive(ty) || is_named_value(ty) => Shape::Plain,
            None if has_unnameable(&nameable(ty)) => Shape::Plain,
            None => Shape::ByType,
        },
        Type::Macro(_) => Shape::ByType,
        _ => Shape::Plain,
    }
}

/// True for types that have the name of a type of the standard library which is no future.
pub(crate) fn is_named_value(ty: &Type) -> bool {
    const VALUES: &[&str] = &[
        "Arc",
        "BTreeMap",
        "BTreeSet",
        "Cow",
        "Duration",
        "HashMap",
        "HashSet",
        "Instant",
        "Option",
        "Ordering",
        "PathBuf",
        "Rc",
        "Result",
        "String",
        "SystemTime",
        "Vec",
    ];
    is_one_of(ty, VALUES)
}

/// True for types of the language, which no alias is called like.
fn is_primitive(ty: &Type) -> bool {
    const PRIMITIVES: &[&str] = &[
        "bool", "char", "f32", "f64", "i128", "i16", "i32", "i64", "i8", "isize", "str", "u128",
        "u16", "u32", "u64", "u8", "usize",
    ];
    is_one_of(ty, PRIMITIVES)
}

fn is_one_of(ty: &Type, names: &[&str]) -> bool {
    let name = last_segment(ty).map(|segment| segment.ident.to_string());
    !is_associated(ty) && name.is_some_and(|name| names.contains(&name.as_str()))
}

/// True for `<T as Trait>::Name`, `Self::Name` and `T::Name`.
pub(crate) fn is_associated(ty: &Type) -> bool {
    match ty {
        Type::Path(path) if path.qself.is_some() => true,
        Type::Path(path) => {
            let segments = &path.path.segments;
            let first = segments.first().map(|segment| segment.ident.to_string());
            // Modules are in lower case.
            segments.len() > 1 && first.is_some_and(|it| it.starts_with(char::is_uppercase))
        }
        Type::Group(group) => is_associated(&group.elem),
        Type::Paren(paren) => is_associated(&paren.elem),
        _ => false,
    }
}

pub(crate) fn future_output(ty: &Type) -> Output {
    let output = match ty {
        Type::Group(group) => return future_output(&group.elem),
        Type::Paren(paren) => return future_output(&paren.elem),
        Type::ImplTrait(it) => future_of(&it.bounds),
        other => boxed_output(other).map(|(_, output)| output),
    };
    output.map_or_else(|| Output::Value(Box::new(parse_quote!(_))), |ty| output_of(&ty))
}

/// The output of the future in `Pin<Box<dyn Future<Output = T>>>` or in a plain box; an alias is
/// judged by its type.
fn boxed_output(ty: &Type) -> Option<(Boxed, Type)> {
    let within = |ty, name| last_segment(ty).filter(|it| it.ident == name).and_then(first_type);
    let (boxed, inner) = match within(ty, "Pin") {
        Some(pinned) => (Boxed::Pinned, within(pinned, "Box")?),
        None => (Boxed::Unpinned, within(ty, "Box")?),
    };
    let output = match inner {
        Type::TraitObject(it) => future_of(&it.bounds),
        Type::ImplTrait(it) => future_of(&it.bounds),
        _ => None,
    };
    Some((boxed, output?))
}

/// Returns a bound of `impl Trait` that hides the output of a future.
///
/// Other traits may be called so and be no futures, so only those that the crates of the field
/// export are known.
pub(crate) fn hidden_future(ty: &Type) -> Option<&TypeParamBound> {
    const FUTURES: &[&str] = &["TryFuture", "FusedFuture", "TryFusedFuture"];
    let is_future = |bound: &&TypeParamBound| match bound {
        TypeParamBound::Trait(it) => (it.path.segments.last())
            .is_some_and(|it| FUTURES.iter().any(|known| it.ident == known)),
        _ => false,
    };
    match ty {
        Type::ImplTrait(it) if future_of(&it.bounds).is_none() => it.bounds.iter().find(is_future),
        Type::Path(_) => {
            let is_box = |it: &&PathSegment| it.ident == "Pin" || it.ident == "Box";
            last_segment(ty).filter(is_box).and_then(first_type).and_then(hidden_future)
        }
        Type::Group(group) => hidden_future(&group.elem),
        Type::Paren(paren) => hidden_future(&paren.elem),
        _ => None,
    }
}

/// True if an `impl Future` has bounds that a covering future may not have.
pub(crate) fn has_other_bounds(ty: &Type) -> bool {
    const KEPT: &[&str] = &["Future", "Send", "Sync", "Unpin", "UnwindSafe", "RefUnwindSafe"];
    let is_other = |bound: &TypeParamBound| match bound {
        TypeParamBound::Trait(it) => {
            it.path.segments.last().is_none_or(|it| KEPT.iter().all(|kept| it.ident != kept))
        }
        _ => false,
    };
    match ty {
        Type::ImplTrait(it) => it.bounds.iter().any(is_other),
        Type::Group(group) => has_other_bounds(&group.elem),
        Type::Paren(paren) => has_other_bounds(&paren.elem),
        _ => false,
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
