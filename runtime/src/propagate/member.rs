//! One member of the `baggage` list: a key, a value, properties.
//!
//! In: text from a header, or a key and a value from the application. Out: the text for the header,
//! which is kept as it came.
//! Never: holds text that could not stand in a header.
//!
//! Wire format: <https://www.w3.org/TR/baggage/#header-content>.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use super::trim_white_space;

/// What a value cannot hold as it is, and two characters that it could: some readers end the value
/// at `=`, some take `+` for a blank.
const ESCAPED: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b',').add(b';').add(b'\\').add(b'%').add(b'=').add(b'+');

/// `key=value` or `key=value;property;property=value`, without white space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    text: String,
    key_bytes: usize,
    value_bytes: usize,
    /// True if it is not sent on.
    is_local: bool,
}

impl Member {
    /// Encodes the value; `None` when the key is not a token.
    pub(super) fn new(key: &str, value: &str) -> Option<Self> {
        let value = utf8_percent_encode(value, ESCAPED);
        Self::from_parts(key.as_bytes(), value.to_string().as_bytes())
    }

    /// Reads a member as it stands between two commas; `None` when it breaks the rules.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let mut parts = text.split(|&byte| byte == b';');
        let (key, value) = split_pair(parts.next()?);
        let mut member = Self::from_parts(key, value?)?;
        for property in parts {
            member.add_property(property)?;
        }
        Some(member)
    }

    pub(super) fn key(&self) -> &str {
        &self.text[..self.key_bytes]
    }

    /// The decoded value.
    pub(super) fn value(&self) -> Cow<'_, str> {
        let start = self.key_bytes + 1;
        percent_decode_str(&self.text[start..start + self.value_bytes]).decode_utf8_lossy()
    }

    /// The properties as they came, joined by `;`; often empty.
    pub(super) fn properties(&self) -> &str {
        self.text[self.key_bytes + 1 + self.value_bytes..].trim_start_matches(';')
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Returns the memory of the text, in bytes.
    pub(super) const fn text_capacity(&self) -> usize {
        self.text.capacity()
    }

    pub(super) const fn is_local(&self) -> bool {
        self.is_local
    }

    pub(super) const fn keep_local(&mut self) {
        self.is_local = true;
    }

    fn from_parts(key: &[u8], value: &[u8]) -> Option<Self> {
        let (key, value) = (as_token(key)?, as_octets(value)?);
        Some(Self {
            text: [key, "=", value].concat(),
            key_bytes: key.len(),
            value_bytes: value.len(),
            is_local: false,
        })
    }

    fn add_property(&mut self, property: &[u8]) -> Option<()> {
        let (key, value) = split_pair(property);
        let key = as_token(key)?;
        self.text.push(';');
        self.text.push_str(key);
        if let Some(value) = value {
            self.text.push('=');
            self.text.push_str(as_octets(value)?);
        }
        Some(())
    }
}

/// Only the first `=` separates; a value may hold more of them.
fn split_pair(text: &[u8]) -> (&[u8], Option<&[u8]>) {
    let mut parts = text.splitn(2, |&byte| byte == b'=').map(trim_white_space);
    (parts.next().unwrap_or_default(), parts.next())
}

/// Source: <https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2>.
fn as_token(text: &[u8]) -> Option<&str> {
    let is_allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    let is_token = !text.is_empty() && text.iter().all(is_allowed);
    std::str::from_utf8(text).ok().filter(|_| is_token)
}

/// Source: `baggage-octet` in <https://www.w3.org/TR/baggage/#definition>.
fn as_octets(text: &[u8]) -> Option<&str> {
    let is_allowed = |byte: &u8| byte.is_ascii_graphic() && !b"\",;\\".contains(byte);
    let is_value = text.iter().all(is_allowed);
    std::str::from_utf8(text).ok().filter(|_| is_value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_read_into_key_value_and_properties() {
        for (text, key, value, properties) in [
            ("a=1", "a", "1", ""),
            (" a \t= \t1 ", "a", "1", ""),
            ("a=", "a", "", ""),
            ("a=b=c", "a", "b=c", ""),
            ("user=Am%C3%A9lie%20P", "user", "Amélie P", ""),
            ("a=val%", "a", "val%", ""),
            ("a=b%ffc", "a", "b\u{fffd}c", ""),
            ("!#$%&'*+-.^_`|~=1", "!#$%&'*+-.^_`|~", "1", ""),
            ("a=1;p;q=2", "a", "1", "p;q=2"),
            ("a = 1 \t; p ; q = %20x= ", "a", "1", "p;q=%20x="),
        ] {
            let member = Member::parse(text.as_bytes()).unwrap();
            assert_eq!(
                (member.key(), &*member.value(), member.properties()),
                (key, value, properties)
            );
        }
    }

    #[test]
    fn a_member_outside_the_grammar_is_none() {
        for text in [
            "",
            "a",
            "=1",
            "a b=1",
            "é=1",
            "a@b=1",
            "a=1 2",
            "a=\"1\"",
            "a=\\",
            "a=é",
            "a=\x01",
            "a=1;",
            "a=1;=2",
            "a=1;p q",
            "a=1;p=\"2\"",
        ] {
            assert_eq!(Member::parse(text.as_bytes()), None, "{text:?}");
        }
        assert_eq!(Member::parse(b"a=\xff"), None);
    }

    #[test]
    fn a_value_is_encoded_so_that_every_reader_gets_it_back() {
        let value = "\t a\",;\\%=+é\u{7f}\r\n😀";
        let member = Member::new("key", value).unwrap();
        assert_eq!(member.text(), "key=%09%20a%22%2C%3B%5C%25%3D%2B%C3%A9%7F%0D%0A%F0%9F%98%80");
        assert_eq!(member.value(), value);
        assert_eq!(Member::parse(member.text().as_bytes()), Some(member));
    }

    #[test]
    fn what_came_in_encoded_goes_out_as_it_came() {
        for text in ["a=%41%ff+b==", "a=1;p=%41"] {
            assert_eq!(Member::parse(text.as_bytes()).unwrap().text(), text);
        }
    }
}
