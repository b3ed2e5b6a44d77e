//! Parts of a text that are not told.
//!
//! In: ranges in any order, overlapping or not. Out: the text with `…` in their place.
//! Never: tells how much was there.

use std::ops::Range;

/// What stands where something was hidden.
pub(super) const HIDDEN: &str = "…";

/// The ranges of one text, in bytes.
#[derive(Debug, Default)]
pub(super) struct Hidden(Vec<Range<usize>>);

impl Hidden {
    /// Hides a range; nothing where it is empty.
    pub(super) fn hide(&mut self, range: Range<usize>) {
        if !range.is_empty() {
            self.0.push(range);
        }
    }

    /// True if nothing is hidden.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is hidden, in any order.
    pub(super) fn ranges(&self) -> impl Iterator<Item = &Range<usize>> {
        self.0.iter()
    }

    /// Tells where the lines of a text end, so that each stays where it is.
    pub(super) fn keep_lines(&mut self, text: &str) {
        for range in std::mem::take(&mut self.0) {
            let mut start = range.start.min(text.len());
            let end = range.end.clamp(start, text.len());
            for part in text.as_bytes()[start..end].split(|byte| *byte == b'\n') {
                self.hide(start..start + part.len());
                start += part.len() + 1;
            }
        }
    }

    /// The text with a mark for what is hidden; `None` where nothing is, or all of it has a mark
    /// already: what is redacted twice stays as it is.
    pub(super) fn apply(mut self, text: &str, mark: &str) -> Option<String> {
        self.0.retain(|range| !text.get(range.clone()).is_some_and(is_mark));
        if self.0.is_empty() {
            return None;
        }
        self.0.sort_unstable_by_key(|range| range.start);
        let mut out = String::with_capacity(text.len());
        let mut ranges = self.0.into_iter().peekable();
        let mut told = 0;
        while let Some(Range { start, mut end }) = ranges.next() {
            while let Some(next) = ranges.next_if(|next| next.start <= end) {
                end = end.max(next.end);
            }
            let start = text.floor_char_boundary(start).max(told);
            let end = text.ceil_char_boundary(end).max(start);
            out.push_str(&text[told..start]);
            out.push_str(mark);
            told = end;
        }
        out.push_str(&text[told..]);
        Some(out)
    }
}

fn is_mark(text: &str) -> bool {
    matches!(text, HIDDEN | "REDACTED" | "REDACTED:REDACTED")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redacted_text_stays_as_it_is() {
        let mut hidden = Hidden::default();
        for (start, end) in [(2, 10), (13, 16)] {
            hidden.hide(start..end);
        }
        assert_eq!(hidden.apply("a=REDACTED b=…", HIDDEN), None);
    }

    #[test]
    fn what_is_hidden_is_one_ellipsis_however_many_ranges_meet() {
        for (ranges, expected) in [
            (&[(1, 3)][..], "a…dëf"),
            (&[(3, 4), (1, 2)], "a…c…ëf"),
            (&[(1, 3), (2, 4), (4, 4)], "a…ëf"),
            (&[(0, 2), (2, 3)], "…dëf"),
            // The second byte of a character takes the character with it.
            (&[(5, 6)], "abcd…f"),
            (&[(4, 5), (5, 7)], "abcd…"),
            (&[(0, 100)], "…"),
            (&[(50, 100)], "abcdëf…"),
        ] {
            let mut hidden = Hidden::default();
            for (start, end) in ranges {
                hidden.hide(*start..*end);
            }
            assert_eq!(hidden.apply("abcdëf", HIDDEN).as_deref(), Some(expected), "{ranges:?}");
        }
    }

    #[test]
    fn a_text_of_which_nothing_is_hidden_stays_where_it_is() {
        let mut hidden = Hidden::default();
        hidden.hide(2..2);
        assert_eq!(hidden.apply("abc", HIDDEN), None);
    }
}
