//! What a field must keep to.
//!
//! In: parsed fields. Out: a message for each broken rule. Never: changes a field.

use quote::ToTokens;

use syn::{Expr, Ident};

use super::{Field, Key, Mark, segment};
use crate::errors::Errors;
use crate::expression;
use crate::suggest;

/// Words at the end of a name that usually hold what must not be told.
const SENSITIVE: &[&str] = &[
    "api_key",
    "apikey",
    "authorization",
    "card",
    "cookie",
    "cvv",
    "passwd",
    "password",
    "pin",
    "secret",
    "ssn",
    "token",
];

/// The rules that need no other field.
pub(super) fn check(field: &Field, errors: &mut Errors) {
    let is_reported = field.mark == Mark::Reported;
    let advice = if is_reported { expression::CALL } else { expression::LATE };
    expression::check_stays_inside(&field.value, advice, errors);
    check_named(&field.key, errors);
    check_known(field, errors);
    check_sensitive(field, errors);
    segment::check(field, errors);
}

/// A value is known when it is written: `tracing` declares a field first and records it later.
fn check_known(field: &Field, errors: &mut Errors) {
    let Expr::Path(path) = &field.value else { return };
    let words: Vec<String> = path.path.segments.iter().map(|it| it.ident.to_string()).collect();
    if words.ends_with(&["field".to_owned(), "Empty".to_owned()]) {
        errors.on(
            &field.value,
            "a value that is known later needs no declaration: remove it, and write \
             `record!(key = value)` in the body",
        );
    }
}

/// The variables that hold the result, each with what it holds.
const RESULTS: &[(&str, &str)] =
    &[("ok", "the value of a success"), ("err", "the error"), ("ret", "the result")];

/// The result is known in the lists that are about it.
fn check_result(field: &Field, scope: &[String], errors: &mut Errors) {
    for (word, what) in RESULTS.iter().filter(|(word, _)| !scope.iter().any(|it| it == word)) {
        let mut uses = [Some(&field.value), field.meta.when.as_ref()].into_iter().flatten();
        let Some(place) = uses.find_map(|it| expression::variable(it, word)) else {
            continue;
        };
        let list = field.mark.list();
        let key = field.key.place();
        let instead = match (&field.mark, *word) {
            (Mark::Reported, _) => "a report looks at `err` only".to_owned(),
            (Mark::Annotation | Mark::Metadata(_), "err") => {
                "write it with `#[traced(err(fields(..)))]`".to_owned()
            }
            _ => format!("write `{word}({list}({key} = ..))`"),
        };
        errors.at(place.span(), format!("`{word}` is {what}, which is not known here: {instead}"));
    }
}

/// A key has a name.
fn check_named(key: &Key, errors: &mut Errors) {
    if key.text().is_some_and(str::is_empty) {
        errors.on(key.place(), "a key cannot be empty");
    }
}

/// Checks that a key that looks like a secret has a mark: `auth_token` needs one, `token_count` does
/// not.
fn check_sensitive(field: &Field, errors: &mut Errors) {
    let Some(key) = field.key.text() else { return };
    let told = field.meta.redaction.is_some() || field.meta.allow_sensitive;
    if told || !is_sensitive(key) {
        return;
    }
    errors.on(
        field.key.place(),
        format!(
            "`{key}` looks like a secret: put `#[redact]`, `#[redact(hash)]` or \
             `#[allow_sensitive]` before it"
        ),
    );
}

fn is_sensitive(key: &str) -> bool {
    let key = key.to_lowercase().replace('-', "_");
    SENSITIVE.iter().any(|word| {
        key.strip_suffix(word).is_some_and(|rest| rest.is_empty() || rest.ends_with(['_', '.']))
    })
}

/// A key is recorded once in its place; the second one is the mistake, the first is shown with it.
pub(crate) fn check_repeated<'a>(fields: impl IntoIterator<Item = &'a Field>, errors: &mut Errors) {
    let mut seen: Vec<(&str, &Field)> = Vec::new();
    for field in fields {
        let Some(key) = field.key.text() else { continue };
        let is_same =
            |(other, first): &&(&str, &Field)| *other == key && first.mark.is_beside(&field.mark);
        if let Some((_, first)) = seen.iter().find(is_same) {
            errors.on(field.key.place(), format!("the key `{key}` is recorded twice"));
            errors.on(first.key.place(), format!("`{key}` is recorded here first"));
        }
        seen.push((key, field));
    }
}

/// A field without a value names a variable that is there when it is recorded.
pub(crate) fn check_scope(fields: &[Field], scope: &[String], errors: &mut Errors) {
    for field in fields {
        check_result(field, scope, errors);
    }
    let is_result = |name: &Ident| RESULTS.iter().any(|(word, _)| name == word);
    for (field, variable) in fields.iter().filter_map(|it| Some((it, it.shorthand.as_ref()?))) {
        let name = variable.to_string();
        let name = name.trim_start_matches("r#");
        if scope.iter().any(|known| known == name) || is_result(variable) {
            continue;
        }
        let near = suggest::nearest(name, scope.iter().map(String::as_str));
        let hint = near.map_or_else(|| write_it(field), |near| format!("did you mean `{near}`?"));
        errors.at(variable.span(), format!("there is no parameter `{name}` to record; {hint}"));
    }
}

/// What to write for a field that names nothing.
fn write_it(field: &Field) -> String {
    let key = field.key.place().to_token_stream();
    let late = field.mark.late(", or write it with `record!` when it is known");
    format!("give it a value, `{key} = ..`{late}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_word_makes_a_name_sensitive() {
        for (key, expected) in [
            ("password", true),
            ("user.password", true),
            ("auth_token", true),
            ("x-api-key", true),
            ("token_count", false),
            ("spinning", false),
            ("shopping", false),
            ("user.id", false),
        ] {
            assert_eq!(is_sensitive(key), expected, "{key}");
        }
    }
}
