//! Texts with wildcards, as sampling rules have them.
//!
//! In: a pattern, once; a text, at every decision. Out: whether the pattern covers the whole text.
//! Never: allocates while it matches, or compiles to anything that could explode.
//!
//! `*` stands for any run of characters, also an empty one, and `?` for exactly one. Case does not
//! count: each character is taken for its lower case where that is one character too.
//! Source: <https://docs.aws.amazon.com/xray/latest/devguide/xray-console-sampling.html>.

use std::fmt;

/// A text with wildcards.
#[derive(Clone, PartialEq, Eq)]
pub struct Pattern {
    text: Box<str>,
    /// The pattern as it is compared: in lower case, unless case counts.
    folded: Box<str>,
    /// How many bytes stand before the first wildcard.
    prefix_bytes: usize,
    /// The characters that a text must have.
    required: Letters,
    has_case: bool,
    is_ascii: bool,
    is_any: bool,
}

/// A text that patterns are held against, looked at once for all of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<'a> {
    pub(super) as_str: &'a str,
    is_ascii: bool,
    letters: Letters,
}

impl<'a> Text<'a> {
    /// A text for few patterns.
    pub(super) const fn new(text: &'a str) -> Self {
        Self { as_str: text, is_ascii: text.is_ascii(), letters: Letters::ALL }
    }

    /// A text for many patterns, most of which will not match.
    pub(super) fn for_many(text: &'a str) -> Self {
        let plain = Self::new(text);
        let letters = match plain.is_ascii {
            _ if text.len() > MAX_LETTERS_BYTES => Letters::ALL,
            true => Letters::of(text.bytes()),
            false => Letters::of(folded_bytes(text)),
        };
        Self { letters, ..plain }
    }
}

/// The longest text whose letters are looked at beforehand.
const MAX_LETTERS_BYTES: usize = 128;

/// A set of ASCII characters in one word, without regard to case: what a pattern has and a text
/// has not settles the matter for nearly every rule without a look at either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Letters(u64);

impl Letters {
    /// For a text nobody has looked at: it may have anything.
    const ALL: Self = Self(u64::MAX);

    fn of(text: impl Iterator<Item = u8>) -> Self {
        Self(text.fold(0, |letters, byte| letters | Self::bit(byte)))
    }

    /// Letters of both cases share the lower half of the word; digits and signs have the upper one.
    const fn bit(byte: u8) -> u64 {
        1 << ((byte & 0x1f) | ((!byte & 0x40) >> 1))
    }

    const fn has(self, others: Self) -> bool {
        others.0 & !self.0 == 0
    }
}

impl Pattern {
    /// Takes a pattern in which case does not count.
    pub fn new(text: &str) -> Self {
        Self::with(text, text.chars().map(fold).collect(), false)
    }

    /// Takes a pattern in which case counts.
    pub fn case_sensitive(text: &str) -> Self {
        Self::with(text, text.to_owned(), true)
    }

    fn with(text: &str, folded: String, has_case: bool) -> Self {
        Self {
            text: text.into(),
            prefix_bytes: folded.find(['*', '?']).unwrap_or(folded.len()),
            required: Letters::of(folded_bytes(text).filter(|byte| !matches!(byte, b'*' | b'?'))),
            is_ascii: folded.is_ascii(),
            is_any: !text.is_empty() && text.bytes().all(|byte| byte == b'*'),
            folded: folded.into(),
            has_case,
        }
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether nothing but `*` was written, so that every text matches.
    pub const fn is_any(&self) -> bool {
        self.is_any
    }

    /// Whether the pattern covers the whole text.
    ///
    /// Takes time in proportion to the text for patterns of one `*`, and at worst to the text times
    /// the pattern.
    pub fn matches(&self, text: &str) -> bool {
        self.matches_text(Text::new(text))
    }

    #[inline]
    pub(super) fn matches_text(&self, text: Text<'_>) -> bool {
        if self.is_any {
            return true;
        }
        if !text.letters.has(self.required) {
            return false;
        }
        if self.is_ascii && text.is_ascii && !self.has_case {
            return self.matches_ascii(text.as_str.as_bytes());
        }
        self.matches_chars(text.as_str)
    }

    fn matches_ascii(&self, text: &[u8]) -> bool {
        let (prefix, rest) = self.folded.as_bytes().split_at(self.prefix_bytes);
        let Some((head, text)) = text.split_at_checked(prefix.len()) else { return false };
        if !may_equal(head, prefix) || !head.eq_ignore_ascii_case(prefix) {
            return false;
        }
        if let (Some(last), Some(found)) = (rest.last(), text.last())
            && !matches!(last, b'*' | b'?')
            && *last != found.to_ascii_lowercase()
        {
            return false;
        }
        let text = text.iter().map(|byte| byte.to_ascii_lowercase().into());
        covers(rest.iter().map(|byte| char::from(*byte)), text)
    }

    fn matches_chars(&self, text: &str) -> bool {
        if self.has_case {
            covers(self.folded.chars(), text.chars())
        } else {
            covers(self.folded.chars(), text.chars().map(fold))
        }
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

/// Walks through both at once. Where they part, the last `*` takes one character more; an earlier
/// one need not, since whatever it could take the later one can.
fn covers<P, T>(mut pattern: P, mut text: T) -> bool
where
    P: Iterator<Item = char> + Clone,
    T: Iterator<Item = char> + Clone,
{
    let mut last_star: Option<(P, T)> = None;
    loop {
        let expected = pattern.next();
        if expected == Some('*') {
            if pattern.clone().next().is_none() {
                return true;
            }
            last_star = Some((pattern.clone(), text.clone()));
            continue;
        }
        match (expected, text.next()) {
            (None, None) => return true,
            (Some(_), None) => return false,
            (Some(expected), Some(found)) if expected == '?' || expected == found => continue,
            (_, Some(_)) => {}
        }
        let Some((after_star, from)) = &mut last_star else { return false };
        from.next();
        (pattern, text) = (after_star.clone(), from.clone());
    }
}

/// Whether two texts of one length may differ in case only: told eight bytes at a time by what both
/// cases of a letter have in common, so that the many rules for other paths are cheap.
fn may_equal(left: &[u8], right: &[u8]) -> bool {
    const CASE: u64 = u64::from_ne_bytes([b'a' ^ b'A'; 8]);
    let ((left, left_rest), (right, right_rest)) = (left.as_chunks(), right.as_chunks());
    let common = |bytes: &[u8; 8]| u64::from_ne_bytes(*bytes) | CASE;
    left.iter().zip(right).all(|(left, right)| common(left) == common(right))
        && left_rest.iter().zip(right_rest).all(|(left, right)| (left ^ right) & !0x20 == 0)
}

/// What is ASCII in lower case; some characters beyond it are.
fn folded_bytes(text: &str) -> impl Iterator<Item = u8> {
    text.chars().map(fold).filter(char::is_ascii).filter_map(|char| u8::try_from(char).ok())
}

fn fold(char: char) -> char {
    if char.is_ascii() {
        return char.to_ascii_lowercase();
    }
    let mut lower = char.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(lower), None) => lower,
        _ => char,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_stars_are_any_text() {
        for (pattern, is_any) in [("*", true), ("**", true), ("", false), ("*?", false)] {
            assert_eq!(Pattern::new(pattern).is_any(), is_any, "{pattern}");
        }
    }

    #[test]
    fn a_character_of_two_lower_case_ones_is_itself() {
        for (pattern, text, is_match) in [
            ("É*", "éa", true),
            ("İ", "İ", true),
            ("İ", "i", false),
            ("ß", "SS", false),
            ("?", "☃", true),
            ("k", "\u{212a}", true),
        ] {
            assert_eq!(Pattern::new(pattern).matches(text), is_match, "{pattern} {text}");
        }
    }

    #[test]
    fn where_case_counts_it_is_compared() {
        assert!(Pattern::case_sensitive("Fo?").matches("FoO"));
        assert!(!Pattern::case_sensitive("Fo?").matches("FOO"));
    }
}
