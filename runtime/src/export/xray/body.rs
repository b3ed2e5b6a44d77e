//! One span as a JSON object that stands alone or in another's `subsegments`.
//!
//! ```text
//! {"id":"…",                                                          what every body begins with
//!           "trace_id":"…","type":"subsegment","parent_id":"…",       what a document adds there
//!           "name":"…","start_time":…,"end_time":…, … }
//! ```
//!
//! In: a span and what is known of its trace. Out: its body, never longer than a document.
//! Never: repeats what the place in the tree says.
//!
//! Source: <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html>.

use std::borrow::Cow;
use std::io::Write as _;

use rustc_hash::FxHashSet;

use super::annotations::{Annotations, Marks, Sides};
use super::blocks;
use super::cause::{self, Causes, Part};
use super::diet::Diet;
use super::facts::{Fact, Facts};
use super::flags::Flags;
use super::forest::Node;
use super::json::{self, Object};
use super::metadata::{self, DEFAULT, Json, Metadata, SDK};
use super::process::Process;
use super::settings::{Indexed, Naming};
use super::{MAX_DOCUMENT_BYTES, MAX_LINKS, MAX_TEXT_CHARS, names, naming, pack};
use crate::notes::Notes;
use crate::record::{Attribute, LinkRecord, Outcome, TraceId, Value};
use crate::redact::database;

/// The prefix of attributes that are metadata of their own namespace, as texts of JSON.
const METADATA_PREFIX: &str = "aws.xray.metadata.";

/// Where the id ends in every body, and a document adds what it has to say.
pub(super) const ID_BYTES: usize = 25;

/// What is the same for all spans.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) process: Process,
    pub(super) naming: Naming,
    pub(super) indexed: Indexed,
    pub(super) notes: Notes,
}

/// A span of a trace, to be written.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a, 't> {
    pub(super) node: &'t Node<'a>,
    /// Its place in the tree.
    pub(super) at: usize,
    pub(super) causes: &'t Causes<'a>,
    /// How many annotations the trace may still have.
    pub(super) room: usize,
    /// The user whom the segment above names.
    pub(super) user: Option<&'t Value>,
}

/// What was written.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// How many annotations.
    pub(super) annotations: usize,
    /// Whether the span is a fault.
    pub(super) is_fault: bool,
    sizes: Vec<(String, usize)>,
}

/// Whether it goes as a segment: the first span of a trace has no other way.
pub(super) fn is_segment(node: &Node<'_>) -> bool {
    node.segment.is_root || node.segment.parent_id.is_none()
}

/// The user whom a segment names; subsegments have no place for one.
pub(super) fn user<'a>(node: &Node<'a>) -> Option<&'a Value> {
    if is_segment(node) { Facts::value(node.span, Fact::User) } else { None }
}

/// Appends a body that fits a document.
pub(super) fn write(rules: &Rules, entry: Entry<'_, '_>, out: &mut Vec<u8>) -> Written {
    let start = out.len();
    let mut diet = Diet::default();
    // What is noted of a span is noted by its first form, whatever it takes to make it fit.
    let mut silent = None;
    loop {
        let notes = match diet.step {
            0 => &rules.notes,
            _ => &*silent.get_or_insert_with(Notes::default),
        };
        let mut written = Form { rules, diet: &diet, notes }.body(entry, out);
        let len = out.len() - start + pack::DOCUMENT_OVERHEAD;
        if len <= MAX_DOCUMENT_BYTES {
            return written;
        }
        out.truncate(start);
        let sizes = std::mem::take(&mut written.sizes);
        diet.stricter(len - MAX_DOCUMENT_BYTES, sizes, &rules.notes);
    }
}

/// One way to write spans.
struct Form<'a> {
    rules: &'a Rules,
    diet: &'a Diet,
    notes: &'a Notes,
}

impl<'a> Form<'a> {
    fn body(&self, entry: Entry<'_, '_>, out: &mut Vec<u8>) -> Written {
        let Entry { node, at, causes, room, user } = entry;
        let Self { rules, diet, notes } = *self;
        let span = node.span;
        let is_segment = is_segment(node);
        let (attributes, annotations) = without_secrets(node);
        let mut facts = Facts::of(&attributes);
        let flags = Flags::of(node, &facts);
        let mut written = Written { is_fault: flags.fault, ..Written::default() };
        let mut metadata = Metadata::default();

        let mut document = Object::open(out);
        write!(document.member("id"), "\"{}\"", span.context.span_id).ok();
        self.name(node, &mut facts, &mut metadata, &mut document);
        json::seconds(span.start_unix_ns, document.member("start_time"));
        if is_running(node) {
            document.flag("in_progress", true);
        } else {
            json::seconds(span.end_unix_ns.max(span.start_unix_ns), document.member("end_time"));
        }
        if !is_segment && let Some(namespace) = naming::namespace(span, node.segment, &facts) {
            document.text("namespace", namespace);
        }
        flags.write(&mut document);
        if diet.is_skeleton {
            skeleton_http(&facts, &mut document);
            document.close();
            return written;
        }
        if is_segment {
            notes.add("subsegment without a parent", u64::from(!node.segment.is_root));
            document.members(&rules.process.document);
            self.user(&mut facts, &mut document);
            metadata.encoded = &rules.process.metadata;
        } else {
            facts.take_told(Fact::User, user);
        }
        blocks::http(&mut facts, span.kind, is_segment, &mut document);
        blocks::sql(&mut facts, diet.query_bytes, &mut document);
        document.object("aws", |aws| self.aws(node, is_segment, &mut facts, aws));
        let part = Part { document: &mut document, diet };
        causes.write(at, node, &mut facts, part);
        links(&span.links, diet, notes, &mut document);
        let marks = Marks { marked: &annotations, indexed: &rules.indexed, is_segment };
        let annotations = Annotations::of(marks, &mut facts);
        let sides = Sides { document: &mut document, metadata: &mut metadata, notes };
        written.annotations = annotations.write(room, diet, sides);
        collect(node, &mut facts, &mut metadata);
        written.sizes = metadata.write(diet, notes, &mut document);
        document.close();
        written
    }

    fn name(
        &self,
        node: &Node<'a>,
        facts: &mut Facts<'a>,
        metadata: &mut Metadata<'a>,
        document: &mut Object<'_>,
    ) {
        let original = if node.segment.is_root {
            let Rules { naming, process, .. } = self.rules;
            naming::of_segment(node.segment, facts, naming, &process.service_name)
        } else {
            naming::of_subsegment(node.span, node.segment, facts)
        };
        let name = names::name(&original);
        document.text("name", &name);
        if facts.text(Fact::LocalService).is_some_and(|service| service == original) {
            facts.take(Fact::LocalService);
        }
        // A request is known by its method and route, a job by nothing else.
        let is_request = facts.has(Fact::Method) || facts.has(Fact::Route);
        if node.segment.is_root && !is_request && *node.span.name != *original {
            metadata.add(SDK, "span_name", Json::Text(Cow::Borrowed(&node.span.name)));
        }
        if *name != *original {
            if !names::is_route_of(&original, &name) {
                self.notes.example("name", &original, &name);
            }
            metadata.add(SDK, "original_name", Json::Text(Cow::Owned(original.into_owned())));
        }
    }

    fn user(&self, facts: &mut Facts<'_>, document: &mut Object<'_>) {
        let fact = if facts.has(Fact::User) { Fact::User } else { Fact::EndUser };
        if let Some(user) = facts.name(fact) {
            facts.take(fact);
            document.short_text("user", Some(&user), MAX_TEXT_CHARS);
            if names::cut(&user, MAX_TEXT_CHARS) != user {
                self.notes.example("user", &user, "cut");
            }
        }
    }

    fn aws(&self, node: &Node<'_>, is_segment: bool, facts: &mut Facts<'_>, aws: &mut Object<'_>) {
        if is_segment {
            aws.members(&self.rules.process.aws);
            aws.object("xray", |xray| {
                xray.text("sdk", "spanwright");
                xray.text("sdk_version", env!("CARGO_PKG_VERSION"));
                let rule = node.segment.sampling_rule.as_deref();
                xray.short_text("sampling_rule_name", rule, MAX_TEXT_CHARS);
            });
        }
        blocks::aws_call(facts, aws);
    }
}

/// Attributes and annotations of a span, without the secrets of database calls.
fn without_secrets<'a>(node: &Node<'a>) -> (Cow<'a, [Attribute]>, Cow<'a, [Attribute]>) {
    let (span, segment) = (node.span, node.segment);
    let dialect = database::dialect(&span.attributes);
    let redacted = |attributes| database::redacted(attributes, dialect);
    (redacted(&span.attributes), redacted(&segment.annotations))
}

/// Whether the span has not ended yet: no other has an end at the epoch.
pub(super) fn is_running(node: &Node<'_>) -> bool {
    node.span.end_unix_ns == 0
}

fn skeleton_http(facts: &Facts<'_>, document: &mut Object<'_>) {
    document.object("http", |http| {
        http.object("response", |response| {
            response.integer("status", facts.integer(Fact::Status));
        });
    });
}

fn links(links: &[LinkRecord], diet: &Diet, notes: &Notes, document: &mut Object<'_>) {
    if links.is_empty() {
        return;
    }
    notes.add("links beyond the limit", links.len().saturating_sub(MAX_LINKS) as u64);
    let write = |link: &LinkRecord, out: &mut Vec<u8>| {
        let mut object = Object::open(out);
        trace_id(link.context.trace_id, object.member("trace_id"));
        write!(object.member("id"), "\"{}\"", link.context.span_id).ok();
        object.object("attributes", |attributes| {
            link_attributes(&link.attributes, diet, notes, attributes);
        });
        object.close();
    };
    json::list(&links[..links.len().min(MAX_LINKS)], write, document.member("links"));
}

fn link_attributes(all: &[Attribute], diet: &Diet, notes: &Notes, out: &mut Object<'_>) {
    let mut known = FxHashSet::default();
    for Attribute { key, value } in all {
        if !known.insert(&**key) {
            notes.example("link attribute given twice", key, "told once");
            continue;
        }
        let before = out.len();
        metadata::write(&Json::Value(value), diet.value_bytes, notes, out.any_member(key));
        if out.len() > diet.link_bytes {
            out.take_back(before);
        }
    }
}

/// A trace id as X-Ray writes it.
pub(super) fn trace_id(id: TraceId, out: &mut Vec<u8>) {
    let id = id.to_u128();
    write!(out, "\"1-{:08x}-{:024x}\"", id >> 96, id & (u128::MAX >> 32)).ok();
}

/// Adds to the metadata what has no other place.
fn collect<'a>(node: &Node<'a>, facts: &mut Facts<'a>, metadata: &mut Metadata<'a>) {
    let span = node.span;
    for value in &node.segment.metadata {
        metadata.add(&value.namespace, &value.key, Json::Raw(Cow::Borrowed(&value.json)));
    }
    for attribute in facts.rest() {
        if let (Some(namespace), Value::Str(text)) =
            (attribute.key.strip_prefix(METADATA_PREFIX), &attribute.value)
            && metadata.add_object(namespace, text)
        {
            continue;
        }
        metadata.add(DEFAULT, &attribute.key, Json::Value(&attribute.value));
    }
    if span.outcome == Outcome::Cancelled {
        metadata.add(SDK, "cancelled", Json::Raw(Cow::Borrowed("true")));
    }
    let events: Vec<_> = cause::other_events(node).collect();
    if !events.is_empty() {
        let mut text = Vec::new();
        json::list(&events, |event, out| cause::event(event, out), &mut text);
        metadata.add(SDK, "events", Json::Own(String::from_utf8(text).unwrap_or_default()));
    }
    for (key, count) in [
        ("dropped_attributes", span.dropped.attributes),
        ("dropped_events", span.dropped.events),
        ("dropped_links", span.dropped.links),
    ] {
        if count > 0 {
            metadata.add(SDK, key, Json::Own(count.to_string()));
        }
    }
}
