//! Ends of quoted texts.

use super::features::Backslash;

/// Rules of a quoted text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub(super) close: char,
    pub(super) backslash: Backslash,
    pub(super) is_doubled: bool,
}

/// Returns the length of the quoted text that `text` begins with, both quotes included; `None` where
/// it does not end, or where it depends on the meaning of a backslash.
pub(super) fn len(text: &str, rules: Rules) -> Option<usize> {
    let Rules { close, backslash, is_doubled } = rules;
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, char)) = chars.next() {
        if char == '\\' && backslash != Backslash::Plain {
            match chars.peek() {
                Some((_, next)) if *next == close && backslash == Backslash::Doubt => return None,
                // Two backslashes are as long by every reading.
                Some((_, next)) if *next == '\\' || backslash == Backslash::Escape => {
                    chars.next();
                }
                _ => {}
            }
        } else if char == close
            && !(is_doubled && chars.next_if(|(_, next)| *next == close).is_some())
        {
            return Some(at + close.len_utf8());
        }
    }
    None
}

/// Returns the length of a text between three quotes, all six included, in which a backslash escapes.
pub(super) fn triple_len(text: &str, quote: char) -> Option<usize> {
    let mut is_escaped = false;
    text.char_indices().skip(3).find_map(|(at, char)| {
        let is_plain = !std::mem::take(&mut is_escaped);
        is_escaped = is_plain && char == '\\';
        let is_end = is_plain && text[at..].chars().take(3).eq([quote; 3]);
        is_end.then_some(at + 3)
    })
}

/// Returns the length of a string in which a backslash escapes, both quotes included; `None` where it
/// does not end.
pub(super) fn string_len(text: &str, quote: char) -> Option<usize> {
    let mut is_escaped = false;
    text.char_indices().skip(1).find_map(|(at, char)| {
        let is_plain = !std::mem::take(&mut is_escaped);
        is_escaped = is_plain && char == '\\';
        (is_plain && char == quote).then_some(at + 1)
    })
}

/// Returns the length of `'[…]'` behind its prefix: any sign may enclose the text.
///
/// Source: <https://docs.oracle.com/en/database/oracle/oracle-database/23/sqlrf/Literals.html>.
pub(super) fn enclosed_len(text: &str) -> Option<usize> {
    let open = text.chars().nth(1).filter(|open| !open.is_whitespace())?;
    let close = match open {
        '[' => ']',
        '(' => ')',
        '{' => '}',
        '<' => '>',
        other => other,
    };
    let start = 1 + open.len_utf8();
    let end = text[start..].find(&format!("{close}'"))?;
    Some(start + end + close.len_utf8() + 1)
}

/// Returns the length of `$tag$…$tag$`; `None` where it does not end. `tag` has its dollar signs.
pub(super) fn tagged_len(text: &str, tag: &str) -> Option<usize> {
    let end = text[tag.len()..].find(tag)?;
    Some(end + 2 * tag.len())
}
