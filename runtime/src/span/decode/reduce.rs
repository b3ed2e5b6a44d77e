//! Reduction of the amendments of one span to those that its limits keep.

use std::borrow::Cow;
use std::mem::{Discriminant, discriminant};

use rustc_hash::FxHashMap;

use super::{callsite, in_order, key_text};
use crate::record::Dropped;
use crate::span::callsite::{Callsite, Mark};
use crate::span::layout::{AMENDMENT_WORDS, Tag};
use crate::span::marks;
use crate::span::tracer::Limits;
use crate::span::words::{Item, Key, Reader};

/// Leaves out events, links and keys beyond the limits, and values between the first of a key, which
/// determines its position, and the last.
///
/// Returns the numbers of attributes, events and links that are left out because of the limits.
/// Never changes the span that the amendments are applied to.
pub(in crate::span) fn reduce(words: &mut Vec<u64>, limits: &Limits) -> Dropped {
    let mut dropped = Dropped::default();
    let (mut events, mut links) = (0, 0);
    let mut ends = Ends::default();
    let records = in_order(words);
    let mut fates: Vec<Fate> = Vec::with_capacity(records.len());
    for (index, (what, record)) in records.iter().enumerate() {
        fates.push(match what.tag {
            Tag::Event | Tag::TimedEvent | Tag::Log => {
                Fate::kept(fits(&mut events, limits.events, &mut dropped.events))
            }
            Tag::Link => Fate::kept(fits(&mut links, limits.links, &mut dropped.links)),
            Tag::Items => ends.note(index, record, limits).unwrap_or_default(),
            Tag::End => Fate::kept(true),
        });
    }
    for (first, last) in ends.by_target.into_values() {
        fates[first].is_kept = true;
        fates[last].is_kept = true;
    }
    let mut kept = Vec::with_capacity(words.len());
    for ((_, record), fate) in records.into_iter().zip(fates) {
        if fate.is_kept {
            kept.extend_from_slice(record);
        } else {
            dropped.attributes += fate.beyond_limit;
        }
    }
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

/// Decision on one amendment.
#[derive(Clone, Copy, Default)]
struct Fate {
    is_kept: bool,
    /// Number of its items whose keys are beyond the limit.
    beyond_limit: u32,
}

impl Fate {
    const fn kept(is_kept: bool) -> Self {
        Self { is_kept, beyond_limit: 0 }
    }
}

/// Part of a span that an item sets.
#[derive(PartialEq, Eq, Hash)]
enum Target {
    /// Name, kind, status or another field, by its key.
    Field(u16),
    /// An attribute, an annotation or metadata.
    Value(Mark, Cow<'static, str>),
}

impl Target {
    fn of(item: Item, callsite: &'static Callsite) -> Self {
        match key_text(item.key, item.dynamic_key, callsite) {
            Some(text) => Self::Value(marks::of(item.key, callsite), text),
            None => Self::Field(item.key),
        }
    }
}

/// First and last amendments of each target.
#[derive(Default)]
struct Ends {
    /// Indexes of the two.
    by_target: FxHashMap<Target, (usize, usize)>,
    /// Numbers of keys.
    counts: FxHashMap<Discriminant<Mark>, usize>,
}

impl Ends {
    /// Notes the items of an amendment; `None` if it cannot be read.
    fn note(&mut self, index: usize, record: &[u64], limits: &Limits) -> Option<Fate> {
        let (head, items) = record.split_at_checked(AMENDMENT_WORDS)?;
        let callsite = callsite(head[1])?;
        let mut fate = Fate::default();
        for item in Reader::new(items) {
            if depends_on_others(item.key) {
                fate.is_kept = true;
            } else if !self.has_place(Target::of(item, callsite), index, limits) {
                fate.beyond_limit += 1;
            }
        }
        Some(fate)
    }

    /// Notes an item; false if its key is beyond the limit.
    fn has_place(&mut self, target: Target, index: usize, limits: &Limits) -> bool {
        if let Some((_, last)) = self.by_target.get_mut(&target) {
            *last = index;
            return true;
        }
        if let Target::Value(mark, _) = target {
            let count = self.counts.entry(discriminant(&mark)).or_default();
            if *count >= marks::max_keys(mark, limits) {
                return false;
            }
            *count += 1;
        }
        self.by_target.insert(target, (index, index));
        true
    }
}

/// True if an item is applied to what other items have set before; a span has few of them.
const fn depends_on_others(key: u16) -> bool {
    key == Key::EXCEPTION.index() || key == Key::ENDED_BEFORE.index()
}

#[cfg(test)]
mod tests;
