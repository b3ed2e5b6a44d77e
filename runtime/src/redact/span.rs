//! Every text of a span: each field is named, so that a new one has to be thought about.

use super::attributes::{self, cow, is_static};
use super::{Redaction, json};
use crate::record::{EventRecord, LinkRecord, Metadata, Segment, SpanRecord, Status};

/// Redacts a span in place.
pub(super) fn record(redaction: &Redaction, record: &mut SpanRecord) {
    let SpanRecord {
        name,
        context: _,
        parent_span_id: _,
        parent_is_remote: _,
        local_root_id: _,
        // Goes on as it came, also to other services.
        trace_state: _,
        kind: _,
        start_unix_ns: _,
        end_unix_ns: _,
        attributes,
        events,
        links,
        dropped: _,
        status,
        outcome: _,
        source,
        destinations: _,
        segment,
    } = record;
    cow(redaction, name);
    let is_function = !source.function.is_empty();
    let own = if is_function { attributes::of_function } else { attributes::all };
    own(redaction, attributes);
    for EventRecord { name, unix_ns: _, attributes, dropped_attributes: _ } in events {
        cow(redaction, name);
        attributes::all(redaction, attributes);
    }
    for LinkRecord { context: _, attributes, dropped_attributes: _ } in links {
        attributes::all(redaction, attributes);
    }
    match status {
        Status::Unset | Status::Ok => {}
        Status::Error { message } => cow(redaction, message),
    }
    if let Some(segment) = segment {
        own(redaction, &mut segment.annotations);
        self::segment(redaction, segment, is_function);
    }
}

fn segment(redaction: &Redaction, segment: &mut Segment, is_function: bool) {
    let Segment {
        is_root: _,
        parent_id: _,
        name: _,
        namespace: _,
        annotations: _,
        metadata,
        error_class: _,
        errors,
        sampling_rule: _,
    } = segment;
    for Metadata { namespace, key, json } in metadata {
        let is_hidden = if is_function {
            redaction.hides_key_of_function(key, is_static(key))
        } else {
            redaction.hides_key(key)
        };
        if !is_hidden {
            json::text(redaction, json);
        } else if json != "true" && json != "false" {
            *json = json::hidden();
        }
        cow(redaction, namespace);
        cow(redaction, key);
    }
    for error in errors {
        redaction.text(error);
    }
}
