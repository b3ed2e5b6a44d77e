//! The list in `tracestate`: what other tracing systems wrote on a trace.
//!
//! In: header values. Out: one list in the form in which we pass it on.
//! Never: changes a member, or keeps a part of a list that breaks the rules.
//!
//! Wire format: <https://www.w3.org/TR/trace-context-2/#tracestate-header>.

use super::trim_white_space;

/// A list holds at most 32 members.
///
/// Source: <https://www.w3.org/TR/trace-context-2/#tracestate-header-field-values>.
const MAX_MEMBERS: usize = 32;

/// A key is at most 256 characters long.
///
/// Source: <https://www.w3.org/TR/trace-context-2/#key>.
const MAX_KEY_BYTES: usize = 256;

/// A value is at most 256 characters long.
///
/// Source: <https://www.w3.org/TR/trace-context-2/#value>.
const MAX_VALUE_BYTES: usize = 256;

/// Maximum number of members that are looked at, empty ones included.
const MAX_EXAMINED: usize = 2 * MAX_MEMBERS;

/// Maximum number of bytes that are looked at: white space may double a valid list.
const MAX_EXAMINED_BYTES: usize = 2 * MAX_MEMBERS * (MAX_KEY_BYTES + MAX_VALUE_BYTES + 2);

/// Joins the values of several headers into one list, at most 16,447 bytes long.
#[derive(Debug, Default)]
pub(super) struct List {
    text: String,
    members: usize,
    /// Members looked at, empty ones included.
    examined: usize,
    examined_bytes: usize,
    is_broken: bool,
}

impl List {
    /// Adds the members of one header value. Empty members are allowed and left out; they come from
    /// callers that add to a header without looking at it.
    pub(super) fn add(&mut self, header: &[u8]) {
        self.examined_bytes = self.examined_bytes.saturating_add(header.len());
        self.is_broken |= self.examined_bytes > MAX_EXAMINED_BYTES;
        for member in header.split(|&byte| byte == b',').map(trim_white_space) {
            self.is_broken |= self.examined == MAX_EXAMINED;
            if self.is_broken {
                return;
            }
            self.examined += 1;
            if !member.is_empty() {
                self.push(member);
            }
        }
    }

    /// The list, or `None` when it is empty or broke a rule.
    pub(super) fn into_text(self) -> Option<String> {
        (!self.is_broken && self.members > 0).then_some(self.text)
    }

    fn push(&mut self, member: &[u8]) {
        self.members += 1;
        match std::str::from_utf8(member) {
            Ok(text) if self.members <= MAX_MEMBERS && is_member(member) => {
                if self.members > 1 {
                    self.text.push(',');
                }
                self.text.push_str(text);
            }
            _ => self.is_broken = true,
        }
    }
}

fn is_member(member: &[u8]) -> bool {
    let mut parts = member.splitn(2, |&byte| byte == b'=');
    let (Some(key), Some(value)) = (parts.next(), parts.next()) else { return false };
    is_key(key) && is_value(value)
}

fn is_key(key: &[u8]) -> bool {
    let is_first = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_other = |byte: &u8| is_first(*byte) || b"_-*/@".contains(byte);
    key.len() <= MAX_KEY_BYTES
        && key.first().is_some_and(|&byte| is_first(byte))
        && key.iter().all(is_other)
}

/// Blanks at the begin belong to the value; those at the end are gone already.
fn is_value(value: &[u8]) -> bool {
    let is_allowed = |byte: &u8| matches!(byte, b' '..=b'~') && !b",=".contains(byte);
    !value.is_empty() && value.len() <= MAX_VALUE_BYTES && value.iter().all(is_allowed)
}

#[cfg(test)]
mod tests;
