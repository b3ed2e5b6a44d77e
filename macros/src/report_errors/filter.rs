//! `when = ..` and `ignore(..)`: which errors are reported.
//!
//! In: a function of the error, patterns. Out: conditions that must all hold.
//! Never: lets a panic in one keep an error from its report.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::parse::ParseStream;
use syn::{Expr, Pat, Token};

use super::scope::{self, Scope};
use crate::args::{self, Arg};
use crate::errors::Errors;
use crate::expression;
use crate::parameters;
use crate::paths::Paths;

/// Which errors are reported.
#[derive(Default)]
pub(super) struct Filter {
    /// Says of an error whether it is reported.
    when: Option<Expr>,
    ignored: Vec<Ignored>,
}

/// Errors that are not reported.
struct Ignored {
    pattern: Pat,
    guard: Option<Expr>,
}

impl Filter {
    /// Takes one of the arguments.
    pub(super) fn add(&mut self, arg: Arg, errors: &mut Errors) {
        if arg.key == "when" { self.add_when(arg, errors) } else { self.add_ignored(arg, errors) }
    }

    /// Takes `when = |err| err.is_ours()`.
    fn add_when(&mut self, arg: Arg, errors: &mut Errors) {
        let Some(function) = arg.expression("when = |err| err.is_ours()", errors) else { return };
        if !scope::is_function(&function) {
            return errors.on(function, "`when` is a function of the error: `when = |err| ..`");
        }
        self.when = Some(function);
    }

    /// Takes `ignore(Error::NotFound(_), Error::Refused { code } if *code < 10)`.
    fn add_ignored(&mut self, arg: Arg, errors: &mut Errors) {
        const EXAMPLE: &str = "ignore(Error::NotFound(_))";
        let place = arg.span;
        let Some(list) = arg.list(EXAMPLE, errors) else { return };
        if list.is_empty() {
            return errors.at(place, format!("`ignore` needs patterns: `{EXAMPLE}`"));
        }
        args::separated(list, errors, |input, errors| {
            self.ignored.push(Ignored::parse(input, errors)?);
            Ok(())
        });
    }

    /// True if `when = ..` decides instead of the class of the error.
    pub(super) fn has_condition(&self) -> bool {
        self.when.is_some()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.when.is_none() && self.ignored.is_empty()
    }

    pub(super) fn check(&self, scope: &Scope, errors: &mut Errors) {
        if let Some(function) = &self.when {
            scope.check_function(function, errors);
        }
        for Ignored { pattern, guard } in &self.ignored {
            scope.check_late(&guard.to_token_stream(), &parameters::bound(pattern), errors);
        }
    }

    /// What must hold of an error.
    // Input:  when = ours, ignore(Error::NotFound(_))
    // Output: asks(error, ours)
    //         asks(error, |it| match it { Error::NotFound(_) => false, _ => true })
    pub(super) fn conditions(&self, paths: &Paths) -> Vec<TokenStream> {
        let (private, site) = (paths.private(), Span::mixed_site());
        let ask = |function: TokenStream| quote_spanned!(site=> #private::asks(__spanwright_error, #function));
        let when = self.when.as_ref().map(ToTokens::to_token_stream);
        let arms = self.ignored.iter().map(Ignored::arm);
        let ignore = (!self.ignored.is_empty()).then(|| {
            quote_spanned!(site=> |__spanwright_it| match __spanwright_it {
                #(#arms)*
                _ => true,
            })
        });
        when.into_iter().chain(ignore).map(ask).collect()
    }
}

impl Ignored {
    fn parse(input: ParseStream, errors: &mut Errors) -> syn::Result<Self> {
        let pattern = Pat::parse_multi_with_leading_vert(input)?;
        let guard = match input.parse::<Option<Token![if]>>()? {
            Some(_) => Some(input.parse()?),
            None => None,
        };
        if let Some(guard) = &guard {
            expression::check_stays_inside(guard, "", errors);
        }
        Ok(Self { pattern, guard })
    }

    fn arm(&self) -> TokenStream {
        let Self { pattern, guard } = self;
        let guard = guard.as_ref().map(|guard| quote!(if #guard));
        quote_spanned!(Span::mixed_site()=> #pattern #guard => false,)
    }
}
