//! The rings between threads and the collector, when there are many threads or no room.
//!
//! A binary of its own and one test: rings and counters belong to the process.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use spanwright::config::Environment;
use spanwright::loss::{LossReason, Tally};
use spanwright::record::{Processor, SpanRecord};
use spanwright::{Config, Telemetry, current, testing, traced};

/// Long enough for anything that happens at all.
const LONG: Duration = Duration::from_secs(20);

#[traced]
fn leaf() {}

#[traced(fields(amended))]
fn root(amended: &str) {
    current().set_attribute("late", amended);
}

/// Keeps the collector until it is let go, each time.
struct Gate {
    arrived: SyncSender<()>,
    released: Mutex<Receiver<()>>,
    seen: Arc<Mutex<usize>>,
}

impl Processor<SpanRecord> for Gate {
    fn process(&self, spans: &Arc<[SpanRecord]>) {
        *self.seen.lock().expect("nobody panics while holding it") += spans.len();
        // When the test has dropped its ends the gate stays open.
        let _ = self.arrived.send(());
        let _ = self.released.lock().expect("nobody panics while holding it").recv();
    }
}

struct Rig {
    telemetry: Telemetry,
    arrivals: Receiver<()>,
    release: SyncSender<()>,
    seen: Arc<Mutex<usize>>,
}

fn install() -> Rig {
    let (arrived, arrivals) = sync_channel(0);
    let (release, released) = sync_channel(0);
    let seen = Arc::default();
    let gate = Gate { arrived, released: Mutex::new(released), seen: Arc::clone(&seen) };
    let config = Config::from_environment(&Environment::default()).expect("nothing to misread");
    let telemetry = config.processor(gate).install().expect("nothing else is installed");
    Rig { telemetry, arrivals, release, seen }
}

fn assert_sums(tally: Tally) {
    let settled = tally.delivered + tally.sent + tally.rejected + tally.lost();
    assert_eq!(tally.accepted, settled, "{tally:?}");
}

#[test]
fn rings_are_used_again_and_a_full_one_counts_what_it_loses_and_does_not_block() {
    short_lived_threads_share_rings();
    a_full_ring_counts_and_does_not_block();
}

fn short_lived_threads_share_rings() {
    const THREADS: usize = 3_000;
    let before = testing::rings();
    let spans = testing::capture(|| {
        let root = spanwright::Span::new("root");
        root.set_attribute("said", "so this thread has a ring before the others");
        for _ in 0..THREADS {
            thread::spawn(root.carry(leaf)).join().expect("the thread does not panic");
        }
    });
    assert_eq!(spans.len(), THREADS + 1);
    // This thread's, and the one that the others hand on.
    assert_eq!(testing::rings() - before, 2);
    assert!(spans.iter().filter(|span| span.name == "leaf").all(|it| it.parent_span_id.is_some()));
}

fn a_full_ring_counts_and_does_not_block() {
    const SPANS: u64 = 20_000;
    let Rig { telemetry, arrivals, release, seen } = install();
    leaf();
    arrivals.recv().expect("the collector hands the first span over");
    // The collector waits in the gate now; this thread must not.
    (0..SPANS).for_each(|_| leaf());
    // A span whose amendments are as large as may be does not fit either.
    (0..10).for_each(|_| root(&"x".repeat(60_000)));
    drop((arrivals, release));
    let report = telemetry.shutdown(LONG);

    assert!(report.in_time, "{report}");
    assert_sums(report.spans);
    assert_sums(report.amendments);
    let lost = report.spans.lost_to(LossReason::RingFull);
    assert_eq!(lost, report.spans.lost());
    assert!((1..SPANS).contains(&lost), "{report}");
    let captured = 3_001;
    assert_eq!(report.spans.accepted, 1 + SPANS + 10 + captured);
    let seen = *seen.lock().expect("nobody panics while holding it");
    assert_eq!(seen as u64 + captured, report.spans.delivered);
    assert!(report.amendments.lost_to(LossReason::RingFull) > 0);
}
