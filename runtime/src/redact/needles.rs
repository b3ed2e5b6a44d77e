//! Finds configured secrets in a text, in the forms in which they get there.
//!
//! In: secrets, then texts. Out: where one of them is: as it is, in the escapes of URLs and of
//! strings, in base64 alone or within something longer, or cut off at the end of the text.
//! Never: takes longer for more secrets, but where one seems to begin.

use std::fmt;

use super::escapes::Decoded;
use super::hidden::Hidden;
use crate::secret::Secret;

/// Shorter secrets are in every other text by chance.
const MIN_SECRET_BYTES: usize = 6;
/// How much of a secret at the end of a text is taken for one that was cut off.
const MIN_REST_BYTES: usize = 4;

/// The forms of all secrets.
#[derive(Clone, Default)]
pub(super) struct Needles {
    /// Beginnings of all forms.
    begins: Begins,
    plain: Forms,
    base64: Forms,
    secrets: Vec<Secret>,
}

/// Texts to look for, and their beginnings.
#[derive(Clone, Default)]
struct Forms {
    texts: Vec<Box<[u8]>>,
    begins: Begins,
}

/// A set of beginnings of four bytes, by their hash: of those that are not in it, one in hundreds seems to
/// be. Empty until one is added.
#[derive(Clone, Default)]
struct Begins(Vec<u64>);

impl Begins {
    const BITS: usize = 1 << 16;

    fn add(&mut self, text: &[u8]) {
        if let Some(slot) = Self::slot(text) {
            self.0.resize(Self::BITS / 64, 0);
            self.0[slot / 64] |= 1 << (slot % 64);
        }
    }

    /// True if a text may begin like one that was added.
    fn has(&self, text: &[u8]) -> bool {
        let bit =
            |slot: usize| self.0.get(slot / 64).is_some_and(|bits| bits >> (slot % 64) & 1 == 1);
        Self::slot(text).is_some_and(bit)
    }

    /// Place of the first four bytes; `None` if there are fewer.
    fn slot(text: &[u8]) -> Option<usize> {
        let begin = text.first_chunk().map(|begin| u32::from_le_bytes(*begin))?;
        // Multiplicative hashing, by the golden ratio: the high bits depend on all others.
        Some((begin.wrapping_mul(0x9E37_79B1) >> 16) as usize)
    }
}

impl fmt::Debug for Needles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Needles").field(&self.secrets).finish()
    }
}

impl Needles {
    /// Looks for one more; one that is too short is ignored.
    pub(super) fn add(&mut self, secret: Secret) {
        let text = secret.reveal();
        if text.len() < MIN_SECRET_BYTES {
            return;
        }
        self.plain.add(text.as_bytes());
        // As `Debug` and JSON write it, and as a form does.
        self.plain.add(text.replace('\\', "\\\\").replace('"', "\\\"").as_bytes());
        self.plain.add(text.replace(' ', "+").as_bytes());
        for signs in [*b"+/", *b"-_"] {
            for offset in 0..3 {
                self.base64.add(&base64_core(text.as_bytes(), offset, signs));
            }
        }
        for form in self.plain.texts.iter().chain(&self.base64.texts) {
            self.begins.add(form);
        }
        self.secrets.push(secret);
    }

    /// Looks for these no more.
    pub(super) fn remove(&mut self, secret: &Secret) {
        let kept = std::mem::take(self).secrets.into_iter().filter(|known| known != secret);
        kept.for_each(|kept| self.add(kept));
    }

    /// Hides every secret of a text.
    pub(super) fn find(&self, text: &str, hidden: &mut Hidden) {
        let bytes = text.as_bytes();
        if self.secrets.is_empty() {
            return;
        }
        let has_escapes = bytes.contains(&b'%');
        let may_begin = |part| self.begins.has(part);
        if !has_escapes && !bytes.windows(MIN_REST_BYTES).any(may_begin) {
            return;
        }
        self.plain.find(bytes, |start, end| hidden.hide(start..end));
        let mut told = 0;
        self.base64.find(bytes, |start, end| {
            // The letters at both sides hold some bits of it as well.
            let before = bytes[told.min(start)..start].iter().rev();
            let start = start - before.take_while(|byte| is_base64(**byte)).count();
            let end = end + bytes[end..].iter().take_while(|byte| is_base64(**byte)).count();
            hidden.hide(start..end);
            told = end;
        });
        if has_escapes {
            let decoded = Decoded::of(bytes, u8::MAX);
            let mut hide = |start, end| hidden.hide(decoded.place(start)..decoded.place(end));
            self.plain.find(&decoded.bytes, &mut hide);
            self.base64.find(&decoded.bytes, &mut hide);
        }
    }
}

impl Forms {
    fn add(&mut self, text: &[u8]) {
        if text.len() < MIN_SECRET_BYTES || self.texts.iter().any(|known| **known == *text) {
            return;
        }
        self.begins.add(text);
        self.texts.push(text.into());
    }

    /// Calls back with every place where one of the texts is, or where one begins that the end of
    /// `bytes` has cut off.
    fn find(&self, bytes: &[u8], mut found: impl FnMut(usize, usize)) {
        if self.texts.is_empty() {
            return;
        }
        let mut at = 0;
        while at + MIN_REST_BYTES <= bytes.len() {
            let rest = &bytes[at..];
            let length = if self.begins.has(rest) { self.longest(rest) } else { None };
            match length {
                Some(length) => {
                    found(at, at + length);
                    at += length;
                }
                None => at += 1,
            }
        }
    }

    fn longest(&self, rest: &[u8]) -> Option<usize> {
        let is_cut = |text: &[u8]| text.starts_with(rest);
        let fits = self.texts.iter().filter(|text| rest.starts_with(text) || is_cut(text));
        fits.map(|text| text.len().min(rest.len())).max()
    }
}

const fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'=')
}

/// The letters of base64 that depend on `text` alone when `offset` other bytes stand before it.
fn base64_core(text: &[u8], offset: usize, signs: [u8; 2]) -> Vec<u8> {
    const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let bit = |at: usize| {
        let at = at - 8 * offset;
        usize::from(text[at / 8] >> (7 - at % 8) & 1)
    };
    let first = (8 * offset).div_ceil(6);
    let last = 8 * (offset + text.len()) / 6;
    let letter = |at: usize| {
        let six = (0..6).fold(0, |six, low| six << 1 | bit(6 * at + low));
        LETTERS.get(six).copied().unwrap_or_else(|| signs[six - LETTERS.len()])
    };
    (first..last).map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::super::hidden::HIDDEN;
    use super::*;

    fn scrubbed(secrets: &[&str], text: &str) -> String {
        let mut needles = Needles::default();
        for secret in secrets {
            needles.add(Secret::new(*secret));
        }
        let mut hidden = Hidden::default();
        needles.find(text, &mut hidden);
        hidden.apply(text, HIDDEN).unwrap_or_else(|| text.to_owned())
    }

    #[test]
    fn a_secret_is_found_in_every_form_in_which_it_gets_into_a_text() {
        for (text, expected) in [
            ("p ss\"w/rd", "…"),
            ("is p ss\"w/rd, and p ss\"w/rd", "is …, and …"),
            ("{\"a\":\"p ss\\\"w/rd\"}", "{\"a\":\"…\"}"),
            ("?a=p%20ss%22w%2Frd&b", "?a=…&b"),
            ("?a=p%20ss%22w%2frd&b", "?a=…&b"),
            ("?a=%70%20%73%73%22%77%2F%72%64", "?a=…"),
            ("a=p+ss%22w%2Frd&b", "a=…&b"),
            // Base64 of it alone, and behind one and two other bytes.
            ("x cCBzcyJ3L3Jk y", "x … y"),
            ("dXNlcjpwIHNzIncvcmQ=", "…"),
            ("dTpwIHNzIncvcmQ=", "…"),
            ("YTphcCBzcyJ3L3Jk", "…"),
            // Cut off.
            ("is p ss", "is …"),
            ("is p s", "is p s"),
            ("is p ", "is p "),
            ("100% p s w/rd %2", "100% p s w/rd %2"),
        ] {
            assert_eq!(scrubbed(&["p ss\"w/rd"], text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_too_short_to_be_a_secret_is_not_looked_for() {
        assert_eq!(scrubbed(&["", "a", "short"], "a short one"), "a short one");
    }

    #[test]
    fn a_secret_that_begins_another_does_not_keep_the_rest_of_it_in_the_text() {
        assert_eq!(scrubbed(&["hunter", "hunter2-and-more"], "x hunter2-and-more y"), "x … y");
    }

    #[test]
    fn a_secret_can_be_taken_away() {
        let mut needles = Needles::default();
        needles.add(Secret::new("hunter2"));
        needles.add(Secret::new("hunter3"));
        needles.remove(&Secret::new("hunter2"));
        let mut hidden = Hidden::default();
        needles.find("hunter2 hunter3", &mut hidden);
        assert_eq!(hidden.apply("hunter2 hunter3", HIDDEN).as_deref(), Some("hunter2 …"));
    }

    #[test]
    fn needles_print_no_secret() {
        let mut needles = Needles::default();
        needles.add(Secret::new("hunter2"));
        assert_eq!(format!("{needles:?}"), "Needles([…])");
    }
}
