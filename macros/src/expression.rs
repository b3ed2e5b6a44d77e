//! Questions about the expressions that users write into attributes.
//!
//! In: an expression. Out: whether it leaves the function, whether it can run user code, how to
//! borrow it. Never: changes a token of it.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::ext::IdentExt;
use syn::visit::{self, Visit};
use syn::{Expr, ExprCall, ExprPath, Ident, Item, Macro, PatIdent, Token};

use crate::errors::Errors;

/// What to do about a value that is known late.
pub(crate) const LATE: &str =
    ": compute the value in the body and write `record!(key = value)` there";

/// The advice for a value of a report, which no statement in the body can add to.
pub(crate) const CALL: &str = ": call a function that returns the value";

/// A value is worked out beside the function, so it must not leave it: no `?`, `.await`,
/// `return`, `yield`, nor a `break` or `continue` out of itself. `advice` says what to do instead.
pub(crate) fn check_stays_inside(expression: &Expr, advice: &str, errors: &mut Errors) {
    let mut exits = Exits { errors, advice, loops: 0 };
    exits.visit_expr(expression);
}

struct Exits<'a> {
    errors: &'a mut Errors,
    advice: &'a str,
    loops: usize,
}

impl Exits<'_> {
    fn found(&mut self, span: Span, what: &str) {
        let advice = self.advice;
        self.errors.at(span, format!("an attribute value cannot contain `{what}`{advice}"));
    }

    fn inside_loop(&mut self, visit: impl FnOnce(&mut Self)) {
        self.loops += 1;
        visit(self);
        self.loops -= 1;
    }
}

impl<'ast> Visit<'ast> for Exits<'_> {
    fn visit_expr(&mut self, expression: &'ast Expr) {
        match expression {
            Expr::Try(it) => self.found(it.question_token.span, "?"),
            Expr::Await(it) => self.found(it.await_token.span, ".await"),
            Expr::Return(it) => self.found(it.return_token.span, "return"),
            Expr::Yield(it) => self.found(it.yield_token.span, "yield"),
            Expr::Break(it) if self.loops == 0 => self.found(it.break_token.span, "break"),
            Expr::Continue(it) if self.loops == 0 => self.found(it.continue_token.span, "continue"),
            Expr::Closure(_) | Expr::Async(_) => {}
            Expr::Loop(_) | Expr::While(_) | Expr::ForLoop(_) => {
                self.inside_loop(|exits| visit::visit_expr(exits, expression));
            }
            Expr::Block(it) if it.label.is_some() => {
                self.inside_loop(|exits| visit::visit_expr(exits, expression));
            }
            other => visit::visit_expr(self, other),
        }
    }

    fn visit_item(&mut self, _: &'ast Item) {}
}

/// True if evaluating the expression runs no code that could panic.
pub(crate) fn is_plain(expression: &Expr) -> bool {
    match expression {
        Expr::Lit(_) | Expr::Path(_) => true,
        // A field of a static, or of a field, may be reached through `LazyLock`, whose first use
        // runs code of the application. One level below a variable is the common case, which a guard
        // would slow down.
        Expr::Field(it) => is_variable(&it.base),
        Expr::Reference(it) => is_plain(&it.expr),
        Expr::Paren(it) => is_plain(&it.expr),
        Expr::Group(it) => is_plain(&it.expr),
        _ => false,
    }
}

/// True for a name that is not written as the name of a static is.
fn is_variable(expression: &Expr) -> bool {
    match expression {
        Expr::Path(it) => it
            .path
            .get_ident()
            .is_some_and(|name| !name.unraw().to_string().starts_with(char::is_uppercase)),
        Expr::Paren(it) => is_variable(&it.expr),
        Expr::Group(it) => is_variable(&it.expr),
        _ => false,
    }
}

/// Statements that run if a condition holds.
///
/// An `if` would count in what clippy calls the cognitive complexity of the user's function.
// Output: let _ = condition && { statements; true };
pub(crate) fn run_if(condition: &TokenStream, statements: &TokenStream) -> TokenStream {
    quote_spanned!(Span::mixed_site()=> let _ = #condition && { #statements true };)
}

/// `&expression`, with parentheses where `&` would bind too tightly, and none elsewhere: they would
/// shrink the place a type error points to.
pub(crate) fn borrowed(expression: &Expr) -> TokenStream {
    let span = first_span(expression).resolved_at(Span::mixed_site());
    match expression {
        Expr::Array(_)
        | Expr::Block(_)
        | Expr::Call(_)
        | Expr::Field(_)
        | Expr::Index(_)
        | Expr::Lit(_)
        | Expr::Macro(_)
        | Expr::MethodCall(_)
        | Expr::Paren(_)
        | Expr::Path(_)
        | Expr::Reference(_)
        | Expr::Tuple(_) => quote_spanned!(span=> &#expression),
        _ => quote_spanned!(span=> &(#expression)),
    }
}

/// The place of the first token.
pub(crate) fn first_span(tokens: &impl ToTokens) -> Span {
    let first = tokens.to_token_stream().into_iter().next();
    first.map_or_else(Span::call_site, |token| token.span())
}

/// Whether `tokens` name the variable `name`, also within a format string.
pub(crate) fn mentions(tokens: &TokenStream, name: &str) -> bool {
    mention(tokens, name).is_some()
}

/// The first place where `tokens` name the variable `name`.
pub(crate) fn mention(tokens: &TokenStream, name: &str) -> Option<Span> {
    // How many dots stand before the token: after one comes a field or a method, after two an end.
    let mut dots = 0;
    for token in tokens.clone() {
        let found = match &token {
            TokenTree::Ident(ident) => {
                dots != 1 && ident.to_string().trim_start_matches("r#") == name
            }
            TokenTree::Group(group) => {
                if let Some(place) = mention(&group.stream(), name) {
                    return Some(place);
                }
                false
            }
            TokenTree::Literal(literal) => formats(&literal.to_string(), name),
            TokenTree::Punct(_) => false,
        };
        if found {
            return Some(token.span());
        }
        let is_dot = matches!(&token, TokenTree::Punct(sign) if sign.as_char() == '.');
        dots = if is_dot { dots + 1 } else { 0 };
    }
    None
}

/// Whether a format string formats the variable `name`, or takes a width from it.
fn formats(literal: &str, name: &str) -> bool {
    [format!("{{{name}}}"), format!("{{{name}:"), format!("{name}$")]
        .iter()
        .any(|part| literal.contains(part))
}

/// The first use of each of the variables `names` in expressions.
pub(crate) fn first_uses<'a>(
    expressions: &(impl Iterator<Item = &'a Expr> + Clone),
    names: &[String],
) -> Vec<Ident> {
    let first_use = |name: &String| expressions.clone().find_map(|it| variable(it, name));
    names.iter().filter_map(first_use).collect()
}

/// The first use of the variable `name` of its surroundings in an expression.
///
/// A name that the expression binds itself, and a function that is called, are no such use.
pub(crate) fn variable(expression: &Expr, name: &str) -> Option<Ident> {
    let mut search = Variable { name, found: None, is_bound: false };
    search.visit_expr(expression);
    search.found.filter(|_| !search.is_bound)
}

struct Variable<'a> {
    name: &'a str,
    found: Option<Ident>,
    is_bound: bool,
}

impl<'ast> Visit<'ast> for Variable<'_> {
    fn visit_expr_call(&mut self, it: &'ast ExprCall) {
        if !matches!(*it.func, Expr::Path(_)) {
            self.visit_expr(&it.func);
        }
        it.args.iter().for_each(|argument| self.visit_expr(argument));
    }

    fn visit_expr_path(&mut self, it: &'ast ExprPath) {
        if let Some(found) = it.path.get_ident().filter(|it| it.unraw() == self.name) {
            self.found.get_or_insert_with(|| found.clone());
        }
    }

    fn visit_macro(&mut self, it: &'ast Macro) {
        let place = mention(&it.tokens, self.name);
        let found = place.map(|place| match self.name {
            "self" => Token![self](place).into(),
            name => Ident::new(name, place),
        });
        self.found = self.found.take().or(found);
    }

    fn visit_pat_ident(&mut self, it: &'ast PatIdent) {
        self.is_bound |= it.ident.unraw() == self.name;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    fn mistakes(source: &str) -> usize {
        let mut errors = Errors::default();
        check_stays_inside(
            &syn::parse_str(source).expect("the case is an expression"),
            LATE,
            &mut errors,
        );
        let tokens = errors.finish().unwrap_or_default().to_string();
        tokens.matches("compile_error").count()
    }

    #[test]
    fn only_what_leaves_the_value_is_a_mistake() {
        for (source, expected) in [
            ("a.b(c)", 0),
            ("a? + b?", 2),
            ("f().await", 1),
            ("{ return 1; }", 1),
            ("loop { break 1 }", 0),
            ("if x { break } else { 1 }", 1),
            ("items.iter().map(|item| { return item.id; }).count()", 0),
            ("async { f().await? }", 0),
        ] {
            assert_eq!(mistakes(source), expected, "{source}");
        }
    }

    #[test]
    fn field_of_a_static_or_of_a_field_is_not_plain() {
        let is_plain = |source| is_plain(&syn::parse_str(source).expect("it is an expression"));
        for source in ["1", "user", "&user.id", "self.0", "CONFIG", "app::CONFIG"] {
            assert!(is_plain(source), "{source}");
        }
        for source in
            ["user.id()", "CONFIG.name", "app::CONFIG.name", "self.config.name", "a.0.1", "*user"]
        {
            assert!(!is_plain(source), "{source}");
        }
    }

    #[test]
    fn a_variable_is_found_as_a_name_and_inside_a_format_string() {
        assert!(mentions(&quote!(f(&user.id)), "user"));
        assert!(mentions(&quote!(format!("{user:?}")), "user"));
        assert!(mentions(&quote!(r#type), "type"));
        assert!(!mentions(&quote!(format!("user {}", id)), "user"));
        assert!(!mentions(&quote!(format!("{username}")), "user"));
        assert!(mentions(&quote!(format!("{id:user$}")), "user"));
    }

    #[test]
    fn a_field_or_a_method_is_not_a_variable() {
        assert!(!mentions(&quote!(f(self.err.code, x.err())), "err"));
        assert!(mentions(&quote!(&codes[..err]), "err"));
        assert!(mentions(&quote!(err.err), "err"));
    }
}
