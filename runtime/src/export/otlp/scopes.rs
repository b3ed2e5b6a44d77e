//! Items of several scopes in one request.
//!
//! ```text
//!  item of our scope        spans
//!  item of another scope    scope, schema_url, spans     the prefix, then as above
//! ```
//!
//! In: who made a span. Out: the prefix of its item; of many items, those of equal prefixes
//! together.
//! Never: looks into a span.

use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::trace::v1::ScopeSpans;
use prost::Message;
use prost::bytes::Buf;
use prost::encoding::decode_varint;
use rustc_hash::FxHashMap;

use super::attributes::cut;
use super::encode::SPANS_KEY;
use super::request::SCHEMA_URL;
use crate::origin::Scope;

/// The fields of `ScopeSpans` but its spans; empty for our own scope, which a request names once.
pub(super) fn prefix(scope: Scope<'_>, max_text_bytes: usize) -> Vec<u8> {
    let (name, version, schema_url) = match scope {
        Scope::Ours => return Vec::new(),
        Scope::Target(name) => (name, None, SCHEMA_URL),
        // Which conventions another library follows is not known.
        Scope::Library { name, version } => (name, version, ""),
    };
    let scope = InstrumentationScope {
        name: cut(name, max_text_bytes).to_owned(),
        version: cut(version.unwrap_or_default(), max_text_bytes).to_owned(),
        ..InstrumentationScope::default()
    };
    let schema_url = schema_url.to_owned();
    ScopeSpans { scope: Some(scope), spans: Vec::new(), schema_url }.encode_to_vec()
}

/// The spans of one scope.
pub(super) struct Group<'a> {
    /// Empty for our own scope.
    pub(super) prefix: &'a [u8],
    /// The items without the prefix.
    pub(super) spans: Vec<&'a [u8]>,
}

/// Items by scope, in the order of each scope's first item.
pub(super) fn group<'a>(items: impl Iterator<Item = &'a [u8]>) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    let mut known = FxHashMap::default();
    for item in items {
        let (prefix, span) = item.split_at(prefix_len(item));
        let index = *known.entry(prefix).or_insert(groups.len());
        match groups.get_mut(index) {
            Some(group) => group.spans.push(span),
            None => groups.push(Group { prefix, spans: vec![span] }),
        }
    }
    groups
}

/// Where the span of an item begins. All fields before it have a length, and a key of one byte.
fn prefix_len(item: &[u8]) -> usize {
    let mut rest = item;
    while rest.first().is_some_and(|&key| key != SPANS_KEY) {
        rest.advance(1);
        let len = decode_varint(&mut rest).ok().and_then(|len| usize::try_from(len).ok());
        rest.advance(len.unwrap_or(0).min(rest.len()));
    }
    item.len() - rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_scopes_come_together_in_the_order_of_their_first_items() {
        let pg = prefix(Scope::Library { name: "pg", version: Some("1") }, usize::MAX);
        let long = "x".repeat(300);
        let long = prefix(Scope::Library { name: &long, version: None }, usize::MAX);
        let target = prefix(Scope::Target("billing"), usize::MAX);
        let ours = prefix(Scope::Ours, usize::MAX);
        assert!(ours.is_empty());
        let item = |prefix: &[u8], number: u8| [prefix, &[SPANS_KEY, 1, number]].concat();
        let items = [
            item(&pg, 1),
            item(&ours, 2),
            item(&pg, 3),
            item(&long, 4),
            item(&target, 5),
            item(&ours, 6),
        ];
        let groups = group(items.iter().map(Vec::as_slice));
        let found: Vec<_> = groups
            .iter()
            .map(|group| (group.prefix, group.spans.iter().map(|span| span[2]).collect()))
            .collect();
        let expected: [(&[u8], Vec<u8>); 4] =
            [(&pg, vec![1, 3]), (&ours, vec![2, 6]), (&long, vec![4]), (&target, vec![5])];
        assert_eq!(found, expected);
    }
}
