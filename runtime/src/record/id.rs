//! Trace and span ids.
//!
//! In: integers or hexadecimal text. Out: the fixed-width lower-case text every wire format uses.
//! Never: generates an id.

use std::fmt;

/// Why a text is not an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseIdError {
    digits: usize,
}

impl fmt::Display for ParseIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {} lower-case hexadecimal digits, not all zero", self.digits)
    }
}

impl std::error::Error for ParseIdError {}

/// 16 bytes that name a trace; never all zero in a valid context.
///
/// Ours start with 32 bits of epoch seconds, so that the same id serves AWS X-Ray, which wants
/// the time of the first request there.
/// Source: <https://www.w3.org/TR/trace-context-2/#trace-id>.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TraceId(u128);

/// 8 bytes that name a span within its trace; never all zero in a valid context.
///
/// Source: <https://www.w3.org/TR/trace-context-2/#parent-id>.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SpanId(u64);

impl TraceId {
    /// The id that names no trace.
    pub const INVALID: Self = Self(0);

    /// Takes the id as a big-endian number.
    pub const fn from_u128(id: u128) -> Self {
        Self(id)
    }

    /// The id as a big-endian number.
    pub const fn to_u128(self) -> u128 {
        self.0
    }

    /// The id as it goes into binary formats.
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// Whether the id names a trace.
    pub const fn is_valid(self) -> bool {
        self.0 != 0
    }

    /// Reads exactly 32 lower-case hexadecimal digits.
    ///
    /// # Errors
    /// Any other length or character, and all zeros.
    pub fn parse(text: &[u8]) -> Result<Self, ParseIdError> {
        parse_lower_hex(text, 32).map(Self).ok_or(ParseIdError { digits: 32 })
    }
}

impl SpanId {
    /// The id that names no span.
    pub const INVALID: Self = Self(0);

    /// Takes the id as a big-endian number.
    pub const fn from_u64(id: u64) -> Self {
        Self(id)
    }

    /// The id as a big-endian number.
    pub const fn to_u64(self) -> u64 {
        self.0
    }

    /// The id as it goes into binary formats.
    pub const fn to_bytes(self) -> [u8; 8] {
        self.0.to_be_bytes()
    }

    /// Whether the id names a span.
    pub const fn is_valid(self) -> bool {
        self.0 != 0
    }

    /// Reads exactly 16 lower-case hexadecimal digits.
    ///
    /// # Errors
    /// Any other length or character, and all zeros.
    pub fn parse(text: &[u8]) -> Result<Self, ParseIdError> {
        parse_lower_hex(text, 16)
            .and_then(|id| u64::try_from(id).ok())
            .map(Self)
            .ok_or(ParseIdError { digits: 16 })
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

fn parse_lower_hex(text: &[u8], digits: usize) -> Option<u128> {
    if text.len() != digits {
        return None;
    }
    let mut id = 0_u128;
    for &byte in text {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            _ => return None,
        };
        id = id << 4 | u128::from(digit);
    }
    (id != 0).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_what_it_writes() {
        let trace_id = TraceId::from_u128(0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736);
        assert_eq!(trace_id.to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(TraceId::parse(trace_id.to_string().as_bytes()), Ok(trace_id));

        let span_id = SpanId::from_u64(0x00f0_67aa_0ba9_02b7);
        assert_eq!(span_id.to_string(), "00f067aa0ba902b7");
        assert_eq!(SpanId::parse(span_id.to_string().as_bytes()), Ok(span_id));
    }

    #[test]
    fn only_lower_case_digits_of_the_exact_length_that_are_not_all_zero_are_an_id() {
        for text in
            ["", "00f067aa0ba902b", "00f067aa0ba902b70", "00F067AA0BA902B7", "0x0067aa0ba902b7"]
        {
            assert!(SpanId::parse(text.as_bytes()).is_err(), "{text}");
        }
        assert!(SpanId::parse(&[b'0'; 16]).is_err());
        assert!(TraceId::parse(&[b'0'; 32]).is_err());
    }
}
