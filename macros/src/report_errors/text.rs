//! `title`, `fingerprint` and `context`: texts about a whole report.
//!
//! In: the three arguments. Out: what is known at compile time, and values for the rest.
//! Never: takes an argument's name for a constant's.

use syn::{Expr, Ident};

use super::scope::Scope;
use super::values::Use;
use crate::args::{self, Arg};
use crate::errors::Errors;
use crate::field::{Field, Mark};

/// The macros that make a text at compile time.
const CONSTANT: &[&str] = &["concat", "env", "file", "include_str", "module_path", "stringify"];

/// The three arguments.
#[derive(Default)]
pub(super) struct Texts {
    pub(super) title: Option<Field>,
    pub(super) fingerprint: Option<Field>,
    pub(super) context: Option<Field>,
}

impl Texts {
    /// Takes one of the arguments.
    pub(super) fn add(&mut self, arg: Arg, errors: &mut Errors) {
        let word = Ident::new(arg.key, arg.span);
        let (slot, example) = match arg.key {
            "title" => (&mut self.title, "title = \"Checkout failed\""),
            "fingerprint" => (&mut self.fingerprint, "fingerprint = %err.code()"),
            _ => (&mut self.context, "context = \"checkout\""),
        };
        let Some((sigil, value)) = arg.formatted(example, errors) else { return };
        if args::text(&value).is_some_and(|text| text.trim().is_empty()) {
            return errors.on(&value, format!("`{word}` cannot be empty"));
        }
        if sigil.is_none() && matches!(value, Expr::Lit(_)) && args::text(&value).is_none() {
            return errors.on(&value, format!("`{word}` is a text: `{example}`"));
        }
        *slot = Some(Field::of_argument(&word, sigil.as_ref(), value, Mark::Reported, errors));
    }

    /// Leaves what is known at compile time; the rest is worked out at run time.
    pub(super) fn divide(self, scope: &Scope) -> (Self, Vec<(Field, Use)>) {
        let mut asked = Vec::new();
        let mut known = |field: Option<Field>, usage| {
            let field = field?;
            if field.is_typed() && is_constant(&field.value, scope) {
                return Some(field);
            }
            asked.push((field, usage));
            None
        };
        let texts = Self {
            title: known(self.title, Use::TITLE),
            fingerprint: known(self.fingerprint, Use::FINGERPRINT),
            context: known(self.context, Use::CONTEXT),
        };
        (texts, asked)
    }

    /// Whether none needs the compiler.
    pub(super) fn are_literal(&self) -> bool {
        let texts = [&self.title, &self.fingerprint, &self.context].into_iter().flatten();
        texts.map(|field| &field.value).all(|value| args::text(value).is_some())
    }
}

/// Whether an expression is a text or the path of a constant, as far as its spelling tells.
fn is_constant(value: &Expr, scope: &Scope) -> bool {
    match value {
        Expr::Lit(_) => true,
        Expr::Group(it) => is_constant(&it.expr, scope),
        Expr::Path(it) => !it
            .path
            .get_ident()
            .is_some_and(|name| scope.has(name.to_string().trim_start_matches("r#"))),
        Expr::Macro(it) => {
            let name = it.mac.path.segments.last().map(|it| it.ident.to_string());
            name.is_some_and(|name| CONSTANT.contains(&name.as_str()))
        }
        _ => false,
    }
}
