//! One destination at work, with patience in milliseconds.

use std::sync::Arc;
use std::time::Duration;

use spanwright::diagnostics;
use spanwright::export::Exporter;
use spanwright::loss::{LossReason, Tally};
use spanwright::pipeline::transport::{Transport, http};
use spanwright::pipeline::{Backoff, Flushed, Handle, Motor, Settings};
use spanwright::record::Processor;

/// Long enough for anything that happens at all.
pub const LONG: Duration = Duration::from_secs(20);

/// Long enough for an answer that has been sent to be read, also where other programs keep the machine
/// busy.
pub const A_MOMENT: Duration = Duration::from_millis(500);

/// A motor with one destination.
#[derive(Debug)]
pub struct Rig<R> {
    /// The motor.
    pub motor: Motor,
    /// The way to its only destination.
    pub handle: Handle<R>,
}

/// Patience for tests: quick retries, batches that wait for nobody.
pub fn quick() -> Settings {
    Settings {
        max_batch_age: Duration::ZERO,
        backoff: Backoff { initial: Duration::from_millis(1), max: Duration::from_millis(4) },
        ..Settings::default()
    }
}

/// The same with one request at a time, so that requests have an order.
pub fn in_turn() -> Settings {
    Settings { max_in_flight: 1, ..quick() }
}

/// An HTTP client for loopback.
///
/// # Panics
/// The system has no client to give.
pub fn client(timeout: Duration) -> http::Client {
    http::Client::new(&http::Settings::new(timeout))
        .expect("a client without TLS needs nothing from the system")
}

impl<R: Send + Sync + 'static> Rig<R> {
    /// Starts a motor with this destination.
    ///
    /// # Panics
    /// The system has no thread to spare.
    pub fn new<E, T>(exporter: E, transport: T, settings: &Settings) -> Self
    where
        E: Exporter<Record = R>,
        T: Transport,
    {
        let motor = Motor::start().expect("the system has a thread to spare");
        let handle = motor.add(exporter, transport, settings);
        Self { motor, handle }
    }

    /// Flushes the only destination.
    pub fn flush(&self, timeout: Duration) -> Flushed {
        only(&self.motor.flush(timeout))
    }

    /// Shuts the only destination down, and waits for the lines said by then.
    pub fn shutdown(&self, timeout: Duration) -> Flushed {
        let stopped = only(&self.motor.shutdown(timeout));
        // Some tests are run alone, and read what they said.
        diagnostics::flush(LONG);
        stopped
    }

    /// Hands a group in, waits until it has met its fate, stops; the final counts.
    ///
    /// # Panics
    /// Some of it has no fate.
    pub fn deliver(&self, group: &Arc<[R]>) -> Tally {
        self.handle.process(group);
        let flushed = self.flush(LONG);
        assert!(flushed.in_time, "{flushed:?}");
        let tally = self.shutdown(LONG).tally;
        assert_eq!(self.handle.held_bytes(), 0, "{tally:?}");
        tally
    }
}

/// Accepted, delivered, rejected and lost; the reasons of all that is lost.
#[derive(Debug, PartialEq, Eq)]
pub struct Sum(pub u64, pub u64, pub u64, pub Vec<(LossReason, u64)>);

/// Sums a tally up, after proving that nothing is missing: what is neither delivered nor rejected nor
/// lost is sent.
///
/// # Panics
/// Something is missing.
pub fn sum(tally: Tally) -> Sum {
    assert_eq!(tally.pending(), 0, "{tally:?}");
    let settled = tally.delivered + tally.sent + tally.rejected + tally.lost();
    assert_eq!(tally.accepted, settled, "{tally:?}");
    let lost = LossReason::ALL.into_iter().map(|reason| (reason, tally.lost_to(reason)));
    let lost = lost.filter(|(_, count)| *count > 0).collect();
    Sum(tally.accepted, tally.delivered, tally.rejected, lost)
}

/// The sum where all is delivered.
pub fn delivered(records: u64) -> Sum {
    Sum(records, records, 0, vec![])
}

/// The sum where all is sent and nothing acknowledges it: what is nothing else is sent.
pub fn sent(records: u64) -> Sum {
    Sum(records, 0, 0, vec![])
}

/// The sum where all is lost, for one reason.
pub fn lost(records: u64, reason: LossReason) -> Sum {
    Sum(records, 0, 0, vec![(reason, records)])
}

fn only(flushed: &[Flushed]) -> Flushed {
    let [only] = flushed else { panic!("one destination, found {flushed:?}") };
    *only
}
