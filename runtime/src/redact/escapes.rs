//! The escapes of URLs.
//!
//! In: any text. Out: the same without its escapes, and where each byte came from.
//! Never: fails; what is no escape stays as it is.

/// A text without escapes.
pub(super) struct Decoded {
    /// The bytes.
    pub(super) bytes: Vec<u8>,
    /// Where each of them came from.
    places: Vec<usize>,
    /// How long the text was.
    len: usize,
}

impl Decoded {
    /// The text without the escapes of bytes up to `last`; of text up to 0x7F is text.
    pub(super) fn of(text: &[u8], last: u8) -> Self {
        let mut bytes = Vec::with_capacity(text.len());
        let mut places = Vec::with_capacity(text.len());
        let mut at = 0;
        while at < text.len() {
            let escaped = escaped(&text[at..]).filter(|byte| *byte <= last);
            places.push(at);
            bytes.push(escaped.unwrap_or(text[at]));
            at += if escaped.is_some() { 3 } else { 1 };
        }
        Self { bytes, places, len: text.len() }
    }

    /// Where a place was before.
    pub(super) fn place(&self, at: usize) -> usize {
        self.places.get(at).copied().unwrap_or(self.len)
    }

    /// Whether there was an escape.
    pub(super) fn is_shorter(&self) -> bool {
        self.bytes.len() < self.len
    }
}

/// The byte of the escape that a text begins with.
fn escaped(text: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    match text {
        [b'%', high, low, ..] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_read_and_every_byte_knows_its_place() {
        let decoded = Decoded::of(b"a%3Db%2%c3%A4%", u8::MAX);
        assert_eq!(decoded.bytes, b"a=b%2\xc3\xa4%");
        let places: Vec<_> = (0..9).map(|at| decoded.place(at)).collect();
        assert_eq!(places, [0, 1, 4, 5, 6, 7, 10, 13, 14]);
        assert!(decoded.is_shorter() && !Decoded::of(b"100%", u8::MAX).is_shorter());
    }

    #[test]
    fn what_is_left_of_a_text_is_a_text() {
        let decoded = Decoded::of("ä%E4%3d".as_bytes(), 0x7F);
        assert_eq!(str::from_utf8(&decoded.bytes), Ok("ä%E4="));
    }
}
