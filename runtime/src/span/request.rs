//! What belongs to a request as a whole: its user, vendor state, baggage, how it came in.
//!
//! It hangs off the request's span and is found by that span's id, so a span of the request
//! carries none of it. In: what the web edge and the application say. Out: the same, to whoever
//! makes records or headers.
//! Never: is touched when an ordinary span begins or ends.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustc_hash::{FxBuildHasher, FxHashMap};

use super::age;
use super::current::Current;
use super::handle::SpanRef;
use super::per_process::PerProcess;
use crate::propagate::{Baggage, Context, XrayContext};
use crate::record::RequestRecord;

/// How many locks share the open requests: threads that come for different ones hardly ever meet.
const SHARDS: usize = 64;

/// Memory for the open requests of a shard, in bytes, 64 MiB in all; one that does not fit makes the
/// older half go without.
const MAX_OPEN_BYTES: usize = 64 * 1024 * 1024 / SHARDS;

/// Names a request: the tag of its tracer and the id of its root span.
pub(crate) type Root = (u16, u64);

/// What belongs to a request as a whole.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    /// The W3C `tracestate` that came in.
    pub(crate) trace_state: Option<Arc<str>>,
    /// True if the caller asked for its trace to be recorded beyond its sampling.
    pub(crate) is_debug: bool,
    /// The baggage that came in, and what was added.
    pub(crate) baggage: Baggage,
    /// The id of the user.
    pub(crate) user: Option<Arc<str>>,
    /// The rule by which it has a segment.
    pub(crate) sampling_rule: Option<Arc<str>>,
    /// The X-Ray header that came in; of a recorded request, only its `rest` is used.
    pub(crate) xray: Option<XrayContext>,
    /// How it came in, where reports are taken: whoever makes one keeps this with it.
    pub(crate) details: Option<Arc<dyn Describe>>,
    /// Whether a failure in it was reported, or counted.
    pub(crate) is_reported: bool,
}

/// Knows how a request came in.
///
/// Few requests fail, so an edge keeps what is cheap to keep on the application's thread, and it is
/// described on a thread of ours when somebody reports an error.
pub(crate) trait Describe: Send + Sync {
    /// The request as it came in, with as much as is known by now.
    fn describe(&self) -> RequestRecord;

    /// Returns the memory that is kept of the request by now, in bytes.
    fn weight_bytes(&self) -> usize;
}

/// The open requests whose root spans have ids with the same end.
struct Shard {
    open: Mutex<Open>,
    count: AtomicUsize,
}

struct Open {
    /// By tracer and root span: the fixed ids of one capture are those of the next.
    by_root: FxHashMap<Root, Kept>,
    begun: u64,
    bytes: usize,
}

struct Kept {
    /// Sequence number, in the order in which the requests began.
    number: u64,
    request: Request,
    bytes: usize,
}

static OPEN: PerProcess<[Shard; SHARDS]> = PerProcess::new(|| [const { Shard::new() }; SHARDS]);

impl Shard {
    const fn new() -> Self {
        let by_root = FxHashMap::with_hasher(FxBuildHasher);
        Self { open: Mutex::new(Open { by_root, begun: 0, bytes: 0 }), count: AtomicUsize::new(0) }
    }

    /// Where a request is, if it is open.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the end of an id is as random as the rest"
    )]
    fn of(root: Root) -> &'static Self {
        &OPEN.get()[root.1 as usize % SHARDS]
    }

    fn is_empty(&self) -> bool {
        self.count.load(Ordering::Acquire) == 0
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Drops what is beyond the bound, without the lock.
    fn make_room(&self, mut open: MutexGuard<'_, Open>) {
        let dropped = open.make_room();
        self.count.store(open.by_root.len(), Ordering::Release);
        drop(open);
        drop(dropped);
    }
}

/// Says who the user of the current request is: `user.id` goes onto the request's span and every
/// span below it that is not exported yet. The request is the nearest span that takes one or a
/// message ([`SpanKind::Server`], [`SpanKind::Consumer`]), or else the first of this process.
///
/// [`SpanKind::Server`]: crate::record::SpanKind::Server
/// [`SpanKind::Consumer`]: crate::record::SpanKind::Consumer
///
/// Takes a short lock. Without a current span it does nothing.
#[inline]
pub fn set_user(id: impl Into<Arc<str>>) {
    let span = super::current();
    if !span.is_none() {
        let id = id.into();
        change(span.to_current().root(), |request| request.user = Some(id));
    }
}

/// The baggage of the current request.
///
/// Takes a short lock.
pub fn baggage() -> Baggage {
    of(super::current()).map(|request| request.baggage).unwrap_or_default()
}

/// Changes the baggage of the current request, which goes out with every call it makes. Of two
/// changes at the same time one is lost.
///
/// Takes a short lock, but not while `change_it` runs; without a current span it does nothing.
pub fn change_baggage(change_it: impl FnOnce(&mut Baggage)) {
    let span = super::current();
    if span.to_current().root().1 == 0 {
        return;
    }
    let mut baggage = baggage();
    change_it(&mut baggage);
    change(span.to_current().root(), |request| request.baggage = baggage);
}

/// Makes a span that has just begun a request of its own; what belongs to the request around it,
/// if there is one, belongs to it too until it says otherwise.
pub(super) fn begin(span: Current) -> Current {
    // What is not in a trace, as in muted code, belongs to no request, and a span that nobody takes
    // to that of the one above. A propagation-only request has an id of its own already.
    let has_root = span.root_id == span.span_id || span.traits.is_propagation_only();
    if span.root_id == 0 || has_root || span.traits.is_passed_on() {
        return span;
    }
    let own = Current { root_id: span.span_id, ..span };
    inherit(own, span.root());
    own
}

/// Copies to the request of `own` the data of the request around it.
pub(super) fn inherit(own: Current, outer: Root) {
    if let Some(outer) = find(outer) {
        change(own.root(), |request| {
            let sampling_rule = request.sampling_rule.take().or(outer.sampling_rule);
            *request = Request { sampling_rule, ..outer };
        });
    }
}

/// Keeps what came with a request, if anything did.
pub(crate) fn open(span: SpanRef, incoming: &Context) {
    let current = span.to_current();
    // A request that is not recorded passes the X-Ray header on as it came.
    let keeps = |xray: &&XrayContext| xray.rest.is_some() || current.traits.is_propagation_only();
    let xray = incoming.xray.as_ref().filter(keeps).cloned();
    // The trace state belongs to the trace that came in.
    let is_continued = incoming.span.is_valid() && incoming.span.trace_id == current.trace_id();
    let trace_state = incoming.trace_state.clone().filter(|_| is_continued);
    let is_debug = incoming.is_debug && is_continued;
    if trace_state.is_none() && incoming.baggage.is_empty() && xray.is_none() && !is_debug {
        return;
    }
    change(current.root(), |request| {
        if is_continued {
            request.trace_state = trace_state;
            request.is_debug = is_debug;
        }
        request.baggage = incoming.baggage.clone();
        request.xray = xray;
    });
}

/// Keeps how a request came in. A span that nobody takes leaves it at what the request above has.
#[cfg_attr(not(feature = "actix"), expect(dead_code, reason = "for an edge"))]
pub(crate) fn set_details(span: SpanRef, details: Arc<dyn Describe>) {
    let current = span.to_current();
    change(current.root(), |request| {
        if request.details.is_none() || !current.traits.is_passed_on() {
            request.details = Some(details);
        }
    });
}

/// How the request of a span came in, where that is kept.
#[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "for who reports errors"))]
pub(crate) fn describe(span: SpanRef) -> Option<RequestRecord> {
    Some(of(span)?.details?.describe())
}

/// Forgets how a request came in, on the thread that has kept it: memory that another thread frees
/// is dear to both.
#[cfg_attr(not(feature = "actix"), expect(dead_code, reason = "for an edge"))]
pub(crate) fn forget_details(span: SpanRef) {
    let root = span.to_current().root();
    let mut open = Shard::of(root).lock();
    let details = open.forget_details(root);
    // Nobody waits for the lock while it is freed.
    drop(open);
    drop(details);
}

/// Weighs a request anew whose details have grown, if it is open.
#[cfg_attr(not(feature = "actix"), expect(dead_code, reason = "for an edge"))]
pub(crate) fn reweigh(span: SpanRef) {
    reweigh_root(span.to_current().root());
}

fn reweigh_root(root: Root) {
    let shard = Shard::of(root);
    let mut open = shard.lock();
    let Open { by_root, bytes, .. } = &mut *open;
    let Some(kept) = by_root.get_mut(&root) else { return };
    kept.reweigh(bytes);
    shard.make_room(open);
}

/// Keeps the rule by which a request has a segment.
pub(super) fn set_sampling_rule(root: Root, rule: &Arc<str>) {
    change(root, |request| request.sampling_rule = Some(Arc::clone(rule)));
}

/// Notes that a failure in the request of a span is reported.
pub(crate) fn note_report(span: SpanRef) {
    change(span.to_current().root(), |request| request.is_reported = true);
}

/// What belongs to the request of a span.
pub(crate) fn of(span: SpanRef) -> Option<Request> {
    find(span.to_current().root())
}

/// What belongs to a request.
pub(crate) fn find(root: Root) -> Option<Request> {
    let shard = Shard::of(root);
    if shard.is_empty() {
        return None;
    }
    Some(shard.lock().by_root.get(&root)?.request.clone())
}

/// Forgets requests whose spans are over.
pub(super) fn close(roots: &[Root]) {
    for root in roots {
        let shard = Shard::of(*root);
        if shard.is_empty() {
            continue;
        }
        let mut open = shard.lock();
        let over = open.remove(*root);
        shard.count.store(open.by_root.len(), Ordering::Release);
        // Nobody waits for the lock while it is freed.
        drop(open);
        drop(over);
    }
}

fn change(root: Root, change: impl FnOnce(&mut Request)) {
    if root.1 == 0 {
        return;
    }
    let shard = Shard::of(root);
    let mut open = shard.lock();
    open.change(root, change);
    shard.make_room(open);
}

impl Open {
    fn change(&mut self, root: Root, change: impl FnOnce(&mut Request)) {
        let Self { by_root, begun, bytes } = self;
        let kept = by_root.entry(root).or_insert_with(|| {
            *begun += 1;
            Kept { number: *begun, request: Request::default(), bytes: 0 }
        });
        change(&mut kept.request);
        kept.reweigh(bytes);
    }

    fn remove(&mut self, root: Root) -> Option<Kept> {
        let kept = self.by_root.remove(&root)?;
        self.bytes -= kept.bytes;
        Some(kept)
    }

    fn forget_details(&mut self, root: Root) -> Option<Arc<dyn Describe>> {
        let kept = self.by_root.get_mut(&root)?;
        let details = kept.request.details.take()?;
        kept.reweigh(&mut self.bytes);
        Some(details)
    }

    /// Takes out the older half while there is too much. These are hardly requests any more: work that
    /// goes on behind them has opened them again.
    fn make_room(&mut self) -> Vec<Kept> {
        let mut dropped = Vec::new();
        while self.bytes > MAX_OPEN_BYTES {
            let median = age::median(self.by_root.values().map(|kept| kept.number));
            let older = self.by_root.extract_if(|_, kept| kept.number <= median);
            let from = dropped.len();
            dropped.extend(older.map(|(_, kept)| kept));
            self.bytes -= dropped[from..].iter().map(|kept| kept.bytes).sum::<usize>();
        }
        dropped
    }
}

impl Kept {
    /// Weighs the request anew, as part of the weight of all.
    fn reweigh(&mut self, all_bytes: &mut usize) {
        *all_bytes -= self.bytes;
        self.bytes = self.request.weight_bytes();
        *all_bytes += self.bytes;
    }
}

impl Request {
    /// Returns the memory that the request occupies in the table, in bytes.
    fn weight_bytes(&self) -> usize {
        let texts = [&self.trace_state, &self.user, &self.sampling_rule];
        let texts_bytes: usize = texts.into_iter().flatten().map(|text| text.len()).sum();
        let rest_bytes =
            self.xray.as_ref().and_then(|xray| xray.rest.as_ref()).map_or(0, |it| it.len());
        size_of::<(Root, Kept)>()
            + texts_bytes
            + rest_bytes
            + self.baggage.weight_bytes()
            + self.details.as_ref().map_or(0, |details| details.weight_bytes())
    }
}

impl fmt::Debug for dyn Describe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Headers hold secrets.
        f.write_str("the details of a request")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Root spans whose requests are in one shard, of a tracer that nobody else uses.
    fn root(number: u64) -> Root {
        (u16::MAX, 1 + number * SHARDS as u64)
    }

    /// Details that grow after they were kept, as a body does that is read.
    struct Growing(AtomicUsize);

    impl Describe for Growing {
        fn describe(&self) -> RequestRecord {
            RequestRecord::default()
        }

        fn weight_bytes(&self) -> usize {
            self.0.load(Ordering::Relaxed)
        }
    }

    #[test]
    fn details_that_grow_count_for_the_bound() {
        let roots: Vec<_> = (1_000..1_100).map(root).collect();
        for root in &roots {
            let details = Arc::new(Growing(AtomicUsize::new(0)));
            change(*root, |request| request.details = Some(details.clone()));
            details.0.store(64 * 1024, Ordering::Relaxed);
            reweigh_root(*root);
        }
        let kept = roots.iter().filter(|root| find(**root).is_some()).count();
        assert!((1..=16).contains(&kept), "{kept} requests of 64 KiB are open");
        close(&roots);
        reweigh_root(roots[0]);
        assert!(find(roots[0]).is_none(), "a request that is over stays closed");
    }

    #[test]
    fn open_requests_are_kept_up_to_a_number_of_bytes() {
        let roots: Vec<_> = (0..100).map(root).collect();
        for root in &roots {
            change(*root, |request| request.user = Some("x".repeat(64 * 1024).into()));
        }
        let kept: Vec<_> = roots.iter().filter(|root| find(**root).is_some()).collect();
        assert!((7..=16).contains(&kept.len()), "{} requests of 64 KiB are open", kept.len());
        assert_eq!(kept.last(), roots.last().as_ref(), "the newest stays");
        close(&roots);
        for root in &roots {
            change(*root, |request| request.user = Some("x".into()));
        }
        assert!(roots.iter().all(|root| find(*root).is_some()), "closed ones weigh nothing");
        close(&roots);
    }
}
