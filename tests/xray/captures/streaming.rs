//! When documents go out, and in how many pieces.

use super::{
    SERVICE, assert_same, encoded_in_parts, node, reference, segment, sent, subsegment,
    with_headers,
};
use spanwright::{Span, record::SpanRecord};

/// A subsegment with leaves, of these names.
fn with_leaves(name: &str, leaves: &str, count: usize) {
    subsegment(name).in_scope(|| {
        (0..count).for_each(|number| drop(subsegment(&format!("{leaves}{number}"))));
    });
}

#[test]
fn a_threshold_of_nothing_is_not_needed_to_send_the_same_tree() {
    // Five datagrams there, one here.
    let documents = sent(|| segment(|| with_leaves("parent", "child", 3)));
    let reference = reference("streaming_threshold_0");
    assert_eq!((documents.len(), reference.len()), (1, 5));
    assert_same(&documents, &reference);
}

#[test]
fn an_open_parent_keeps_its_children_with_it() {
    // The reference sends each child for itself as soon as there are more than its threshold.
    let documents = sent(|| segment(|| with_leaves("open-parent", "c", 4)));
    let reference = reference("precedence_stream_in_flight");
    assert_eq!((documents.len(), reference.len()), (1, 5));
    assert_same(&documents, &reference);
}

fn of(spans: &[SpanRecord], names: &[&str]) -> Vec<SpanRecord> {
    let is_asked = |span: &&SpanRecord| names.contains(&&*span.name);
    spans.iter().filter(is_asked).cloned().collect()
}

#[test]
fn a_segment_goes_out_while_a_subsegment_is_open_which_then_goes_for_itself() {
    // The reference sends nothing until the last subsegment is closed, which may be never.
    let ((), spans) = with_headers().run(|| {
        let segment = Span::build(SERVICE).segment().start();
        let open = segment.in_scope(|| subsegment("left-open"));
        open.in_scope(|| drop(subsegment("closed-child")));
        drop(segment);
        drop(open);
    });
    let (early, late) = (of(&spans, &["seg", "closed-child"]), of(&spans, &["left-open"]));
    let documents = encoded_in_parts(SERVICE, [&early[..], &late[..]]);
    assert_eq!(documents.len(), 3);
    let id = |name| node(&documents, name)["id"].clone();
    for (name, parent) in [("closed-child", "left-open"), ("left-open", "seg")] {
        let subsegment = node(&documents, name);
        assert_eq!(subsegment["type"], "subsegment", "{name}");
        assert_eq!(subsegment["parent_id"], id(parent), "{name}");
    }
    assert_same(&documents, &reference("open_subsegment_at_segment_end"));
}
