//! What X-Ray asks of annotations and metadata, which it drops without a word otherwise.
//!
//! In: fields and their marks. Out: a message with the right spelling for each broken rule.
//! Never: judges a key that only the compiler knows; the runtime maps those.
//!
//! Rules: <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html>.

use syn::Expr;

use super::{Field, Mark, Sigil};
use crate::errors::Errors;

/// The most characters of an annotation's key.
const MAX_KEY_CHARS: usize = 500;

/// The most annotations that X-Ray indexes for a trace.
const MAX_ANNOTATIONS: usize = 50;

/// The beginning of keys and namespaces that are AWS's own.
const RESERVED: &str = "AWS.";

/// The key that X-Ray knows an annotation by: dots are not allowed there.
pub(super) fn annotation_key(key: &str) -> String {
    key.replace('.', "_")
}

/// The rules that need no other field.
pub(super) fn check(field: &Field, errors: &mut Errors) {
    match &field.mark {
        Mark::Attribute | Mark::Reported => {}
        Mark::Annotated | Mark::Annotation => {
            check_annotation_key(field, errors);
            check_annotation_value(field, errors);
        }
        Mark::Metadata(_) => {
            let Some(key) = field.key.text() else { return };
            if let Some(instead) = unreserved(key) {
                errors.on(field.key.place(), reserved(&instead));
            }
        }
    }
}

/// What to write instead of a key or namespace that is AWS's own.
pub(super) fn unreserved(name: &str) -> Option<String> {
    name.strip_prefix(RESERVED).map(|rest| format!("aws_{rest}"))
}

/// The message for a key or namespace that is AWS's own.
pub(super) fn reserved(instead: &str) -> String {
    format!("names that begin with `{RESERVED}` are reserved by X-Ray: write `{instead}`")
}

/// A key is made of letters, digits and `_`; a dot is written as `_` for X-Ray.
fn check_annotation_key(field: &Field, errors: &mut Errors) {
    let Some(key) = field.key.text() else { return };
    let count = key.chars().count();
    if count > MAX_KEY_CHARS {
        let message = format!(
            "the key of an annotation has at most {MAX_KEY_CHARS} characters, this has {count}"
        );
        return errors.on(field.key.place(), message);
    }
    if key.chars().all(is_allowed) {
        return;
    }
    let corrected = corrected(key);
    let instead = match corrected.as_str() {
        "" => String::new(),
        corrected => format!(": write `{corrected}`"),
    };
    errors.on(
        field.key.place(),
        format!("the key of an annotation has only ASCII letters, digits, `_` and dots{instead}"),
    );
}

fn is_allowed(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.')
}

/// The key with one `_` for each run of what is not allowed, and none at its ends.
fn corrected(key: &str) -> String {
    let words = key.split(|letter| !is_allowed(letter)).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("_")
}

/// A value is a text, a number or a truth value, and something that one can search for.
fn check_annotation_value(field: &Field, errors: &mut Errors) {
    let elsewhere = match field.mark {
        Mark::Annotation => "use `metadata(..)`",
        _ => "remove the mark",
    };
    if field.sigil == Sigil::Debug {
        errors.on(
            &field.value,
            format!("a `?` value cannot be an annotation: {elsewhere}, or write `%` for a text"),
        );
    } else if is_list(&field.value) {
        errors.on(
            &field.value,
            format!("an annotation is one text, number or boolean, not a list: {elsewhere}"),
        );
    }
}

fn is_list(value: &Expr) -> bool {
    match value {
        Expr::Array(_) | Expr::Repeat(_) | Expr::Tuple(_) => true,
        Expr::Macro(it) => it.mac.path.is_ident("vec"),
        Expr::Reference(it) => is_list(&it.expr),
        Expr::Paren(it) => is_list(&it.expr),
        Expr::Group(it) => is_list(&it.expr),
        _ => false,
    }
}

/// The rules between all annotations of a function: each has a key of its own, and they are not
/// more than X-Ray indexes.
pub(crate) fn check_annotations<'a>(
    fields: impl IntoIterator<Item = &'a Field>,
    errors: &mut Errors,
) {
    let mut seen: Vec<(String, &Field)> = Vec::new();
    let mut count = 0;
    for field in fields.into_iter().filter(|field| field.mark.is_searched()) {
        let Some(text) = field.key.text() else { continue };
        let key = annotation_key(text);
        let mut earlier = seen.iter().filter(|(other, _)| *other == key).map(|(_, it)| *it);
        // The same key in one list is a repetition like any other, and `ok` and `err` may share one.
        let is_same = |it: &Field| it.mark == field.mark && it.key.text() == Some(text);
        match earlier.clone().next() {
            None => count += 1,
            Some(_) if earlier.any(is_same) => {}
            Some(first) => collide(first, field, &key, errors),
        }
        seen.push((key, field));
        if count > MAX_ANNOTATIONS {
            return errors.on(
                field.key.place(),
                format!(
                    "X-Ray indexes at most {MAX_ANNOTATIONS} annotations, and this is one more: \
                     use `metadata(..)` for what is not searched for"
                ),
            );
        }
    }
}

fn collide(first: &Field, second: &Field, key: &str, errors: &mut Errors) {
    let [first_text, text] = [first, second].map(|it| it.key.text().unwrap_or_default());
    let message = if first_text == text {
        format!("`{text}` is an annotation already")
    } else {
        format!("the annotations `{first_text}` and `{text}` are both `{key}` in X-Ray")
    };
    errors.on(second.key.place(), message);
    errors.on(first.key.place(), format!("`{first_text}` is recorded here"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_key_is_corrected_with_few_signs() {
        for (key, expected) in [
            ("user-id", "user_id"),
            ("user id (new)", "user_id_new"),
            ("größe", "gr_e"),
            ("a.b-c", "a.b_c"),
            ("$", ""),
        ] {
            assert_eq!(corrected(key), expected, "{key}");
        }
    }

    #[test]
    fn names_of_aws_are_kept_from_others() {
        assert_eq!(unreserved("AWS.request"), Some("aws_request".to_owned()));
        assert_eq!(unreserved("AWSome"), None);
        assert_eq!(unreserved("aws.request"), None);
    }
}
