//! Values that are kept with a span and not searched.
//!
//! In: values by namespace and key, as they come up. Out: the member `metadata`.
//! Never: writes JSON that somebody else calls JSON without a look at it; tells a key twice.

use std::borrow::Cow;

use rustc_hash::FxHashSet;
use serde_json::value::RawValue;

use super::blocks::shortened;
use super::diet::{Diet, MAX_NAMED_BYTES};
use super::json::{self, Object};
use super::names;
use crate::notes::Notes;
use crate::record::Value;

/// The namespace of attributes.
pub(super) const DEFAULT: &str = "default";

/// The namespace of what this recorder has to say.
pub(super) const SDK: &str = "sdk";

/// The namespace of annotations that X-Ray would not index.
pub(super) const OVERFLOW: &str = "annotations_overflow";

/// How deep a value may be: readers of JSON stop somewhere, and a document has its own depth.
const MAX_DEPTH: usize = 24;

/// One value.
#[derive(Debug)]
pub(super) enum Json<'a> {
    /// A text that is JSON already, they say.
    Raw(Cow<'a, str>),
    /// An attribute's value.
    Value(&'a Value),
    /// A text.
    Text(Cow<'a, str>),
    /// A text of ours that is JSON.
    Own(String),
}

/// A value, and where it belongs.
#[derive(Debug)]
struct Entry<'a> {
    namespace: Cow<'a, str>,
    key: Cow<'a, str>,
    json: Json<'a>,
}

/// What is to be written.
#[derive(Debug, Default)]
pub(super) struct Metadata<'a> {
    entries: Vec<Entry<'a>>,
    /// Members of the namespace [`DEFAULT`] that are encoded already.
    pub(super) encoded: &'a [u8],
}

impl<'a> Metadata<'a> {
    /// Adds a value.
    pub(super) fn add(&mut self, namespace: &'a str, key: &'a str, json: Json<'a>) {
        let namespace = names::metadata_key(namespace);
        self.entries.push(Entry { namespace, key: names::metadata_key(key), json });
    }

    /// Adds the members of an object that is written as a text; `false` when it is none, or too
    /// deep.
    pub(super) fn add_object(&mut self, namespace: &'a str, text: &str) -> bool {
        let Ok(members) = serde_json::from_str::<serde_json::Map<_, _>>(text) else { return false };
        if look_at(text).is_none() {
            return false;
        }
        let entry = |(key, value): (String, serde_json::Value)| Entry {
            namespace: names::metadata_key(namespace),
            key: Cow::Owned(names::metadata_key(&key).into_owned()),
            json: Json::Own(value.to_string()),
        };
        self.entries.extend(members.into_iter().map(entry));
        true
    }

    /// Writes all, as far as the diet allows; returns the size of each namespace if that is asked
    /// for.
    pub(super) fn write(
        &self,
        diet: &Diet,
        notes: &Notes,
        document: &mut Object<'_>,
    ) -> Vec<(String, usize)> {
        let mut sizes = Vec::new();
        if self.entries.is_empty() && self.encoded.is_empty() {
            return sizes;
        }
        let mut has_own = false;
        let namespaces = self.namespaces();
        document.object("metadata", |metadata| {
            for namespace in namespaces {
                if diet.without.iter().any(|(left_out, _)| left_out == namespace) {
                    continue;
                }
                let before = metadata.len();
                let mut group = Object::open(metadata.any_member(namespace));
                self.write_group(namespace, diet, notes, &mut group);
                if namespace == SDK {
                    dropped(diet, &mut group);
                    has_own = true;
                }
                group.close();
                if diet.is_measured() {
                    sizes.push((namespace.to_owned(), metadata.len() - before));
                }
            }
            if !has_own {
                metadata.object(SDK, |sdk| dropped(diet, sdk));
            }
        });
        sizes
    }

    /// Each once, in the order they came up.
    fn namespaces(&self) -> Vec<&str> {
        let mut namespaces = Vec::new();
        if !self.encoded.is_empty() {
            namespaces.push(DEFAULT);
        }
        for entry in &self.entries {
            // Neighbours are mostly alike.
            let namespace = &*entry.namespace;
            if namespaces.last() != Some(&namespace) && !namespaces.contains(&namespace) {
                namespaces.push(namespace);
            }
        }
        namespaces
    }

    fn write_group(&self, namespace: &str, diet: &Diet, notes: &Notes, group: &mut Object<'_>) {
        if namespace == DEFAULT {
            group.members(self.encoded);
        }
        let mut known = FxHashSet::default();
        for entry in self.entries.iter().filter(|entry| entry.namespace == namespace) {
            if !known.insert(&*entry.key) {
                notes.example("metadata key given twice", &entry.key, namespace);
                continue;
            }
            write(&entry.json, diet.value_bytes, notes, group.any_member(&entry.key));
        }
    }
}

/// Says what is missing.
fn dropped(diet: &Diet, sdk: &mut Object<'_>) {
    sdk.object("dropped", |dropped| {
        let mut known = FxHashSet::default();
        for (namespace, bytes) in diet.without.iter().take(50) {
            let name = &namespace[..namespace.floor_char_boundary(MAX_NAMED_BYTES)];
            if known.insert(name) {
                let bytes = i64::try_from(*bytes).unwrap_or(i64::MAX);
                json::integer(bytes, dropped.any_member(name));
            }
        }
    });
}

/// Writes a value; one of too many bytes as a text that says how many are missing.
pub(super) fn write(json: &Json<'_>, max_bytes: usize, notes: &Notes, out: &mut Vec<u8>) {
    let before = out.len();
    match json {
        Json::Raw(raw) if is_sound(raw) => out.extend_from_slice(raw.as_bytes()),
        Json::Raw(raw) => {
            notes.example("metadata that is no usable json", raw, "a text");
            json::text(raw, out);
        }
        Json::Value(value) => json::value(value, out),
        Json::Text(text) => json::text(text, out),
        Json::Own(own) => out.extend_from_slice(own.as_bytes()),
    }
    if out.len() - before <= max_bytes {
        return;
    }
    let text = match json {
        Json::Value(Value::Str(text)) | Json::Text(text) => text.to_string(),
        _ => String::from_utf8_lossy(&out[before..]).into_owned(),
    };
    out.truncate(before);
    json::text(&shortened(&text, max_bytes), out);
}

/// Whether it is JSON that every reader takes: not too deep, and without numbers and characters
/// that have a spelling but do not exist.
fn is_sound(raw: &str) -> bool {
    if serde_json::from_str::<&RawValue>(raw).is_err() {
        return false;
    }
    let Some(is_usual) = look_at(raw) else { return false };
    is_usual || serde_json::from_str::<serde_json::Value>(raw).is_ok()
}

/// Looks at JSON byte by byte: `None` when it is too deep, else whether it has neither exponents,
/// nor more digits than usual, nor escapes of characters by number.
fn look_at(json: &str) -> Option<bool> {
    let (mut depth, mut digits) = (0_usize, 0_usize);
    let (mut is_in_text, mut is_escaped, mut is_usual) = (false, false, true);
    for byte in json.bytes() {
        if is_in_text {
            is_usual &= !(is_escaped && byte == b'u');
            is_in_text = is_escaped || byte != b'"';
            is_escaped = !is_escaped && byte == b'\\';
            continue;
        }
        match byte {
            b'"' => is_in_text = true,
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth -= 1,
            b'e' | b'E' if digits > 0 => is_usual = false,
            _ => {}
        }
        digits = if byte.is_ascii_digit() { digits + 1 } else { 0 };
        is_usual &= digits < 300;
        if depth > MAX_DEPTH {
            return None;
        }
    }
    Some(is_usual)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(metadata: &Metadata<'_>, diet: &Diet) -> String {
        let mut out = Vec::new();
        let mut object = Object::open(&mut out);
        metadata.write(diet, &Notes::default(), &mut object);
        object.close();
        String::from_utf8(out).unwrap()
    }

    fn raw(text: &str) -> Json<'_> {
        Json::Raw(Cow::Borrowed(text))
    }

    #[test]
    fn values_are_grouped_by_namespace_and_told_once() {
        let mut metadata = Metadata::default();
        let value = Value::from(7_i64);
        metadata.add("a", "x", raw("[1, 2]"));
        metadata.add(DEFAULT, "y", Json::Value(&value));
        metadata.add("a", "AWS.z", Json::Text("\"".into()));
        metadata.add("a", "x", raw("3"));
        assert!(metadata.add_object("a", r#"{"w":{"v":null}}"#));
        assert!(!metadata.add_object("a", "[]"));
        assert!(
            !metadata.add_object("a", &format!(r#"{{"w":{}{}}}"#, "[".repeat(25), "]".repeat(25)))
        );
        metadata.encoded = b"\"e\":1";
        assert_eq!(
            written(&metadata, &Diet::default()),
            r#"{"metadata":{"default":{"e":1,"y":7},"a":{"x":[1, 2],"aws_z":"\"","w":{"v":null}}}}"#
        );
    }

    #[test]
    fn what_is_not_json_or_too_deep_is_text() {
        for (text, expected) in [
            ("{", "\"{\"".to_owned()),
            ("1,\"x\":2", "\"1,\\\"x\\\":2\"".to_owned()),
            ("\"[[\\\"[\"", "\"[[\\\"[\"".to_owned()),
            (&*"[".repeat(10_000), format!("\"{}\"", "[".repeat(10_000))),
        ] {
            let mut metadata = Metadata::default();
            metadata.add("n", "k", raw(text));
            let expected = format!(r#"{{"metadata":{{"n":{{"k":{expected}}}}}}}"#);
            assert_eq!(written(&metadata, &Diet::default()), expected);
        }
        let digits = "1".repeat(310);
        for (text, expected) in [
            ("1e5", true),
            ("1E999", false),
            (&*digits, false),
            ("\"\\ud800\"", false),
            ("\"\\u00e4\\\\\"", true),
            ("[true, \"1e999\"]", true),
        ] {
            assert_eq!(is_sound(text), expected, "{text}");
        }
        assert!(is_sound(&format!("{}{}", "[".repeat(24), "]".repeat(24))));
        assert!(!is_sound(&format!("{}{}", "[".repeat(25), "]".repeat(25))));
    }

    #[test]
    fn a_value_on_a_diet_is_a_text_that_says_how_much_is_missing() {
        let mut metadata = Metadata::default();
        metadata.add("n", "k", raw("[1,2,3,4]"));
        let diet = Diet { value_bytes: 4, ..Diet::default() };
        assert_eq!(written(&metadata, &diet), r#"{"metadata":{"n":{"k":"[1,2…[5 bytes]"}}}"#);
    }
}
