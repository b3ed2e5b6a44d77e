//! What stands in front of a field: `#[redact]`, `#[when(..)]`, `#[annotation]` and others.
//!
//! In: outer attributes. Out: how the field is to be recorded, and when.
//! Never: passes on an attribute that it does not know.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Expr, Ident, LitInt, Path, Token};

use super::Mark;
use crate::errors::Errors;
use crate::expression;
use crate::suggest;

const NAMES: &[&str] = &["redact", "when", "cfg", "annotation", "allow_sensitive"];

/// How and when a field is recorded.
#[derive(Default)]
pub(super) struct Meta {
    pub(super) redaction: Option<Redaction>,
    pub(super) when: Option<Expr>,
    pub(super) cfgs: Vec<Attribute>,
    /// The word `annotation`, where it stands.
    pub(super) annotation: Option<Path>,
    pub(super) allow_sensitive: bool,
}

/// What is left of a value that must not be told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Redaction {
    Full,
    Hash,
    Last(usize),
}

impl Meta {
    pub(super) fn parse(input: ParseStream, errors: &mut Errors) -> syn::Result<Self> {
        let mut meta = Self::default();
        for attribute in input.call(Attribute::parse_outer)? {
            if let Err(error) = meta.add(attribute, errors) {
                errors.absorb(error);
            }
        }
        Ok(meta)
    }

    fn add(&mut self, attribute: Attribute, errors: &mut Errors) -> syn::Result<()> {
        let name = attribute.path().get_ident().map(Ident::to_string).unwrap_or_default();
        let repeated = match name.as_str() {
            "redact" => self.redaction.replace(Redaction::parse(&attribute)?).is_some(),
            "when" => {
                let condition: Expr = attribute.parse_args()?;
                expression::check_stays_inside(&condition, expression::LATE, errors);
                self.when.replace(condition).is_some()
            }
            "annotation" => {
                attribute.meta.require_path_only()?;
                self.annotation.replace(attribute.path().clone()).is_some()
            }
            "allow_sensitive" => {
                attribute.meta.require_path_only()?;
                std::mem::replace(&mut self.allow_sensitive, true)
            }
            "cfg" => {
                self.cfgs.push(attribute);
                return Ok(());
            }
            _ => {
                let hint = suggest::hint(&name, NAMES);
                errors.on(attribute.path(), format!("unknown mark on a field{hint}"));
                return Ok(());
            }
        };
        if repeated {
            errors.on(attribute.path(), format!("`{name}` is given twice"));
        }
        Ok(())
    }
}

impl Meta {
    /// What the field is, in a section whose fields are `section`.
    pub(super) fn mark(&self, section: &Mark, errors: &mut Errors) -> Mark {
        let Some(place) = &self.annotation else { return section.clone() };
        match section {
            Mark::Attribute | Mark::Annotated => return Mark::Annotated,
            Mark::Annotation => errors
                .on(place, "values in `annotations(..)` are annotations already: remove the mark"),
            Mark::Metadata(_) => errors
                .on(place, "metadata is not indexed: an annotation belongs in `annotations(..)`"),
            Mark::Reported => errors.on(
                place,
                "a report has no annotations: put it on `#[xray_subsegment]` or `#[traced]`",
            ),
        }
        section.clone()
    }
}

impl Redaction {
    fn parse(attribute: &Attribute) -> syn::Result<Self> {
        if matches!(attribute.meta, syn::Meta::Path(_)) {
            return Ok(Self::Full);
        }
        let list = attribute.meta.require_list()?;
        let choice = |input: ParseStream| {
            let word: Ident = input.parse()?;
            if word == "hash" {
                return Ok(Self::Hash);
            }
            if word == "last" {
                input.parse::<Token![=]>()?;
                return Ok(Self::Last(input.parse::<LitInt>()?.base10_parse()?));
            }
            let message = "expected `#[redact]`, `#[redact(hash)]` or `#[redact(last = 4)]`";
            Err(syn::Error::new(word.span(), message))
        };
        choice.parse2(list.tokens.clone())
    }

    pub(super) fn tokens(self, private: &TokenStream) -> TokenStream {
        let span = Span::mixed_site();
        match self {
            Self::Full => quote_spanned!(span=> #private::Redaction::Full),
            Self::Hash => quote_spanned!(span=> #private::Redaction::Hash),
            Self::Last(count) => quote_spanned!(span=> #private::Redaction::Last(#count)),
        }
    }
}
