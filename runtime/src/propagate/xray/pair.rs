//! One pair of the header, `name=value`.
//!
//! In: bytes between two semicolons. Out: what they mean, or nothing.
//! Never: guesses; an id that is not one is none.

use crate::propagate::{Sampled, trim_white_space};
use crate::record::{SpanId, TraceId};

/// A pair that can be read; `None` inside of one whose value cannot.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Pair<'a> {
    Root(Option<TraceId>),
    Parent(Option<SpanId>),
    Sampled(Sampled),
    /// `Self`, the balancer's own id.
    Balancer,
    Lineage(Option<&'a str>),
    /// A pair of somebody else, as it stands there.
    Other(&'a str),
}

/// The most pairs that are read: a header of 256 characters, all that AWS reads, has not more.
const MAX_PAIRS: usize = 128;

/// A longer pair would not fit into a header of 256 characters.
const MAX_PAIR_BYTES: usize = 256;

/// Maximum number of bytes that are looked at.
const MAX_EXAMINED_BYTES: usize = 16 * 1_024;

impl<'a> Pair<'a> {
    /// The pairs of a header in their order, of which a caller may send any number.
    pub(super) fn all(header: &'a [u8]) -> impl Iterator<Item = Self> {
        let header = match header.split_at_checked(MAX_EXAMINED_BYTES) {
            // A pair is read as a whole, or not at all.
            Some((start, rest)) if !rest.is_empty() => {
                &start[..start.iter().rposition(|&byte| byte == b';').unwrap_or(0)]
            }
            _ => header,
        };
        let pairs = header.split(|&byte| byte == b';').take(MAX_PAIRS);
        pairs.filter_map(|text| Self::read(trim_white_space(text)))
    }

    fn read(text: &'a [u8]) -> Option<Self> {
        let text = Some(text).filter(|text| text.len() <= MAX_PAIR_BYTES)?;
        let text = str::from_utf8(text).ok()?;
        let (name, value) = text.split_once('=')?;
        let (name, value) = (name.trim_matches([' ', '\t']), value.trim_matches([' ', '\t']));
        let is_printable = || text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        match name {
            "" => None,
            _ if is("Root") => Some(Self::Root(trace_id(value))),
            _ if is("Parent") => Some(Self::Parent(span_id(value))),
            _ if is("Sampled") => Some(Self::Sampled(match value {
                "1" => Sampled::Yes,
                "0" => Sampled::No,
                "?" => Sampled::Asked,
                _ => Sampled::Unsaid,
            })),
            _ if is("Self") => Some(Self::Balancer),
            _ if is("Lineage") => Some(Self::Lineage(Some(value).filter(|text| is_lineage(text)))),
            _ => is_printable().then_some(Self::Other(text)),
        }
    }
}

/// Returns the first value of a header whose values may have been joined by commas: it ends at a comma
/// behind which a pair follows.
///
/// Source: <https://www.rfc-editor.org/rfc/rfc9110#section-5.3>.
pub(super) fn first_of_joined(header: &[u8]) -> &[u8] {
    let header = &header[..header.len().min(MAX_EXAMINED_BYTES + 1)];
    let commas = header.iter().enumerate().filter(|(_, byte)| **byte == b',');
    let mut ends = commas.map(|(at, _)| at);
    let end = ends.find(|at| begins_with_pair(&header[at + 1..]));
    end.map_or(header, |end| &header[..end])
}

/// Returns true if a text begins with the name of a pair and `=`.
fn begins_with_pair(text: &[u8]) -> bool {
    let part = text.split(|byte| b",;".contains(byte)).next().unwrap_or_default();
    let Some(end) = part.iter().position(|&byte| byte == b'=') else { return false };
    let name = trim_white_space(&part[..end]);
    !name.is_empty()
        && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

/// `1-`, up to 8 digits of epoch seconds, `-`, 24 digits. Leading zeros of the seconds may be
/// missing, as other implementations have it.
fn trace_id(text: &str) -> Option<TraceId> {
    let (seconds, unique) = text.strip_prefix("1-")?.split_once('-')?;
    if unique.len() != 24 || !(1..=8).contains(&seconds.len()) {
        return None;
    }
    let id = TraceId::from_u128(hex(seconds)? << 96 | hex(unique)?);
    Some(id).filter(|id| id.is_valid())
}

fn span_id(text: &str) -> Option<SpanId> {
    let id = hex(text).filter(|_| text.len() == 16)?;
    u64::try_from(id).ok().map(SpanId::from_u64).filter(|id| id.is_valid())
}

/// The number of at most 32 digits.
fn hex(digits: &str) -> Option<u128> {
    digits.chars().try_fold(0, |number, char| Some(number << 4 | u128::from(char.to_digit(16)?)))
}

/// The services a request has passed through, in either of AWS's forms: `hash:count|hash:count`, or
/// `count:hash:count`.
fn is_lineage(text: &str) -> bool {
    /// Source: <https://github.com/open-telemetry/opentelemetry-java-contrib/tree/main/aws-xray-propagator>.
    const MAX_REQUESTS: u32 = 32_767;
    const MAX_LOOPS: u32 = 255;
    let is_hash = |text: &str| text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_count = |text: &str, max| {
        let is_number = text.len() <= 5 && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number && text.parse::<u32>().is_ok_and(|count| count <= max)
    };
    let is_visit = |visit: &str| match visit.split_once(':') {
        Some((hash, count)) => is_hash(hash) && is_count(count, MAX_REQUESTS),
        None => false,
    };
    let fields: Vec<_> = text.split(':').collect();
    match fields.as_slice() {
        [requests, hash, loops] if !text.contains('|') => {
            let is_short = loops.len() <= 3;
            is_count(requests, MAX_REQUESTS)
                && is_hash(hash)
                && is_short
                && is_count(loops, MAX_LOOPS)
        }
        _ => text.split('|').all(is_visit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_of_any_length_is_read_to_its_128th_pair() {
        let header = "a=1;".repeat(32_000);
        assert_eq!(Pair::all(header.as_bytes()).count(), 128);
        let root = "Root=1-5759e988-bd862e3fe1be46a994272793";
        let late = format!("{}{root}", "a=1;".repeat(128));
        assert!(Pair::all(late.as_bytes()).all(|pair| pair == Pair::Other("a=1")));
        let cut = format!("{root};a={};Sampled=1", "x".repeat(16_370));
        assert_eq!(Pair::all(cut.as_bytes()).count(), 1);
        let long = format!("a={};{root}", "x".repeat(255));
        assert!(matches!(
            Pair::all(long.as_bytes()).collect::<Vec<_>>()[..],
            [Pair::Root(Some(_))]
        ));
    }
}
