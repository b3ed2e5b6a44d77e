//! What a subsegment may be called.
//!
//! In: a name in the source. Out: a message with the right spelling. Never: judges a constant, which
//! only the compiler knows; the runtime corrects those.

use syn::Expr;

use crate::args;
use crate::errors::Errors;

/// The most characters of a name.
///
/// Source: <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html>.
const MAX_CHARS: usize = 200;

/// What a name may have besides letters, digits and blanks, by the schema of segment documents.
const SIGNS: &str = "_.:/%&#=+-@";

/// X-Ray refuses a whole document for one sign in a name.
pub(super) fn check(name: &Expr, errors: &mut Errors) {
    let Some(text) = args::text(name) else { return };
    let count = text.chars().count();
    if count > MAX_CHARS {
        let message = format!("a name has at most {MAX_CHARS} characters, this has {count}");
        return errors.on(name, message);
    }
    let Some(wrong) = text.chars().find(|sign| !is_allowed(*sign)) else { return };
    let corrected = corrected(&text);
    let instead = match corrected.as_str() {
        "" => format!("a name has letters, digits, blanks and `{SIGNS}`"),
        corrected => format!("write `{corrected}`"),
    };
    let wrong = if wrong.is_control() { wrong.escape_debug().to_string() } else { wrong.into() };
    errors.on(name, format!("X-Ray does not allow `{wrong}` in a name: {instead}"));
}

fn is_allowed(sign: char) -> bool {
    sign.is_alphanumeric() || sign == ' ' || SIGNS.contains(sign)
}

/// The name with `_` for what is not allowed, or nothing where it stands at an end or a blank.
fn corrected(name: &str) -> String {
    let words = name.split_whitespace().map(|word| {
        let parts = word.split(|sign| !is_allowed(sign)).filter(|part| !part.is_empty());
        parts.collect::<Vec<_>>().join("_")
    });
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_name_is_corrected_with_few_signs() {
        for (name, expected) in [
            ("mock, data", "mock data"),
            ("Vec<u8>", "Vec_u8"),
            ("a\\b", "a_b"),
            ("a\tb\n", "a b"),
            ("what?", "what"),
            ("$", ""),
        ] {
            assert_eq!(corrected(name), expected, "{name}");
        }
    }

    #[test]
    fn letters_are_those_of_every_script() {
        assert!("Größe 7 データ a_b.c:d/e%f&g#h=i+j-k@l".chars().all(is_allowed));
        assert!(!",\\$?;*()!~^<>{}'\"|`".chars().any(is_allowed));
    }
}
