//! `metadata(..)` and `metadata("namespace", ..)`: values that X-Ray shows and does not index.
//!
//! In: the tokens of each list. Out: fields that know their namespace.
//! Never: merges two lists of one namespace.

use proc_macro2::{Span, TokenStream};
use syn::parse::{ParseStream, Parser};
use syn::{LitStr, Token};

use super::{Field, Mark, segment};
use crate::errors::Errors;

/// The namespace where none is named, as X-Ray's own libraries call it.
const DEFAULT: &str = "default";

/// The lists of metadata in one use of a macro.
#[derive(Default)]
pub(crate) struct Metadata {
    fields: Vec<Field>,
    namespaces: Vec<String>,
}

impl Metadata {
    /// Reads one list, which `word` opens.
    pub(crate) fn add(&mut self, word: Span, tokens: TokenStream, errors: &mut Errors) {
        let (namespace, list) = match split.parse2(tokens) {
            Ok(parts) => parts,
            Err(error) => return errors.absorb(error),
        };
        if let Some(namespace) = &namespace {
            check_namespace(namespace, list.is_empty(), errors);
        }
        let place = namespace.as_ref().map_or(word, LitStr::span);
        let namespace = namespace.map_or_else(|| DEFAULT.to_owned(), |it| it.value());
        if self.namespaces.contains(&namespace) {
            errors.at(
                place,
                format!("the namespace `{namespace}` of `metadata` is given twice: join the lists"),
            );
        }
        self.fields.extend(super::parse(list, &Mark::Metadata(namespace.clone()), errors));
        self.namespaces.push(namespace);
    }

    /// The fields of all lists.
    pub(crate) fn into_fields(self) -> Vec<Field> {
        self.fields
    }
}

/// Takes the namespace off the front: a text that is not the key of a value.
fn split(input: ParseStream) -> syn::Result<(Option<LitStr>, TokenStream)> {
    if !input.peek(LitStr) || input.peek2(Token![=]) {
        return Ok((None, input.parse()?));
    }
    let namespace = input.parse()?;
    if !input.is_empty() {
        input.parse::<Token![,]>()?;
    }
    Ok((Some(namespace), input.parse()?))
}

fn check_namespace(namespace: &LitStr, is_alone: bool, errors: &mut Errors) {
    let name = namespace.value();
    if name.trim().is_empty() {
        errors.on(namespace, "a namespace cannot be empty");
    } else if let Some(instead) = segment::unreserved(&name) {
        errors.on(namespace, segment::reserved(&instead));
    } else if is_alone {
        errors.on(
            namespace,
            format!("the namespace `{name}` has no values: `metadata(\"{name}\", key = value)`"),
        );
    }
}
