//! One pass over all rings.
//!
//! In: the reading ends of the rings. Out: finished spans, and events of the log, to their tracer's
//! processors.
//! Never: keeps a ring's writer waiting longer than one copy of its words.

mod amendments;
mod log;

use std::sync::Arc;

use rtrb::Consumer;

use self::amendments::Amendments;
use super::clock::ClockAnchor;
use super::decode::Records;
use super::layout::{Tag, What};
use super::request::{self, Request};
use super::tracer::{self, Breadcrumbs, Limits, Processors};
use super::{AMENDMENTS, LEDGER, LOGS, decode, fork, ring};
use crate::guard::guard;
use crate::loss::{Ledger, LossReason};
use crate::record::{Attribute, Destinations, Processor, SpanRecord, Value};
use crate::redact::Redaction;
use crate::turns;

/// After how many records other threads may get a turn on the processor: some 10 µs.
const RECORDS_PER_TURN: usize = 128;

/// The attribute that names the user.
/// Source: <https://opentelemetry.io/docs/specs/semconv/registry/attributes/user/>.
const USER_ID: &str = "user.id";

/// What the collector keeps between passes.
pub(super) struct Drain {
    rings: Vec<Consumer<u64>>,
    words: Vec<u64>,
    anchor: ClockAnchor,
    /// Spans read in the last pass.
    held: Vec<Group>,
    /// Spans of the last group, as a guess at the next: growing step by step would copy each span
    /// once more.
    usual_spans: usize,
    /// Events of the log read in this pass.
    events: log::Events,
    amendments: Amendments,
}

/// Spans of one tracer; there is more than one group only where tests capture.
struct Group {
    tracer: u16,
    limits: Limits,
    spans: Vec<SpanRecord>,
}

impl Drain {
    pub(super) fn new() -> Self {
        Self {
            rings: Vec::new(),
            words: Vec::new(),
            anchor: ClockAnchor::new(),
            held: Vec::new(),
            usual_spans: 0,
            events: log::Events::default(),
            amendments: Amendments::default(),
        }
    }

    /// Reads every ring and finishes the spans of the pass before; returns the records read.
    ///
    /// A step that panics costs what it held, which is counted; the steps after it run.
    pub(super) fn pass(&mut self) -> usize {
        // Without the time of day spans keep the clock anchor of the pass before.
        guard("reading of the clocks", || self.anchor.follow_clocks());
        self.rings.append(&mut ring::take_new());
        let ready = std::mem::take(&mut self.held);
        let mut records = 0;
        let mut at = 0;
        while at < self.rings.len() {
            // A ring is looked at for its end before it is read, so nothing written last is missed.
            let is_abandoned = self.rings[at].is_abandoned();
            records += self.read(at);
            if is_abandoned {
                self.rings.remove(at);
            } else {
                at += 1;
            }
        }
        // Before the requests are closed that these may belong to.
        let events = std::mem::take(&mut self.events);
        guard("handing on of the log", || events.hand_over());
        self.finish(ready);
        records
    }

    /// Whether spans wait for the next pass.
    pub(super) fn holds_spans(&self) -> bool {
        !self.held.is_empty()
    }

    fn read(&mut self, ring: usize) -> usize {
        let ring = &mut self.rings[ring];
        let Ok(chunk) = ring.read_chunk(ring.slots()) else { return 0 };
        let (first, second) = chunk.as_slices();
        self.words.clear();
        self.words.extend_from_slice(first);
        self.words.extend_from_slice(second);
        chunk.commit_all();

        let words = std::mem::take(&mut self.words);
        let count = self.take_all(&words, Self::take);
        self.keep_room(words);
        count
    }

    /// Keeps the room of a copy for the next one, unless it is that of the shared ring, which is large and
    /// seldom needed.
    fn keep_room(&mut self, words: Vec<u64>) {
        if words.capacity() <= ring::CAPACITY_WORDS {
            self.words = words;
        }
    }

    /// Takes the records of one chunk; returns how many. One that panics and what cannot be decoded
    /// count as lost.
    fn take_all(&mut self, words: &[u64], mut take: impl FnMut(&mut Self, What, &[u64])) -> usize {
        let (mut records, mut count, mut last) = (Records::new(words), 0, None);
        // Around all records, so that each of them costs nothing.
        while guard("decoding of records", || {
            for (what, record) in &mut records {
                (count, last) = (count + 1, Some(what.tag));
                take(self, what, record);
                if count % RECORDS_PER_TURN == 0 {
                    turns::give_way();
                }
            }
        })
        .is_none()
        {
            lose_panicked(last);
        }
        if !records.rest().is_empty() {
            // Where one record ends the next begins: without the first the others are not found.
            count += 1;
            LEDGER.accept(1);
            LEDGER.lose(1, LossReason::NotEncodable);
        }
        count
    }

    fn take(&mut self, what: What, record: &[u64]) {
        if what.tag == Tag::Log {
            return self.take_event(what, record);
        }
        if what.tag != Tag::End {
            return self.amendments.add(what.traits.tracer(), record);
        }
        if decode::start_ticks(record).is_some_and(|start| start < fork::forked_at()) {
            return self.leave_to_the_parent(what, record);
        }
        let Self { held, anchor, usual_spans, .. } = self;
        let group = group(held, what.traits.tracer(), *usual_spans);
        if let Some(span) = decode::span(what, record, anchor, &group.limits) {
            group.spans.push(span);
        } else {
            LEDGER.accept(1);
            LEDGER.lose(1, LossReason::NotEncodable);
        }
    }

    /// Counts a span that was open when this process was forked: the parent process delivers it.
    #[cold]
    fn leave_to_the_parent(&mut self, what: What, record: &[u64]) {
        LEDGER.accept(1);
        LEDGER.lose(1, LossReason::Forked);
        let span = decode::ended_span_id(record).map(|id| (what.traits.tracer(), id));
        if let Some(pending) = span.and_then(|span| self.amendments.take(span)) {
            AMENDMENTS.lose(pending.records, LossReason::Forked);
        }
    }

    fn take_event(&mut self, what: What, record: &[u64]) {
        self.events.take(what, record, &self.anchor);
        let is_told = !what.takers.is_empty()
            && decode::log::level(record).is_some_and(|level| {
                tracer::find(what.traits.tracer()).is_some_and(|tracer| tracer.tells_spans(level))
            });
        if is_told {
            self.amendments.add(what.traits.tracer(), record);
        }
    }

    fn finish(&mut self, mut ready: Vec<Group>) {
        let mut requests = Requests::default();
        for Group { tracer, limits, spans } in &mut ready {
            for span in spans {
                // What panics here is missing in the span, which goes on.
                guard("completion of a span", || {
                    self.amend(*tracer, span, limits);
                    requests.complete(*tracer, span, limits);
                });
            }
        }
        guard("closing of requests", || request::close(&requests.over));
        for Group { tracer, spans, .. } in ready {
            self.usual_spans = spans.len();
            LEDGER.accept(spans.len());
            let spans = redacted(tracer, spans, &LEDGER, Redaction::redact_span);
            let count = spans.len();
            let handed_over = guard("handing on of spans", || hand_over(tracer, spans));
            match handed_over.unwrap_or(Err(LossReason::WorkerPanicked)) {
                Ok(()) => LEDGER.deliver(count),
                Err(reason) => LEDGER.lose(count, reason),
            }
        }
    }

    fn amend(&mut self, tracer: u16, span: &mut SpanRecord, limits: &Limits) {
        if let Some(pending) = self.amendments.take((tracer, span.context.span_id.to_u64())) {
            AMENDMENTS.deliver(pending.records);
            decode::amend(span, &pending.words, &self.anchor, limits);
            span.dropped.add(pending.dropped);
        }
        // The two may have been given by hand, from two threads, in any order.
        span.end_unix_ns = span.end_unix_ns.max(span.start_unix_ns);
    }
}

/// Counts a record that panicked while it was decoded.
#[cold]
fn lose_panicked(tag: Option<Tag>) {
    let ledger = match tag {
        Some(Tag::End) | None => {
            // Others are accepted before they are decoded.
            LEDGER.accept(1);
            &LEDGER
        }
        Some(Tag::Log) => &LOGS,
        Some(_) => &AMENDMENTS,
    };
    ledger.lose(1, LossReason::WorkerPanicked);
}

fn group(groups: &mut Vec<Group>, tracer: u16, usual_spans: usize) -> &mut Group {
    let known = groups.iter().position(|group| group.tracer == tracer);
    let index = known.unwrap_or_else(|| {
        let limits = tracer::find(tracer).map(|tracer| tracer.limits).unwrap_or_default();
        groups.push(Group { tracer, limits, spans: Vec::with_capacity(usual_spans) });
        groups.len() - 1
    });
    &mut groups[index]
}

/// Redacts records by the rules of their tracer. One whose redaction panics is lost: nothing gets it as
/// it was.
fn redacted<R>(
    tag: u16,
    records: Vec<R>,
    ledger: &Ledger,
    redact: impl Fn(&Redaction, &mut R),
) -> Vec<R> {
    // Without a tracer nothing gets the records.
    let Some(tracer) = tracer::recording(tag) else { return records };
    keep_redacted(records, ledger, |record| redact(&tracer.redaction, record))
}

fn keep_redacted<R>(mut records: Vec<R>, ledger: &Ledger, redact: impl Fn(&mut R)) -> Vec<R> {
    let count = records.len();
    records.retain_mut(|record| guard("redaction", || redact(record)).is_some());
    ledger.lose(count - records.len(), LossReason::WorkerPanicked);
    records
}

/// Hands spans to the processors of their tracer. They are lost if every processor panics; what one
/// alone loses is in the tally of that destination.
fn hand_over(tag: u16, spans: Vec<SpanRecord>) -> Result<(), LossReason> {
    let Some(tracer) = tracer::recording(tag) else { return Err(LossReason::Shutdown) };
    let spans: Arc<[SpanRecord]> = spans.into();
    let mut taken = process(&tracer.processors.all, &spans);
    if let Some(spans) = of_spans(&tracer.processors, &spans) {
        taken.add(process(&tracer.processors.spans, &spans));
        if let Some(Breadcrumbs { spans: buffer, .. }) = &tracer.processors.breadcrumbs {
            guard("breadcrumbs", || buffer.process(&spans));
        }
    }
    taken.outcome()
}

/// Numbers of processors that a group was shown to, and of those that panicked.
#[derive(Clone, Copy, Default)]
struct Taken {
    shown: usize,
    panicked: usize,
}

impl Taken {
    fn add(&mut self, other: Self) {
        self.shown += other.shown;
        self.panicked += other.panicked;
    }

    fn outcome(self) -> Result<(), LossReason> {
        let is_lost = self.shown > 0 && self.panicked == self.shown;
        if is_lost { Err(LossReason::WorkerPanicked) } else { Ok(()) }
    }
}

/// The spans among these that go to destinations of spans, if there are any of either; what is
/// there for segments alone is rare, so most often the group itself.
fn of_spans(processors: &Processors, all: &Arc<[SpanRecord]>) -> Option<Arc<[SpanRecord]>> {
    if !processors.take_spans() {
        return None;
    }
    let is_one = |span: &&SpanRecord| span.destinations.contains(Destinations::SPANS);
    if all.iter().all(|span| is_one(&span)) {
        return Some(Arc::clone(all));
    }
    let spans: Arc<[SpanRecord]> = all.iter().filter(is_one).cloned().collect();
    (!spans.is_empty()).then_some(spans)
}

/// Hands a group to each processor; one that panics does not keep it from the others.
fn process<R: 'static>(processors: &[Arc<dyn Processor<R>>], records: &Arc<[R]>) -> Taken {
    let panics = |processor: &&Arc<dyn Processor<R>>| {
        guard("processor", || processor.process(records)).is_none()
    };
    Taken { shown: processors.len(), panicked: processors.iter().filter(panics).count() }
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
        if let Some(segment) = &mut span.segment {
            segment.sampling_rule.clone_from(&request.sampling_rule);
        }
        if let Some(user) = &request.user
            && !span.attributes.iter().any(|attribute| attribute.key == USER_ID)
        {
            let value = Value::from(user.to_string());
            decode::set_attribute(span, Attribute { key: USER_ID.into(), value }, limits);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::layout::{END_WORDS, RemoteParent};
    use super::super::traits::Traits;
    use super::*;
    use crate::record::Outcome;

    /// Counts of spans that were lost for two reasons, by this process so far.
    fn lost() -> [u64; 2] {
        let tally = LEDGER.tally();
        [LossReason::WorkerPanicked, LossReason::NotEncodable].map(|reason| tally.lost_to(reason))
    }

    #[test]
    fn room_for_the_copy_of_the_shared_ring_is_freed() {
        let mut drain = Drain::new();
        for (words, kept) in [(ring::CAPACITY_WORDS, true), (ring::SHARED_WORDS, false)] {
            drain.words = Vec::new();
            drain.keep_room(Vec::with_capacity(words));
            assert_eq!(drain.words.capacity() > 0, kept, "{words} words");
        }
    }

    #[test]
    fn record_whose_redaction_panics_is_lost_and_exported_nowhere() {
        let ledger = Ledger::default();
        ledger.accept(3);
        let kept = keep_redacted(vec![1, 2, 3], &ledger, |record| {
            if *record == 2 {
                std::panic::resume_unwind(Box::new("on purpose"));
            }
            *record *= 10;
        });
        assert_eq!(kept, [10, 30]);
        assert_eq!(ledger.tally().lost_to(LossReason::WorkerPanicked), 1);
    }

    #[test]
    fn record_that_panics_and_words_that_cannot_be_decoded_are_counted() {
        let what = What {
            tag: Tag::End,
            outcome: Outcome::Ok,
            takers: Destinations::NONE,
            traits: Traits::from_bits(0),
            remote: RemoteParent::NONE,
            item_words: 0,
        };
        let mut words = [0; 3 * END_WORDS + 1];
        for record in words.chunks_exact_mut(END_WORDS) {
            record[0] = what.pack();
        }
        words[3 * END_WORDS] = u64::MAX;
        let (before, mut seen) = (lost(), 0);
        let records = Drain::new().take_all(&words, |_, _, _| {
            seen += 1;
            if seen == 2 {
                std::panic::resume_unwind(Box::new("on purpose"));
            }
        });
        assert_eq!((seen, records), (3, 4), "the record behind the panic is read");
        let after = lost();
        assert_eq!([after[0] - before[0], after[1] - before[1]], [1, 1]);
    }
}
