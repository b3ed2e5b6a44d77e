//! What goes out when.

use super::*;
use crate::record::{Source, SpanContext, TraceId};

static SOURCE: Source = Source::by_hand("work", "");

fn span(root_id: u64, id: u64) -> SpanRecord {
    let context = SpanContext::sampled(TraceId::from_u128(1), SpanId::from_u64(id));
    SpanRecord {
        parent_span_id: (id != root_id).then_some(SpanId::from_u64(root_id)),
        local_root_id: SpanId::from_u64(root_id),
        ..SpanRecord::new(context, &SOURCE, id, id)
    }
}

/// Keeps the ids of the spans of each trace.
#[derive(Debug, Default)]
struct Seen(Mutex<Vec<Vec<u64>>>);

impl Processor<LocalTrace> for Arc<Seen> {
    fn process(&self, traces: &Arc<[LocalTrace]>) {
        let ids = |trace: &LocalTrace| {
            trace.spans.iter().map(|span| span.context.span_id.to_u64()).collect()
        };
        self.0.lock().unwrap().extend(traces.iter().map(ids));
    }
}

fn assembled(groups: &[&[(u64, u64)]]) -> (Arc<Seen>, Assembler<Arc<Seen>>) {
    let seen = Arc::new(Seen::default());
    let assembler = Assembler::new(Arc::clone(&seen));
    for group in groups {
        let spans: Vec<_> = group.iter().map(|&(root_id, id)| span(root_id, id)).collect();
        assembler.process(&spans.into());
    }
    (seen, assembler)
}

#[test]
fn a_trace_goes_out_when_its_local_root_ends() {
    let (seen, _) = assembled(&[&[(1, 2), (5, 6), (1, 3)], &[(1, 1)]]);
    assert_eq!(*seen.0.lock().unwrap(), [[2, 3, 1]]);
}

#[test]
fn what_ends_after_its_root_goes_out_by_itself() {
    let (seen, _) = assembled(&[&[(1, 1)], &[(1, 2)], &[(1, 3)]]);
    assert_eq!(*seen.0.lock().unwrap(), [[1], [2], [3]]);
}

#[test]
fn a_release_hands_out_what_still_waits() {
    let (seen, assembler) = assembled(&[&[(1, 2), (5, 6)]]);
    assert!(seen.0.lock().unwrap().is_empty());
    assembler.release();
    assert_eq!(*seen.0.lock().unwrap(), [[2], [6]]);
}

/// A span with a text of so many bytes.
fn heavy(root_id: u64, id: u64, bytes: usize) -> SpanRecord {
    let attributes = vec![crate::record::Attribute::new("text", "x".repeat(bytes))];
    SpanRecord { attributes, ..span(root_id, id) }
}

#[test]
fn oldest_group_makes_room_for_others() {
    let (seen, assembler) = assembled(&[]);
    let spans: Vec<_> = (1..=3).map(|at| heavy(at, 10 * at, MAX_WAITING_BYTES / 3)).collect();
    assembler.process(&spans.into());
    assert_eq!(*seen.0.lock().unwrap(), [[10]]);
}

#[test]
fn memory_of_waiting_spans_counts_with_the_room_for_more() {
    let mut state = State::default();
    let mut traces = Vec::new();
    for id in 0..1_000 {
        state.add(&span(1_000 + id, 5_000 + id), &mut traces);
    }
    let counted = state.waiting_bytes;
    let waiting = std::iter::from_fn(|| state.oldest());
    let memory: usize = waiting.map(|trace| trace.weight_bytes() - size_of::<LocalTrace>()).sum();
    assert_eq!((counted, state.waiting_bytes), (memory, 0));
}

#[test]
fn spans_wait_up_to_a_number_of_bytes() {
    let (seen, assembler) = assembled(&[]);
    for id in 0..1_000 {
        assembler.process(&vec![heavy(1_000 + id, 5_000 + id, 64 * 1024)].into());
    }
    let (released, all) = (seen.0.lock().unwrap().len(), 1_000);
    assert!(all - released < 256, "{} spans of 64 KiB wait", all - released);
    assert!(all - released > 64, "{} spans of 64 KiB wait", all - released);
}
