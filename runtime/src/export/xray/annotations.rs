//! Values to search for.
//!
//! In: what is marked as such, in order. Out: the member `annotations`, and what is none after all.
//! Never: sends more than X-Ray indexes, a key twice, or a number that would arrive as another.

use rustc_hash::FxHashMap;

use super::diet::Diet;
use super::facts::{Fact, Facts};
use super::json::{self, Object};
use super::metadata::{DEFAULT, Json, Metadata, OVERFLOW};
use super::names;
use super::settings::Indexed;
use crate::notes::Notes;
use crate::record::{Attribute, Value};

/// Above it, integers are not exact as the 64-bit floats that the service keeps.
const MAX_EXACT: i64 = 1 << 53;

/// The key of the request's route.
const ROUTE: &str = "http_route";

/// What decides which attributes are annotations.
#[derive(Clone, Copy, Debug)]
pub(super) struct Marks<'a> {
    pub(super) marked: &'a [Attribute],
    pub(super) indexed: &'a Indexed,
    pub(super) is_segment: bool,
}

/// The annotations of one span.
pub(super) struct Annotations<'a> {
    all: Vec<(&'a str, &'a Value)>,
}

impl<'a> Annotations<'a> {
    /// Collects them, and takes those that are attributes.
    pub(super) fn of(marks: Marks<'a>, facts: &mut Facts<'a>) -> Self {
        let pair = |attribute: &'a Attribute| (&*attribute.key, &attribute.value);
        let mut all: Vec<_> = marks.marked.iter().map(pair).collect();
        let mut others = Vec::new();
        if marks.is_segment && facts.text(Fact::Route).is_some() {
            others.extend(facts.take_if(|it| it.key == "http.route").map(|it| (ROUTE, &it.value)));
        }
        if let Some(names) = facts.texts(Fact::Annotated) {
            facts.take(Fact::Annotated);
            others.extend(facts.take_if(|it| is_scalar(it) && names.contains(&&*it.key)).map(pair));
        }
        match marks.indexed {
            Indexed::Marked => {}
            Indexed::Listed(keys) => {
                let is_listed = |it: &Attribute| keys.iter().any(|key| *key == it.key);
                others.extend(facts.take_if(|it| is_scalar(it) && is_listed(it)).map(pair));
            }
            Indexed::All => others.extend(facts.take_if(is_scalar).map(pair)),
        }
        // What is marked on a span comes as one of its attributes, too.
        others.retain(|other| !all.contains(other));
        all.append(&mut others);
        Self { all }
    }

    /// Writes as many as there is room for, and adds the others to the metadata; returns how many.
    pub(super) fn write(&self, room: usize, diet: &Diet, out: Sides<'_, 'a, '_>) -> usize {
        let Sides { document, metadata, notes } = out;
        let mut known: FxHashMap<_, &Value> = FxHashMap::default();
        if self.all.is_empty() {
            return 0;
        }
        let room = room.min(diet.annotations);
        document.object("annotations", |annotations| {
            for &(text, value) in &self.all {
                if matches!(value, Value::Array(_)) {
                    metadata.add(DEFAULT, text, Json::Value(value));
                    continue;
                }
                let key = names::annotation_key(text);
                let loss = match known.get(&key) {
                    Some(same) if *same == value => continue,
                    Some(_) => Some("annotation key given twice"),
                    None => (known.len() >= room).then_some("annotation beyond the limit"),
                };
                if let Some(loss) = loss {
                    notes.example(loss, text, OVERFLOW);
                    metadata.add(OVERFLOW, text, Json::Value(value));
                    continue;
                }
                if !names::has_plain_key(text) {
                    notes.example("annotation key", text, &key);
                }
                if is_cut(value, diet.annotation_chars) {
                    notes.example("annotation value shortened", text, &key);
                }
                write(value, diet.annotation_chars, annotations.member(&key));
                known.insert(key, value);
            }
        });
        known.len()
    }
}

fn is_cut(value: &Value, max_chars: usize) -> bool {
    matches!(value, Value::Str(text) if names::cut(text, max_chars).len() < text.len())
}

/// Where annotations go.
pub(super) struct Sides<'a, 'v, 'o> {
    pub(super) document: &'a mut Object<'o>,
    pub(super) metadata: &'a mut Metadata<'v>,
    pub(super) notes: &'a Notes,
}

fn is_scalar(attribute: &Attribute) -> bool {
    !matches!(attribute.value, Value::Array(_))
}

fn write(value: &Value, max_chars: usize, out: &mut Vec<u8>) {
    match value {
        Value::I64(number) if !(-MAX_EXACT..=MAX_EXACT).contains(number) => {
            json::text(&number.to_string(), out);
        }
        Value::Str(text) => json::text(names::cut(text, max_chars), out),
        value => json::value(value, out),
    }
}
