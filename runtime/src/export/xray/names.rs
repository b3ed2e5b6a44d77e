//! Names and keys as X-Ray takes them.
//!
//! The service refuses a document for one wrong character in a name, without a word to its sender.
//! In: any text. Out: the text as it is where it may stay, else the nearest that may.
//! Never: makes an empty or an overlong name.
//!
//! Source: <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html>.

use std::borrow::Cow;

use super::letters;

/// The longest name, in characters.
const MAX_NAME_CHARS: usize = 200;

/// The longest key of an annotation, in characters.
const MAX_KEY_CHARS: usize = 500;

/// What is left of a name without a single usable character.
const UNNAMED: &str = "unnamed";

/// The name of a segment or a subsegment; borrowed when nothing had to change.
pub(super) fn name(text: &str) -> Cow<'_, str> {
    if is_fine(text) {
        return Cow::Borrowed(text);
    }
    let mut name = String::with_capacity(text.len().min(MAX_NAME_CHARS * 4));
    // What stands in for others never begins a name, ends it, or is next to a break.
    let mut waiting = None;
    for replaced in text.chars().take(MAX_NAME_CHARS * 4).filter_map(replaced) {
        match replaced {
            Kept(char) => {
                let has_waited = waiting.is_some();
                let is_break = is_break(char) || name.is_empty() || name.ends_with(is_break);
                name.extend(waiting.take().filter(|_| !is_break));
                if !(has_waited && char == ' ' && name.ends_with(' ')) {
                    name.push(char);
                }
            }
            Instead(':') if name.ends_with(':') => {}
            Instead(':') => name.push(':'),
            Instead(char) => waiting = Some(if waiting == Some(' ') { ' ' } else { char }),
        }
    }
    let name = name.trim_matches(|char: char| char.is_whitespace() || char == ':');
    if name.is_empty() {
        return Cow::Borrowed(UNNAMED);
    }
    Cow::Owned(name.chars().take(MAX_NAME_CHARS).collect())
}

use Replaced::{Instead, Kept};

/// A character of a name after the look at it.
enum Replaced {
    Kept(char),
    Instead(char),
}

fn replaced(char: char) -> Option<Replaced> {
    if is_allowed(char) {
        return Some(Kept(char));
    }
    match char {
        '"' | '\'' | '`' | '’' | '‘' | '“' | '”' | '}' => None,
        // A parameter of a route: `/users/{id}` is `/users/:id`.
        '{' => Some(Instead(':')),
        '\\' | '|' => Some(Kept('/')),
        '–' | '—' => Some(Kept('-')),
        _ if char.is_whitespace() || char.is_control() => Some(Instead(' ')),
        _ => Some(Instead('_')),
    }
}

const fn is_break(char: char) -> bool {
    matches!(char, ' ' | '/')
}

fn is_allowed(char: char) -> bool {
    if char.is_ascii() { is_allowed_ascii(char as u8) } else { letters::is_known(char) }
}

const fn is_allowed_ascii(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9')
        || matches!(byte, b' ' | b'_' | b'.' | b':' | b'/' | b'%' | b'&' | b'#' | b'=' | b'+')
        || matches!(byte, b'-' | b'@')
}

fn is_fine(text: &str) -> bool {
    if text.bytes().all(is_allowed_ascii) {
        return (1..=MAX_NAME_CHARS).contains(&text.len());
    }
    text.chars().count() <= MAX_NAME_CHARS && text.chars().all(is_allowed)
}

/// The key of an annotation; borrowed when nothing had to change.
pub(super) fn annotation_key(text: &str) -> Cow<'_, str> {
    let is_allowed = |char: char| char.is_ascii_alphanumeric() || char == '_';
    if (1..=MAX_KEY_CHARS).contains(&text.len()) && text.chars().all(is_allowed) {
        return Cow::Borrowed(text);
    }
    let chars = text.chars().take(MAX_KEY_CHARS);
    let key: String = chars.map(|char| if is_allowed(char) { char } else { '_' }).collect();
    Cow::Owned(if key.is_empty() { "_".to_owned() } else { key })
}

/// Returns true if the key of this annotation follows from the documented rule alone: separators become
/// underscores. Where letters are replaced or cut off, a user has to know.
pub(super) fn has_plain_key(text: &str) -> bool {
    let is_plain = |char: char| char.is_ascii_graphic() || char == ' ';
    (1..=MAX_KEY_CHARS).contains(&text.len()) && text.chars().all(is_plain)
}

/// Returns true if `name` is `text` but for the parameters of a route, `:id` for `{id}`.
pub(super) fn is_route_of(text: &str, name: &str) -> bool {
    text.replace('{', ":").replace('}', "") == name
}

/// A namespace or a key of metadata; the prefix `AWS.` belongs to AWS.
pub(super) fn metadata_key(text: &str) -> Cow<'_, str> {
    match text.strip_prefix("AWS.") {
        Some(rest) => Cow::Owned(format!("aws_{rest}")),
        None => Cow::Borrowed(text),
    }
}

/// The first characters of a text.
pub(super) fn cut(text: &str, max_chars: usize) -> &str {
    if text.len() <= max_chars {
        return text;
    }
    text.char_indices().nth(max_chars).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_may_stay_is_not_touched() {
        for text in ["a", "mock-data", "福", "セツナ", " x_", "GET /api/@andrew", "a/b:c%d@e=f+g"]
        {
            assert!(matches!(name(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }

    #[test]
    fn what_may_not_stay_becomes_what_is_nearest() {
        for (text, expected) in [
            ("seg?;*()!$~^<> name", "seg name"),
            ("a/b:c%d@e=f+g\\h,i", "a/b:c%d@e=f+g/h_i"),
            ("GET /users/{id}/posts/{post}", "GET /users/:id/posts/:post"),
            ("Vec<T>::push", "Vec_T_::push"),
            ("select * from users", "select from users"),
            ("it's \"quoted\"", "its quoted"),
            ("tab\tand\nline", "tab and line"),
            ("a, b", "a b"),
            ("(inner)", "inner"),
            ("☃", UNNAMED),
            ("", UNNAMED),
            ("{}", UNNAMED),
            ("caf\u{65}\u{301}", "cafe"),
        ] {
            assert_eq!(name(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_name_has_at_most_two_hundred_characters_and_is_not_cut_inside_one() {
        assert_eq!(name(&"x".repeat(200)).len(), 200);
        assert_eq!(name(&"x".repeat(201)).len(), 200);
        assert_eq!(name(&"ü".repeat(300)).chars().count(), 200);
        assert_eq!(name(&format!("?{}", "ü".repeat(300))).chars().count(), 200);
    }

    #[test]
    fn a_sanitised_name_needs_no_second_time() {
        for text in
            ["?a?", "a?/b", "{a}{b}", "a ? b", "\u{301}x\u{301}", "<<>>", "x{", "{{{", ": {"]
        {
            let once = name(text).into_owned();
            assert_eq!(name(&once), once, "{text:?}");
        }
    }

    #[test]
    fn keys_of_annotations_are_letters_digits_and_underscores() {
        for (text, expected) in [
            ("user_id", "user_id"),
            ("user.id", "user_id"),
            ("bad-key", "bad_key"),
            ("", "_"),
            ("ü1", "_1"),
        ] {
            assert_eq!(annotation_key(text), expected);
        }
        assert_eq!(annotation_key(&"k".repeat(600)).len(), 500);
    }

    #[test]
    fn keys_and_routes_by_the_documented_rules_are_known() {
        for (text, expected) in
            [("user.id", true), ("bad-key", true), ("a b/c", true), ("", false), ("ü1", false)]
        {
            assert_eq!(has_plain_key(text), expected, "{text:?}");
        }
        assert!(!has_plain_key(&"k".repeat(501)));
        for (text, expected) in [
            ("GET /users/{id}/posts/{post}", true),
            ("crud<dur>", false),
            ("GET /files/{path:.*}", false),
            ("{id}", false),
        ] {
            assert_eq!(is_route_of(text, &name(text)), expected, "{text:?}");
        }
    }

    #[test]
    fn metadata_leaves_the_names_of_aws_to_aws() {
        assert_eq!(metadata_key("AWS.x"), "aws_x");
        assert_eq!(metadata_key("aws.x"), "aws.x");
    }

    #[test]
    fn a_cut_keeps_characters_whole() {
        assert_eq!((cut("üü", 1), cut("üü", 2), cut("", 3)), ("ü", "üü", ""));
    }
}
