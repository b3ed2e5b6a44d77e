//! One pass over all rings.
//!
//! In: the reading ends of the rings. Out: finished spans to their tracer's processors.
//! Never: keeps a ring's writer waiting longer than one copy of its words.

use std::sync::Arc;

use rtrb::Consumer;
use rustc_hash::FxHashMap;

use super::clock::Calendar;
use super::layout::{Tag, What};
use super::request::{self, Request};
use super::tracer::{self, Limits};
use super::{AMENDMENTS, LEDGER, decode, ring};
use crate::loss::LossReason;
use crate::record::{Attribute, SpanRecord, Value};

/// How many words of amendments may wait for the end of their spans: 8 MiB.
const MAX_WAITING_WORDS: usize = 1024 * 1024;

/// The attribute that names the user.
/// Source: <https://opentelemetry.io/docs/specs/semconv/registry/attributes/user/>.
const USER_ID: &str = "user.id";

/// What the collector keeps between passes.
pub(super) struct Drain {
    rings: Vec<Consumer<u64>>,
    words: Vec<u64>,
    calendar: Calendar,
    /// Spans read in the last pass.
    held: Vec<Group>,
    waiting: Amendments,
}

/// Spans of one tracer; there is more than one group only where tests capture.
struct Group {
    tracer: u16,
    limits: Limits,
    spans: Vec<SpanRecord>,
}

/// Amendments of spans that have not ended yet.
#[derive(Default)]
struct Amendments {
    /// By tracer and span id: the fixed ids of one capture are those of the next.
    by_span: FxHashMap<(u16, u64), Vec<Box<[u64]>>>,
    words: usize,
}

impl Drain {
    pub(super) fn new() -> Self {
        Self {
            rings: Vec::new(),
            words: Vec::new(),
            calendar: Calendar::new(),
            held: Vec::new(),
            waiting: Amendments::default(),
        }
    }

    /// Reads every ring and finishes the spans of the pass before; returns the records read.
    pub(super) fn pass(&mut self) -> usize {
        self.calendar.follow_wall_clock();
        self.rings.append(&mut ring::take_new());
        let ready = std::mem::take(&mut self.held);
        let mut rings = std::mem::take(&mut self.rings);
        let mut records = 0;
        rings.retain_mut(|ring| {
            // A ring is looked at for its end before it is read, so nothing written last is missed.
            let is_abandoned = ring.is_abandoned();
            records += self.read(ring);
            !is_abandoned
        });
        self.rings = rings;
        self.finish(ready);
        records
    }

    /// Whether spans wait for the next pass.
    pub(super) fn holds_spans(&self) -> bool {
        !self.held.is_empty()
    }

    fn read(&mut self, ring: &mut Consumer<u64>) -> usize {
        let Ok(chunk) = ring.read_chunk(ring.slots()) else { return 0 };
        let (first, second) = chunk.as_slices();
        self.words.clear();
        self.words.extend_from_slice(first);
        self.words.extend_from_slice(second);
        chunk.commit_all();

        let words = std::mem::take(&mut self.words);
        let (mut rest, mut records) = (words.as_slice(), 0);
        while let Some(what) = rest.first().and_then(|&word| What::unpack(word)) {
            let Some((record, behind)) = rest.split_at_checked(what.record_words()) else { break };
            self.take(what, record);
            rest = behind;
            records += 1;
        }
        debug_assert!(rest.is_empty(), "a ring holds whole records");
        self.words = words;
        records
    }

    fn take(&mut self, what: What, record: &[u64]) {
        if what.tag != Tag::End {
            return self.waiting.add(what.traits.tracer(), record);
        }
        LEDGER.accept(1);
        let Self { held, calendar, .. } = self;
        let group = group(held, what.traits.tracer());
        match decode::span(what, record, calendar, &group.limits) {
            Some(span) => group.spans.push(span),
            None => LEDGER.lose(1, LossReason::NotEncodable),
        }
    }

    fn finish(&mut self, mut ready: Vec<Group>) {
        let mut requests = Requests::default();
        for Group { tracer, limits, spans } in &mut ready {
            for span in spans {
                for amendment in self.waiting.take((*tracer, span.context.span_id.to_u64())) {
                    decode::amend(span, &amendment, &self.calendar, limits);
                }
                // The two may have been given by hand, from two threads, in any order.
                span.end_unix_ns = span.end_unix_ns.max(span.start_unix_ns);
                requests.complete(*tracer, span, limits);
            }
        }
        request::close(&requests.over);
        for Group { tracer, spans, .. } in ready {
            hand_over(tracer, spans);
        }
    }
}

fn group(groups: &mut Vec<Group>, tracer: u16) -> &mut Group {
    let known = groups.iter().position(|group| group.tracer == tracer);
    let index = known.unwrap_or_else(|| {
        let limits = tracer::find(tracer).map(|tracer| tracer.limits).unwrap_or_default();
        groups.push(Group { tracer, limits, spans: Vec::new() });
        groups.len() - 1
    });
    &mut groups[index]
}

fn hand_over(tag: u16, spans: Vec<SpanRecord>) {
    let Some(tracer) = tracer::find(tag) else {
        return LEDGER.lose(spans.len(), LossReason::Shutdown);
    };
    LEDGER.deliver(spans.len());
    let spans: Arc<[SpanRecord]> = spans.into();
    for processor in &tracer.processors.0 {
        processor.process(&spans);
    }
}

impl Amendments {
    fn add(&mut self, tracer: u16, record: &[u64]) {
        let Some(span_id) = decode::amended_span_id(record) else { return };
        if self.words + record.len() > MAX_WAITING_WORDS {
            self.forget_one_span();
        }
        self.words += record.len();
        self.by_span.entry((tracer, span_id)).or_default().push(record.into());
    }

    #[inline]
    fn take(&mut self, span: (u16, u64)) -> Vec<Box<[u64]>> {
        if self.by_span.is_empty() {
            return Vec::new();
        }
        let taken = self.by_span.remove(&span).unwrap_or_default();
        self.words -= words_of(&taken);
        taken
    }

    /// Makes room: what waits for spans that never end must not grow without bound.
    fn forget_one_span(&mut self) {
        if let Some(&span) = self.by_span.keys().next() {
            let forgotten = self.take(span);
            AMENDMENTS.lose(forgotten.len(), LossReason::QueueFull);
        }
    }
}

fn words_of(amendments: &[Box<[u64]>]) -> usize {
    amendments.iter().map(|amendment| amendment.len()).sum()
}

/// What is known of the requests of one pass.
#[derive(Default)]
struct Requests {
    last: Option<(request::Root, Option<Request>)>,
    over: Vec<request::Root>,
}

impl Requests {
    /// Adds to a span what belongs to its request.
    fn complete(&mut self, tracer: u16, span: &mut SpanRecord, limits: &Limits) {
        let root = (tracer, span.local_root_id.to_u64());
        if self.last.as_ref().is_none_or(|(known, _)| *known != root) {
            self.last = Some((root, request::find(root)));
        }
        if span.context.span_id == span.local_root_id {
            self.over.push(root);
        }
        let Some((_, Some(request))) = &self.last else { return };
        span.trace_state.clone_from(&request.trace_state);
        if let Some(user) = &request.user
            && !span.attributes.iter().any(|attribute| attribute.key == USER_ID)
        {
            let value = Value::from(user.to_string());
            decode::set_attribute(span, Attribute { key: USER_ID.into(), value }, limits);
        }
    }
}
