//! Less of an event: the longest texts give way first.
//!
//! In: a form, and how many bytes there may be. Out: the same object with shorter texts, and the
//! member that says so.
//! Never: cuts inside of a character, cuts a key.

use super::{Form, MIN_BYTES, text as write_text, truncated};
use crate::record::Value;

/// What is left of each text at least, in bytes, quotes included.
const MIN_TEXT_BYTES: usize = 32;

/// What the member that tells of a cut takes at most.
const MARK_BYTES: usize = "\"truncated_bytes\":,".len() + 20;

/// Stands where a text was cut.
const ELLIPSIS: &str = "…";

impl Form<'_> {
    /// Appends the object in at most `max_bytes`, of which there are no fewer than [`MIN_BYTES`].
    pub(in crate::export) fn write_within(self, max_bytes: usize, out: &mut Vec<u8>) {
        let start = out.len();
        self.write(out);
        let whole_bytes = out.len() - start;
        let max_bytes = max_bytes.max(MIN_BYTES);
        if whole_bytes > max_bytes {
            out.truncate(start);
            let excess_bytes = whole_bytes + MARK_BYTES - max_bytes;
            let text_bytes = level(self.text_lens(), excess_bytes).max(MIN_TEXT_BYTES);
            Self { text_bytes, ..self }.write_cut(whole_bytes, max_bytes, out);
        }
    }

    fn write_cut(self, whole_bytes: usize, max_bytes: usize, out: &mut Vec<u8>) {
        let start = out.len();
        let mut tail = Vec::new();
        self.tail(&mut tail);
        self.head(out);
        // The last sign of the attributes, and of the object.
        let behind_bytes = tail.len() + MARK_BYTES + 2;
        self.fields(start + max_bytes - behind_bytes, out);
        out.extend_from_slice(&tail);
        let cut_bytes = out.len() + 1 - start;
        truncated(whole_bytes - cut_bytes + self.left_out_bytes, out);
        out.push(b'}');
    }

    /// How many bytes each text has that may be cut, quotes included.
    fn text_lens(self) -> Vec<usize> {
        let record = self.record;
        let texts = [Some(self.message), Some(&record.target), record.file.as_deref()];
        let texts = texts.into_iter().chain([record.user.as_deref()]).flatten().map(text_len);
        let values = record.attributes.iter().filter_map(|attribute| match &attribute.value {
            Value::Str(value) => Some(text_len(value)),
            Value::Array(_) => {
                let mut written = Vec::new();
                Self { text_bytes: usize::MAX, ..self }.value(&attribute.value, &mut written);
                Some(written.len())
            }
            Value::Bool(_) | Value::I64(_) | Value::F64(_) => None,
        });
        texts.chain(values).collect()
    }
}

/// To how many bytes the longest texts have to be cut so that all together lose so many.
fn level(mut lens: Vec<usize>, excess_bytes: usize) -> usize {
    lens.sort_unstable_by(|left, right| right.cmp(left));
    let mut sum = 0;
    for (at, len) in lens.iter().enumerate() {
        sum += len;
        let level = sum.saturating_sub(excess_bytes) / (at + 1);
        if sum >= excess_bytes && level >= lens.get(at + 1).copied().unwrap_or(0) {
            return level;
        }
    }
    0
}

/// A text in quotes, of at most so many bytes; what was cut ends in an ellipsis.
pub(super) fn text(value: &str, max_bytes: usize, out: &mut Vec<u8>) {
    if max_bytes == usize::MAX || text_len(value) <= max_bytes {
        return write_text(value, out);
    }
    let room = max_bytes.saturating_sub(2 + ELLIPSIS.len());
    write_text(&value[..prefix(value, room)], out);
    out.pop();
    out.extend_from_slice(ELLIPSIS.as_bytes());
    out.push(b'"');
}

/// A list of at most so many bytes, of as many items as there is room for; `write` is told how much
/// room there is for one.
pub(super) fn list<T>(
    items: &[T],
    max_bytes: usize,
    write: impl Fn(&T, usize, &mut Vec<u8>),
    out: &mut Vec<u8>,
) {
    let start = out.len();
    out.push(b'[');
    for (at, item) in items.iter().enumerate() {
        let before = out.len();
        if at > 0 {
            out.push(b',');
        }
        let room = (max_bytes - 1).saturating_sub(out.len() - start);
        write(item, room, out);
        if out.len() - start >= max_bytes {
            out.truncate(before);
            break;
        }
    }
    out.push(b']');
}

/// How many bytes of a text, up to the end of a character, are at most so many in JSON.
pub(in crate::export) fn prefix(text: &str, max_bytes: usize) -> usize {
    let mut bytes = 0;
    let is_beyond = |char: char| {
        bytes += char_len(char);
        bytes > max_bytes
    };
    text.find(is_beyond).unwrap_or(text.len())
}

/// How many bytes a text has in JSON, quotes included.
fn text_len(text: &str) -> usize {
    text.chars().map(char_len).sum::<usize>() + 2
}

/// How many bytes a character has in JSON.
///
/// Source: <https://www.rfc-editor.org/rfc/rfc8259#section-7>, of which `serde_json` takes the short
/// forms.
fn char_len(char: char) -> usize {
    match char {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        '\0'..'\u{20}' => 6,
        _ => char.len_utf8(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_give_way_first() {
        for (lens, excess_bytes, expected) in [
            (vec![100], 40, 60),
            (vec![10, 100], 40, 60),
            (vec![100, 100, 10], 40, 80),
            (vec![100, 80], 40, 70),
            (vec![100, 80, 10], 20, 80),
            (vec![100, 80], 180, 0),
            (vec![100, 80], 200, 0),
            (vec![], 5, 0),
        ] {
            assert_eq!(level(lens.clone(), excess_bytes), expected, "{lens:?} {excess_bytes}");
        }
    }

    #[test]
    fn a_text_is_as_long_as_it_is_said_to_be() {
        for char in ('\0'..'\u{100}').chain(['☃', '😀', '\u{2028}']) {
            let mut written = Vec::new();
            write_text(&char.to_string(), &mut written);
            assert_eq!(written.len(), text_len(&char.to_string()), "{char:?}");
        }
    }

    #[test]
    fn a_text_is_cut_between_characters_and_escapes() {
        for (max_bytes, expected) in
            [(9, r#""ab\n…""#), (10, r#""ab\n…""#), (11, r#""ab\nü…""#), (12, r#""ab\nüüü""#)]
        {
            let mut out = Vec::new();
            text("ab\nüüü", max_bytes, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }

    #[test]
    fn a_list_keeps_what_there_is_room_for() {
        let listed = |max_bytes| {
            let mut out = Vec::new();
            list(
                &[1, 22, 333],
                max_bytes,
                |item, _, out| {
                    serde_json::to_writer(out, item).unwrap();
                },
                &mut out,
            );
            String::from_utf8(out).unwrap()
        };
        assert_eq!(["[1,22,333]", "[1,22]", "[1]"], [10, 9, 5].map(listed)[..]);
        assert_eq!(
            (listed(6), listed(2), listed(usize::MAX)),
            ("[1,22]".into(), "[]".into(), "[1,22,333]".into())
        );
    }
}
