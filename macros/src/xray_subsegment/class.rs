//! `class = ..`: the class of the function's errors, which overrides that of their type.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{Expr, ExprLit};

use crate::args::{self, Arg};
use crate::body;
use crate::callsite::{Words, choose, optional, variant};
use crate::errors::Errors;
use crate::expression;
use crate::function::Function;
use crate::parameters;
use crate::paths::Paths;

const CLASSES: Words =
    &[("fault", "Fault"), ("error", "Error"), ("throttle", "Throttle"), ("ignored", "Ignored")];

/// The class of an error.
pub(super) struct Classification {
    /// The word `class`, at its place.
    word: Ident,
    by: By,
    /// The names of the function's parameters.
    parameters: Vec<String>,
}

enum By {
    /// Always the same: a variant of the runtime's type.
    Word(&'static str),
    /// The result of a function of the error.
    Function(Expr),
}

/// The last word of `ErrorClass::Fault`.
fn variant_of(expression: &Expr) -> Option<String> {
    if let Expr::Group(group) = expression {
        return variant_of(&group.expr);
    }
    let Expr::Path(path) = expression else { return None };
    let mut words = path.path.segments.iter().rev();
    let variant = words.next()?.ident.to_string();
    words.next().is_some_and(|it| it.ident == "ErrorClass").then_some(variant)
}

impl Classification {
    /// Reads `class = "error"`, `class = ErrorClass::Error` or `class = |err| err.class()`.
    pub(super) fn parse(arg: Arg, errors: &mut Errors) -> Option<Self> {
        let word = Ident::new(arg.key, arg.span);
        let expression = arg.expression("class = \"error\"", errors)?;
        let text = args::text(&expression).or_else(|| variant_of(&expression));
        if text.is_some() || matches!(expression, Expr::Lit(ExprLit { .. })) {
            let variant = choose(CLASSES, "a class of errors", &expression, text, errors)?;
            return Some(Self { word, by: By::Word(variant), parameters: Vec::new() });
        }
        expression::check_stays_inside(&expression, expression::LATE, errors);
        Some(Self { word, by: By::Function(expression), parameters: Vec::new() })
    }

    /// Checks the argument against the function.
    pub(super) fn check(&mut self, function: &Function, errors: &mut Errors) {
        body::check_can_fail(&self.word, function, errors);
        self.parameters = parameters::scope(&function.signature);
    }

    /// The parameters that the function of the error uses, each at its first use.
    pub(super) fn late(&self) -> Vec<Ident> {
        let By::Function(function) = &self.by else { return Vec::new() };
        expression::first_uses(&std::iter::once(function), &self.parameters)
    }

    /// The word `class`, at its place.
    pub(super) fn word(&self) -> &Ident {
        &self.word
    }

    /// Everything the user wrote that is worked out at run time.
    pub(super) fn expressions(&self) -> TokenStream {
        match &self.by {
            By::Word(_) => TokenStream::new(),
            By::Function(function) => function.to_token_stream(),
        }
    }

    /// The class of the error: an expression of type `Option<ErrorClass>`.
    // Input:  |err| err.class()
    // Output: class_by(error, |err| err.class())
    pub(super) fn tokens(&self, paths: &Paths) -> TokenStream {
        let (private, site) = (paths.private(), Span::mixed_site());
        match &self.by {
            By::Word(word) => optional(Some(&variant(&private, "ErrorClass", word)), &private),
            By::Function(function) => {
                quote_spanned!(site=> #private::class_by(__spanwright_error, #function))
            }
        }
    }
}
