//! What a value can see: the arguments at the call, or the error when the call has failed.
//!
//! In: the user's expressions. Out: when they are worked out, and a message for what is not there
//! then. Never: lets an argument into a value of the error, since the body may have taken it.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::Expr;

use crate::errors::Errors;
use crate::expression;
use crate::function::Function;
use crate::parameters;

/// What a reference to the error is called.
pub(super) const ERR: &str = "err";

/// The arguments of a function.
pub(super) struct Scope(Vec<String>);

/// The place where `tokens` name the error, which makes them wait for it.
pub(super) fn named(tokens: &TokenStream) -> Option<Span> {
    expression::mention(tokens, ERR)
}

impl Scope {
    pub(super) fn of(function: &Function) -> Self {
        Self(parameters::scope(&function.signature))
    }

    /// Every name that a value may use.
    pub(super) fn names(&self) -> Vec<String> {
        self.0.iter().cloned().chain([ERR.to_owned()]).collect()
    }

    /// Whether an expression is nothing but a name that has a value only at run time.
    pub(super) fn has(&self, name: &str) -> bool {
        name == ERR || self.0.iter().any(|it| it == name)
    }

    /// What is worked out when the call has failed names no argument; `bound` are names of its own.
    pub(super) fn check_late(&self, tokens: &TokenStream, bound: &[String], errors: &mut Errors) {
        let is_argument = |name: &&String| *name != ERR && !bound.contains(name);
        for name in self.0.iter().filter(is_argument) {
            let Some(place) = expression::mention(tokens, name) else { continue };
            errors.at(
                place,
                format!(
                    "`{name}` may be moved before the call fails: an expression that uses the \
                     error cannot use arguments; record the argument as a separate value"
                ),
            );
        }
    }

    /// The same for a function of the error, and that it is one.
    pub(super) fn check_function(&self, function: &Expr, errors: &mut Errors) {
        let bound = match function {
            Expr::Closure(it) => it.inputs.iter().flat_map(parameters::bound).collect(),
            _ => Vec::new(),
        };
        self.check_late(&function.to_token_stream(), &bound, errors);
    }
}

/// Whether an expression can be a function: a closure or a path.
pub(super) fn is_function(expression: &Expr) -> bool {
    match expression {
        Expr::Closure(_) | Expr::Path(_) => true,
        Expr::Group(it) => is_function(&it.expr),
        Expr::Paren(it) => is_function(&it.expr),
        _ => false,
    }
}
