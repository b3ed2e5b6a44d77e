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
    has_case: bool,
    is_ascii: bool,
    is_any: bool,
}

/// A text that patterns are held against, looked at once for all of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<'a> {
    pub(super) as_str: &'a str,
    is_ascii: bool,
}

impl<'a> Text<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { as_str: text, is_ascii: text.is_ascii() }
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
        if self.is_ascii && text.is_ascii && !self.has_case {
            return self.matches_ascii(text.as_str.as_bytes());
        }
        self.matches_chars(text.as_str)
    }

    fn matches_ascii(&self, text: &[u8]) -> bool {
        let (prefix, rest) = self.folded.as_bytes().split_at(self.prefix_bytes);
        let Some((head, text)) = text.split_at_checked(prefix.len()) else { return false };
        if !head.eq_ignore_ascii_case(prefix) {
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
        let (expected, found) = (pattern.next(), text.clone().next());
        match (expected, found) {
            (Some('*'), _) => {
                last_star = Some((pattern.clone(), text.clone()));
                continue;
            }
            (None, None) => return true,
            (Some(_), None) => return false,
            (Some(expected), Some(found)) if expected == '?' || expected == found => {
                text.next();
                continue;
            }
            (_, Some(_)) => {}
        }
        let Some((after_star, from)) = &mut last_star else { return false };
        from.next();
        (pattern, text) = (after_star.clone(), from.clone());
    }
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
