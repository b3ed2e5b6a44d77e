//! `level = ..`: how bad a failure is.
//!
//! In: a word, or a function of the error. Out: the level in the site, or the statement that sets
//! it. Never: decides whether a failure is reported.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::Expr;

use super::scope::{self, Scope};
use crate::args::{self, Arg};
use crate::body;
use crate::callsite::{Words, choose, optional, variant};
use crate::errors::Errors;
use crate::paths::Paths;

const LEVELS: Words = &[
    ("debug", "Debug"),
    ("info", "Info"),
    ("warning", "Warning"),
    ("error", "Error"),
    ("critical", "Critical"),
];

/// What others call the levels.
const SYNONYMS: &[(&str, &str)] = &[
    ("crit", "critical"),
    ("emergency", "critical"),
    ("err", "error"),
    ("fatal", "critical"),
    ("notice", "info"),
    ("trace", "debug"),
    ("warn", "warning"),
];

/// How bad a failure is.
#[derive(Default)]
pub(super) enum Level {
    /// As bad as whoever else reports it says.
    #[default]
    Unsaid,
    /// Always the same: a variant of the runtime's type.
    Word(&'static str),
    /// What a function says of the error.
    Function(Expr),
}

impl Level {
    /// Reads `level = "warning"`, `level = Severity::Warning` or `level = |err| err.severity()`.
    pub(super) fn parse(arg: Arg, errors: &mut Errors) -> Self {
        let Some(expression) = arg.expression("level = \"warning\"", errors) else {
            return Self::default();
        };
        let written = args::word(&expression).map(|word| word.to_lowercase());
        let synonym = SYNONYMS.iter().find(|(word, _)| written.as_deref() == Some(word));
        if let Some((_, instead)) = synonym {
            let found = expression.to_token_stream();
            let message = format!("`{found}` is not a level; did you mean `{instead}`?");
            errors.on(expression, message);
            return Self::default();
        }
        let is_word = LEVELS.iter().any(|(word, _)| written.as_deref() == Some(word));
        if scope::is_function(&expression) && !is_word {
            return Self::Function(expression);
        }
        if written.is_none() && !matches!(expression, Expr::Lit(_)) {
            errors
                .on(expression, "a level is a word or a function of the error: `level = |err| ..`");
            return Self::default();
        }
        choose(LEVELS, "a level", &expression, written, errors)
            .map_or_else(Self::default, Self::Word)
    }

    /// Whether nothing is asked of the error.
    pub(super) fn is_known(&self) -> bool {
        !matches!(self, Self::Function(_))
    }

    pub(super) fn check(&self, scope: &Scope, errors: &mut Errors) {
        if let Self::Function(function) = self {
            scope.check_function(function, errors);
        }
    }

    /// The level, if it is known at compile time.
    pub(super) fn tokens(&self, paths: &Paths) -> TokenStream {
        let private = paths.private();
        let severity = match self {
            Self::Word(word) => Some(variant(&private, "Severity", word)),
            Self::Unsaid | Self::Function(_) => None,
        };
        optional(severity.as_ref(), &private)
    }

    /// The statement that sets the level by the error.
    // Output: report.set_severity(severity_by(error, |err| ..));
    pub(super) fn statement(&self, paths: &Paths) -> TokenStream {
        let Self::Function(function) = self else { return TokenStream::new() };
        let (private, report, ty) = (paths.private(), body::report(), body::report_type(paths));
        quote_spanned!(Span::mixed_site()=>
            #ty::set_severity(
                #report,
                #private::severity_by(__spanwright_error, #function),
            );
        )
    }
}
