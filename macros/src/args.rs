//! Lists of arguments: `flag`, `key = expression`, `key(list)`, `"bare name"`.
//!
//! In: the tokens between an attribute's parentheses and the words it knows. Out: each argument
//! once, its key known. Never: knows what an argument means.

use proc_macro2::{Group, Punct, Span, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::token::Paren;
use syn::{Expr, ExprLit, ExprPath, Ident, Lit, LitStr, Path, Token};

use crate::errors::Errors;
use crate::expression;
use crate::function::Function;
use crate::parameters;
use crate::suggest;

/// The words that one list knows.
pub(crate) struct Grammar {
    /// What the list belongs to, as errors call it.
    pub(crate) owner: &'static str,
    /// Every accepted key.
    pub(crate) keys: &'static [&'static str],
    /// The keys that may be given more than once.
    pub(crate) repeatable: &'static [&'static str],
    /// The keys whose value may be worked out at each call, where one may expect a constant.
    pub(crate) computed: &'static [&'static str],
    /// The key of the list that values belong into.
    pub(crate) values: &'static str,
    /// Words that people try, each with what to write instead.
    pub(crate) hints: &'static [(&'static str, &'static str)],
}

impl Grammar {
    /// The message for a text or a constant that stands where an argument is expected.
    fn named(&self, written: &TokenStream) -> String {
        let name = ["name", "title"].into_iter().find(|key| self.keys.contains(key));
        let is_formatted = syn::parse2(written.clone()).is_ok_and(|it| is_formatted(&it));
        if let Some(name) = name.filter(|name| is_formatted && !self.computed.contains(name)) {
            return fixed(name, self.values);
        }
        let found =
            written.to_string().replace(" :: ", "::").replace(" ! ", "!").replace("! (", "!(");
        match name {
            Some(key) => format!("expected an argument: write `{key} = {found}`"),
            None => format!("expected an argument of {}: {}", self.owner, suggest::list(self.keys)),
        }
    }
}

/// One argument.
pub(crate) struct Arg {
    /// The word, from [`Grammar::keys`].
    pub(crate) key: &'static str,
    /// The place of the word.
    pub(crate) span: Span,
    /// What follows the word.
    pub(crate) value: Value,
}

/// What follows the key of an argument.
pub(crate) enum Value {
    /// Nothing.
    Nothing,
    /// `= expression`
    Expression(Expr),
    /// `= % expression` or `= ? expression`
    Formatted(Punct, Expr),
    /// `( … )`
    List(Group),
}

/// Reads a list and reports what is wrong in it: unknown and repeated words, missing commas.
pub(crate) fn parse(tokens: TokenStream, grammar: &Grammar, errors: &mut Errors) -> Vec<Arg> {
    let mut args: Vec<Arg> = Vec::new();
    separated(tokens, errors, |input, errors| {
        if let Some(arg) = argument(input, grammar, errors)? {
            check_first(&arg, &args, grammar, errors);
            args.push(arg);
        }
        Ok(())
    });
    args
}

/// Reads `item, item, …`; after a mistake it goes on behind the next comma.
pub(crate) fn separated(
    tokens: TokenStream,
    errors: &mut Errors,
    mut item: impl FnMut(ParseStream, &mut Errors) -> syn::Result<()>,
) {
    let list = |input: ParseStream| {
        while !input.is_empty() {
            match item(input, errors) {
                Ok(()) if input.is_empty() || input.peek(Token![,]) => {}
                Ok(()) => errors.absorb(input.error("expected `,`")),
                Err(error) => errors.absorb(error),
            }
            skip_past_comma(input)?;
        }
        Ok(())
    };
    if let Err(error) = list.parse2(tokens) {
        errors.absorb(error);
    }
}

fn skip_past_comma(input: ParseStream) -> syn::Result<()> {
    while !input.is_empty() {
        if input.parse::<Option<Token![,]>>()?.is_some() {
            break;
        }
        input.parse::<TokenTree>()?;
    }
    Ok(())
}

fn argument(
    input: ParseStream,
    grammar: &Grammar,
    errors: &mut Errors,
) -> syn::Result<Option<Arg>> {
    if input.peek(LitStr) && grammar.keys.contains(&"name") {
        let name: LitStr = input.parse()?;
        let span = name.span();
        let value = Value::Expression(literal(name));
        return Ok(Some(Arg { key: "name", span, value }));
    }
    if input.peek(Token![?]) || input.peek(Token![%]) {
        return Err(input.error(format!("values to record go into `{}(..)`", grammar.values)));
    }
    if input.peek(LitStr) {
        let text: LitStr = input.parse()?;
        errors.on(&text, grammar.named(&quote::quote!(#text)));
        return Ok(None);
    }
    let Ok(word) = input.call(Ident::parse_any) else {
        let known = suggest::list(grammar.keys);
        return Err(input.error(format!("expected an argument of {}: {known}", grammar.owner)));
    };
    if input.peek(Token![.]) {
        let path = rest_of_item(input)?;
        let message = format!("did you mean `{}({word}{path})`?", grammar.values);
        errors.on(quote::quote!(#word #path), message);
        return Ok(None);
    }
    let is_macro = input.peek(Token![!]) && !input.peek(Token![!=]);
    if input.peek(Token![::]) || is_macro {
        let rest = rest_of_item(input)?;
        let named = grammar.named(&quote::quote!(#word #rest));
        errors.on(quote::quote!(#word #rest), named);
        return Ok(None);
    }
    let Some(key) = known(&word, grammar, errors) else {
        // The value may be written in the way of another library, so it is not read.
        rest_of_item(input)?;
        return Ok(None);
    };
    if input.peek(Token![:]) {
        let message = format!("expected `=` after `{key}`: `{key} = ..`");
        errors.at(input.span(), message);
        rest_of_item(input)?;
        return Ok(None);
    }
    Ok(Some(Arg { key, span: word.span(), value: value(input)? }))
}

fn literal(text: LitStr) -> Expr {
    Expr::Lit(ExprLit { attrs: Vec::new(), lit: Lit::Str(text) })
}

fn value(input: ParseStream) -> syn::Result<Value> {
    if input.parse::<Option<Token![=]>>()?.is_some() {
        if input.peek(Token![?]) || input.peek(Token![%]) {
            return Ok(Value::Formatted(input.parse()?, input.parse()?));
        }
        return input.parse().map(Value::Expression);
    }
    if input.peek(Paren) {
        return input.parse().map(Value::List);
    }
    Ok(Value::Nothing)
}

fn rest_of_item(input: ParseStream) -> syn::Result<TokenStream> {
    let mut rest = TokenStream::new();
    while !input.is_empty() && !input.peek(Token![,]) {
        rest.extend([input.parse::<TokenTree>()?]);
    }
    Ok(rest)
}

/// A word must be one of the grammar's; the nearest one is named otherwise.
fn known(word: &Ident, grammar: &Grammar, errors: &mut Errors) -> Option<&'static str> {
    let name = word.to_string();
    if let Some(key) = grammar.keys.iter().find(|key| **key == name) {
        return Some(key);
    }
    let is_constant = name.chars().all(|it| it.is_ascii_uppercase() || it == '_');
    if is_constant && name.len() > 1 {
        errors.on(word, grammar.named(&quote::quote!(#word)));
        return None;
    }
    let instead = match grammar.hints.iter().find(|(hint, _)| *hint == name) {
        Some((_, instead)) => format!("; {instead}"),
        None => suggest::hint(&name, grammar.keys),
    };
    errors.at(word.span(), format!("unknown argument `{name}` of {}{instead}", grammar.owner));
    None
}

/// An argument is given once; the second one is the mistake, the first is shown with it.
fn check_first(arg: &Arg, earlier: &[Arg], grammar: &Grammar, errors: &mut Errors) {
    if grammar.repeatable.contains(&arg.key) {
        return;
    }
    if let Some(first) = earlier.iter().find(|first| first.key == arg.key) {
        errors.at(arg.span, format!("`{}` is given twice", arg.key));
        errors.at(first.span, format!("`{}` is given here first", arg.key));
    }
}

impl Arg {
    /// The expression behind `=`; reports its absence.
    pub(crate) fn expression(self, example: &str, errors: &mut Errors) -> Option<Expr> {
        let key = self.key;
        let (sigil, expression) = self.formatted(example, errors)?;
        if let Some(sigil) = sigil {
            errors.at(sigil.span(), format!("`{key}` is not formatted: remove `{sigil}`"));
        }
        Some(expression)
    }

    /// The expression behind `=` and the sign that says how it is formatted; reports its absence.
    pub(crate) fn formatted(
        self,
        example: &str,
        errors: &mut Errors,
    ) -> Option<(Option<Punct>, Expr)> {
        match self.value {
            Value::Expression(expression) => return Some((None, expression)),
            Value::Formatted(sigil, expression) => return Some((Some(sigil), expression)),
            Value::Nothing | Value::List(_) => {}
        }
        errors.at(self.span, format!("`{}` needs a value: `{example}`", self.key));
        None
    }

    /// What is known at compile time, a text or a constant, and not empty; reports anything else.
    ///
    /// `values` is the key of the list that other values belong into.
    pub(crate) fn constant(self, example: &str, values: &str, errors: &mut Errors) -> Option<Expr> {
        let key = self.key;
        let expression = self.text(example, errors)?;
        if !is_constant(&expression) {
            errors.on(&expression, fixed(key, values));
            return None;
        }
        Some(expression)
    }

    /// An expression that is not an empty text; reports anything else.
    pub(crate) fn text(self, example: &str, errors: &mut Errors) -> Option<Expr> {
        let key = self.key;
        let expression = self.expression(example, errors)?;
        if text(&expression).is_some_and(|text| text.trim().is_empty()) {
            errors.on(&expression, format!("`{key}` cannot be empty"));
            return None;
        }
        Some(expression)
    }

    /// The path of the runtime; reports anything else.
    pub(crate) fn root(self, errors: &mut Errors) -> Option<Path> {
        match self.expression("crate = my_facade::spanwright", errors)? {
            Expr::Path(ExprPath { qself: None, path, .. }) => Some(path),
            other => {
                errors.on(other, "expected a path: `crate = my_facade::spanwright`");
                None
            }
        }
    }

    /// A flag has no value; reports one.
    pub(crate) fn flag(&self, errors: &mut Errors) {
        if !matches!(self.value, Value::Nothing) {
            errors.at(self.span, format!("`{}` takes no value", self.key));
        }
    }

    /// The tokens between the parentheses; reports their absence.
    pub(crate) fn list(self, example: &str, errors: &mut Errors) -> Option<TokenStream> {
        if let Value::List(group) = self.value {
            return Some(group.stream());
        }
        errors.at(self.span, format!("`{}` needs a list: `{example}`", self.key));
        None
    }
}

/// The message for a value of `key` that is worked out at run time.
fn fixed(key: &str, values: &str) -> String {
    format!(
        "`{key}` is fixed at compile time: write a text or the path of a constant, and record what \
         changes from call to call in `{values}(..)`"
    )
}

/// Checks that the value of `key`, which is fixed at compile time, uses no parameter.
pub(crate) fn check_constant(
    key: &str,
    value: Option<&Expr>,
    values: &str,
    function: &Function,
    errors: &mut Errors,
) {
    let Some(value) = value else { return };
    let parameters = parameters::scope(&function.signature);
    if parameters.iter().any(|name| expression::variable(value, name).is_some()) {
        errors.on(value, fixed(key, values));
    }
}

/// True for an expression that may be a text known at compile time.
pub(crate) fn is_constant(expression: &Expr) -> bool {
    match expression {
        Expr::Lit(ExprLit { lit: Lit::Str(_), .. }) | Expr::Path(_) | Expr::Const(_) => true,
        Expr::Macro(_) => !is_formatted(expression),
        Expr::Group(group) => is_constant(&group.expr),
        _ => false,
    }
}

/// True for a macro that makes a text at run time.
fn is_formatted(expression: &Expr) -> bool {
    let Expr::Macro(it) = expression else { return false };
    let name = it.mac.path.segments.last().map(|it| it.ident.to_string());
    matches!(name.as_deref(), Some("format" | "format_args"))
}

/// The text of a string literal.
pub(crate) fn text(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
        Expr::Group(group) => text(&group.expr),
        _ => None,
    }
}

/// The word that an expression chooses: a text, the last part of a path, or a number.
pub(crate) fn word(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Path(path) => path.path.segments.last().map(|it| it.ident.unraw().to_string()),
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => Some(number.to_string()),
        Expr::Group(group) => word(&group.expr),
        other => text(other),
    }
}
