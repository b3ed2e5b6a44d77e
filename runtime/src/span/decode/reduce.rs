//! Reduction of the amendments of one span to those that its limits keep.

use rustc_hash::FxHashSet;

use super::{callsite, in_order};
use crate::record::Dropped;
use crate::span::layout::{AMENDMENT_WORDS, Tag, What};
use crate::span::tracer::Limits;
use crate::span::words::{Key, Reader};

/// Callsite and keys of an amendment.
type Keys = (u64, Vec<(u16, Option<String>)>);

/// Leaves out events and links beyond the limits, and values that a later amendment replaces.
/// Returns the numbers of events and links that are gone.
pub(in crate::span) fn reduce(words: &mut Vec<u64>, limits: &Limits) -> Dropped {
    let mut dropped = Dropped::default();
    let (mut events, mut links) = (0, 0);
    let mut kept = in_order(words);
    kept.retain(|(what, _)| match what.tag {
        Tag::Event | Tag::TimedEvent | Tag::Log => {
            fits(&mut events, limits.events, &mut dropped.events)
        }
        Tag::Link => fits(&mut links, limits.links, &mut dropped.links),
        Tag::Items | Tag::End => true,
    });
    let mut seen = FxHashSet::default();
    kept.reverse();
    kept.retain(|(what, record)| keys(*what, record).is_none_or(|keys| seen.insert(keys)));
    let kept = kept.iter().rev().flat_map(|(_, record)| *record).copied().collect();
    *words = kept;
    dropped
}

/// Counts one more; false if it is beyond the limit.
fn fits(count: &mut usize, limit: usize, dropped: &mut u32) -> bool {
    *count += 1;
    let fits = *count <= limit;
    *dropped += u32::from(!fits);
    fits
}

/// The keys of an amendment that sets values and does nothing else.
fn keys(what: What, record: &[u64]) -> Option<Keys> {
    if what.tag != Tag::Items {
        return None;
    }
    let (head, items) = record.split_at_checked(AMENDMENT_WORDS)?;
    let known = callsite(head[1])?.keys.len();
    let is_value = |key: u16| Key::dynamic(key).is_some() || usize::from(key) < known;
    let mut keys = Reader::new(items).map(|item| (item.key, item.dynamic_key));
    let keys = keys.try_fold(Vec::new(), |mut keys, key| {
        keys.push(key);
        is_value(keys.last()?.0).then_some(keys)
    });
    Some((head[1], keys?))
}
