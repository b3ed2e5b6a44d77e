//! One trace to documents.
//!
//! Every span is encoded once, as a body that can stand alone or in another. Their sizes say which
//! subtrees have to go alone; then the bodies are joined.
//!
//! ```text
//! item:      document document …                       the segment first
//! document:  marks(1) length(4, little endian) header "\n" json
//! ```
//!
//! In: the spans of one local root. Out: one item.
//! Never: recurses; encodes a span twice, unless it is too large alone.

use super::body::{self, Entry, ID_BYTES, Rules};
use super::cause::Causes;
use super::forest::{self, Node};
use super::json;
use super::metadata::DEFAULT;
use super::pack::{self, Body};
use super::process::Process;
use super::{BOUNDS, HEADER, MAX_ANNOTATIONS, MAX_DOCUMENT_BYTES, MAX_QUIET_BYTES, PREFERRED};
use crate::record::{
    Array, Attribute, EventRecord, LinkRecord, LocalTrace, SpanRecord, Status, Value,
};

/// How a document is marked when a fault is in its trace.
const FAULT: u8 = 0b01;

/// How a document is marked that is large.
const LARGE: u8 = 0b10;

/// What stands before each document.
const PREFIX_BYTES: usize = 5;

/// Encodes traces; keeps its memory from one to the next.
#[derive(Debug)]
pub(super) struct Encoder {
    rules: Rules,
    /// The bodies of a trace, one behind the other.
    bytes: Vec<u8>,
    /// Where each ends.
    ends: Vec<usize>,
    bodies: Vec<Body>,
}

impl Encoder {
    pub(super) fn new(rules: Rules) -> Self {
        Self { rules, bytes: Vec::new(), ends: Vec::new(), bodies: Vec::new() }
    }

    /// Appends the documents of a trace; nothing for a trace without segments.
    pub(super) fn encode(&mut self, trace: &LocalTrace, out: &mut Vec<u8>) {
        let nodes = forest::plant(&trace.spans);
        let has_fault = self.write_bodies(&nodes);
        let tops = pack::pack(&self.bodies, BOUNDS, PREFERRED);
        let marks = if has_fault { FAULT } else { 0 };
        for at in (0..nodes.len()).filter(|at| tops[*at]) {
            let start = out.len();
            out.extend_from_slice(&[0; PREFIX_BYTES]);
            out.extend_from_slice(HEADER);
            self.document(&nodes, &tops, at, out);
            let len = out.len() - start - PREFIX_BYTES;
            let is_large = len - HEADER.len() > MAX_QUIET_BYTES;
            out[start] = if is_large { marks | LARGE } else { marks };
            let len = u32::try_from(len).expect("a document has less than 64 KiB");
            out[start + 1..start + PREFIX_BYTES].copy_from_slice(&len.to_le_bytes());
        }
        // One large trace is not the measure of all others.
        if self.bytes.capacity() > 16 * MAX_DOCUMENT_BYTES {
            self.bytes = Vec::new();
        }
    }

    /// Encodes each span; returns whether one is a fault.
    fn write_bodies(&mut self, nodes: &[Node<'_>]) -> bool {
        let Self { rules, bytes, ends, bodies } = self;
        bytes.clear();
        ends.clear();
        bodies.clear();
        let causes = Causes::of(nodes);
        let (mut room, mut user) = (MAX_ANNOTATIONS, None);
        let mut has_fault = false;
        for (at, node) in nodes.iter().enumerate() {
            let start = bytes.len();
            if node.parent.is_none() {
                // Annotations are counted by document, before what has to go alone is known.
                (room, user) = (MAX_ANNOTATIONS, body::user(node));
            }
            let entry = Entry { node, at, causes: &causes, room, user };
            let written = body::write(rules, entry, bytes);
            room -= written.annotations;
            has_fault |= written.is_fault;
            ends.push(bytes.len());
            bodies.push(Body { parent: node.parent, bytes: bytes.len() - start });
        }
        has_fault
    }

    fn body(&self, at: usize) -> &[u8] {
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start..self.ends[at]]
    }

    /// Joins the bodies from `top` down to where other documents begin.
    fn document(&self, nodes: &[Node<'_>], tops: &[bool], top: usize, out: &mut Vec<u8>) {
        let (id, rest) = self.body(top).split_at(ID_BYTES);
        out.extend_from_slice(id);
        head(&nodes[top], out);
        out.extend_from_slice(rest);
        // Who still waits for its end: the last one is the parent of the next at its depth.
        let mut open: Vec<usize> = vec![top];
        let mut has_children = false;
        let mut at = top + 1;
        while at < top + nodes[top].places {
            if tops[at] {
                at += nodes[at].places;
                continue;
            }
            while open.last().copied() != nodes[at].parent && open.len() > 1 {
                open.pop();
                if has_children {
                    out.extend_from_slice(pack::CLOSE);
                }
                has_children = true;
            }
            if has_children {
                out.push(b',');
            } else {
                out.pop();
                out.extend_from_slice(pack::OPEN);
            }
            out.extend_from_slice(self.body(at));
            open.push(at);
            has_children = false;
            at += 1;
        }
        while open.pop().is_some() {
            if has_children {
                out.extend_from_slice(pack::CLOSE);
            }
            has_children = true;
        }
    }
}

/// What a document says besides its body.
fn head(node: &Node<'_>, out: &mut Vec<u8>) {
    use std::io::Write as _;
    out.extend_from_slice(b"\"trace_id\":");
    body::trace_id(node.span.context.trace_id, out);
    out.push(b',');
    if !body::is_segment(node) {
        out.extend_from_slice(b"\"type\":\"subsegment\",");
    }
    if let Some(parent) = node.segment.parent_id {
        write!(out, "\"parent_id\":\"{parent}\",").ok();
    }
}

/// One document of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Document {
    /// Where its datagram begins and ends in the items' bytes.
    pub(super) start: usize,
    pub(super) end: usize,
    /// Whether it is better acknowledged: its trace has failed, or it is large.
    pub(super) is_precious: bool,
}

impl Document {
    /// Where the JSON begins.
    pub(super) const fn json_start(&self) -> usize {
        self.start + HEADER.len()
    }

    /// The id of its outermost span.
    pub(super) fn id<'a>(&self, items: &'a [u8]) -> Option<&'a str> {
        let body = items.get(self.json_start()..)?;
        // `{"id":"` stands before it, `",` behind it.
        str::from_utf8(body.get(7..ID_BYTES - 2)?).ok()
    }
}

/// The documents of items that lie one behind the other.
pub(super) fn documents(items: &[u8]) -> impl Iterator<Item = Document> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let prefix = items.get(at..at + PREFIX_BYTES)?;
        let len = u32::from_le_bytes(prefix[1..].try_into().ok()?);
        let start = at + PREFIX_BYTES;
        at = start + usize::try_from(len).ok()?;
        Some(Document { start, end: at, is_precious: prefix[0] & (FAULT | LARGE) != 0 })
    })
}

/// Returns the bytes that the spans of a trace occupy, or their documents if those take more.
pub(super) fn weigh(trace: &LocalTrace) -> usize {
    trace.weight_bytes().max(trace.spans.iter().map(weigh_span).sum())
}

/// What a body has besides texts and values: keys, punctuation, times, ids, the place in the code.
const BODY_BYTES: usize = 1_024;

/// What an attribute costs besides its key and its value.
const VALUE_BYTES: usize = 32 + 2 * DEFAULT.len();

pub(super) fn weigh_span(span: &SpanRecord) -> usize {
    let Some(segment) = &span.segment else { return 0 };
    let text = json::text_len;
    let errors = segment.errors.iter().map(|message| text(message) + VALUE_BYTES);
    let metadata = segment
        .metadata
        .iter()
        .map(|value| text(&value.namespace) + text(&value.key) + text(&value.json) + VALUE_BYTES);
    let status = match &span.status {
        Status::Error { message } => text(message),
        Status::Unset | Status::Ok => 0,
    };
    let is_segment = segment.is_root || segment.parent_id.is_none();
    let body = BODY_BYTES
        + if is_segment { Process::MAX_BYTES } else { 0 }
        // A name that is sanitised is told twice.
        + 2 * text(&span.name)
        + status
        + errors.sum::<usize>()
        + metadata.sum::<usize>()
        + weigh_attributes(&segment.annotations)
        + weigh_attributes(&span.attributes)
        + span.events.iter().map(weigh_event).sum::<usize>()
        + span.links.iter().map(weigh_link).sum::<usize>();
    size_of::<SpanRecord>().max(body.min(MAX_DOCUMENT_BYTES + HEADER.len() + PREFIX_BYTES))
}

fn weigh_event(event: &EventRecord) -> usize {
    96 + json::text_len(&event.name) + weigh_attributes(&event.attributes)
}

fn weigh_link(link: &LinkRecord) -> usize {
    96 + weigh_attributes(&link.attributes)
}

fn weigh_attributes(attributes: &[Attribute]) -> usize {
    let value = |value: &Value| match value {
        Value::Bool(_) | Value::I64(_) | Value::F64(_) => 24,
        Value::Str(text) => json::text_len(text),
        Value::Array(Array::Bool(items)) => items.len() * 6,
        Value::Array(Array::I64(items)) => items.len() * 21,
        Value::Array(Array::F64(items)) => items.len() * 25,
        Value::Array(Array::Str(items)) => {
            items.iter().map(|text| json::text_len(text) + 1).sum::<usize>()
        }
    };
    let bytes = |it: &Attribute| VALUE_BYTES + json::text_len(&it.key) + value(&it.value);
    attributes.iter().map(bytes).sum()
}

#[cfg(test)]
mod tests;
