//! Flow control by the counters of the receiving socket, where it is on this host.
//!
//! A window bounds what waits unread in the receiver's buffer: what was queued at the last reading
//! plus what was sent since; the sender waits while it is full. When the kernel drops something, the
//! buffer is smaller than assumed or others send too: the sender waits until half of what is queued
//! has been read, and the window is halved and grows back step by step. Without counters everything
//! is admitted, and the [`Pace`] alone bounds the rate.

use std::time::{Duration, Instant};

use super::Pace;
use super::sockets::Counters;

/// Readings without a drop after which a window of zero is back at its full size.
const STEPS_TO_FULL_WINDOW: u64 = 64;

/// Shortest time between two readings, of which each takes some 0.1 ms of the I/O thread. A sleep
/// instead of a reading is dear where the thread has to wait for a processor afterwards.
const READING_INTERVAL: Duration = Duration::from_micros(500);

/// Shortest and longest wait between two readings while the window is full.
const WAITS: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(16));

/// State of one connected socket.
#[derive(Debug)]
pub(super) struct Flow {
    /// Full size of the window in bytes as [`truesize`](super::truesize) counts them; 0 admits
    /// everything.
    max_bytes: u64,
    /// Time in which the pace grants a burst.
    slack: Duration,
    window_bytes: u64,
    /// Longest queue that is sent to after a drop; `None` without a drop.
    resume_at_bytes: Option<u64>,
    /// Last reading; `None` if nothing is known of the receiver.
    last: Option<Counters>,
    /// Time before which no reading is due.
    due: Option<Instant>,
    /// Sent since the last reading.
    sent: Sent,
    /// Datagrams of the request that were dropped.
    dropped: usize,
    wait: Duration,
}

/// Amount sent.
#[derive(Clone, Copy, Debug, Default)]
struct Sent {
    bytes: u64,
    datagrams: usize,
}

impl Flow {
    /// Begins with a full window: one and a half bursts of the pace, 150,000 of the 212,992 bytes of
    /// a usual buffer. A quarter of a buffer may hold what was read already and is not freed yet.
    pub(super) fn new(pace: Option<Pace>) -> Self {
        let max_bytes = pace.map_or(0, |pace| u64::from(pace.max_bytes) * 3 / 2);
        Self {
            max_bytes,
            slack: pace.map_or(Duration::ZERO, |pace| pace.per),
            window_bytes: max_bytes,
            resume_at_bytes: None,
            last: None,
            due: None,
            sent: Sent::default(),
            dropped: 0,
            wait: WAITS.0,
        }
    }

    /// Begins a request: none of its datagrams is dropped yet.
    pub(super) fn begin(&mut self) {
        self.dropped = 0;
    }

    /// Datagrams of the request that the kernel dropped before its receiver, as far as is known.
    ///
    /// Drops of other senders between two readings cannot be told from ours, so this may be too
    /// many, but never more than were sent between those readings.
    pub(super) fn dropped(&self) -> usize {
        self.dropped
    }

    /// True if the last reading found the receiver.
    pub(super) fn is_known(&self) -> bool {
        self.last.is_some()
    }

    /// Time by which a datagram may be ahead of the pace: a second burst, where the window keeps the
    /// receiver's buffer from overflowing.
    pub(super) fn slack(&self) -> Duration {
        if self.is_known() { self.slack } else { Duration::ZERO }
    }

    /// Bytes queued at the last reading.
    pub(super) fn queued_bytes(&self) -> u64 {
        self.last.map_or(0, |last| last.queued_bytes)
    }

    /// Returns the time until the next reading is due.
    pub(super) fn until_due(&self, now: Instant) -> Duration {
        self.due.map_or(Duration::ZERO, |due| due.saturating_duration_since(now))
    }

    /// Takes a reading.
    pub(super) fn observe(&mut self, found: Option<Counters>, now: Instant) {
        self.due = Some(now + READING_INTERVAL);
        if let (Some(last), Some(found)) = (self.last, found) {
            self.compare(last, found);
        }
        self.last = found;
        self.sent = Sent::default();
    }

    /// Adapts the window to what was dropped between two readings.
    fn compare(&mut self, last: Counters, found: Counters) {
        // A receiver that was restarted counts from zero.
        let dropped = found.dropped.saturating_sub(last.dropped);
        let dropped = usize::try_from(dropped).unwrap_or(usize::MAX).min(self.sent.datagrams);
        self.dropped += dropped;
        if dropped > 0 {
            self.window_bytes /= 2;
            self.resume_at_bytes = Some(found.queued_bytes / 2);
            return;
        }
        self.resume_at_bytes = self.resume_at_bytes.filter(|at| found.queued_bytes > *at);
        if self.sent.datagrams > 0 {
            let step = self.max_bytes.div_ceil(STEPS_TO_FULL_WINDOW);
            self.window_bytes = (self.window_bytes + step).min(self.max_bytes);
        }
    }

    /// True if a datagram of this cost may be sent now.
    ///
    /// An empty receiver takes a datagram of any size.
    pub(super) fn admits(&self, cost: usize) -> bool {
        let unread = self.queued_bytes() + self.sent.bytes;
        self.max_bytes == 0
            || !self.is_known()
            || unread == 0
            || (self.resume_at_bytes.is_none_or(|at| self.queued_bytes() <= at)
                && unread + cost as u64 <= self.window_bytes)
    }

    /// Counts a datagram that was sent.
    pub(super) fn sent(&mut self, cost: usize) {
        self.sent.bytes += cost as u64;
        self.sent.datagrams += 1;
        self.wait = WAITS.0;
    }

    /// Returns the time to wait for the receiver before the next reading; it doubles until something
    /// is sent.
    pub(super) fn next_wait(&mut self) -> Duration {
        let wait = self.wait;
        self.wait = (wait * 2).min(WAITS.1);
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLI: Duration = Duration::from_millis(1);

    #[expect(clippy::disallowed_methods, reason = "an origin for made-up moments")]
    fn origin() -> Instant {
        Instant::now()
    }

    /// A flow with a window of this size.
    fn flow(window_bytes: u32) -> Flow {
        let flow = Flow::new(Some(Pace::default()));
        Flow { max_bytes: window_bytes.into(), window_bytes: window_bytes.into(), ..flow }
    }

    fn observe(flow: &mut Flow, queued_bytes: u64, dropped: u64) {
        flow.observe(Some(Counters { queued_bytes, dropped }), origin());
    }

    /// Sends as much as is admitted, in datagrams of ten bytes.
    fn fill(flow: &mut Flow) -> usize {
        let mut sent = 0;
        while sent < 1_000 && flow.admits(10) {
            flow.sent(10);
            sent += 1;
        }
        sent
    }

    #[test]
    fn what_is_queued_and_what_was_sent_fill_the_window() {
        let mut flow = flow(100);
        observe(&mut flow, 0, 0);
        assert_eq!(fill(&mut flow), 10);
        observe(&mut flow, 100, 0);
        assert_eq!(fill(&mut flow), 0, "nothing was read");
        observe(&mut flow, 70, 0);
        assert_eq!(fill(&mut flow), 3, "as much as was read");
    }

    #[test]
    fn a_receiver_that_stops_reading_is_not_overrun() {
        let mut flow = flow(100_000);
        observe(&mut flow, 0, 0);
        let mut queued = 0;
        for _ in 0..1_000 {
            while flow.admits(1_536) {
                flow.sent(1_536);
                queued += 1_536;
            }
            observe(&mut flow, queued, 0);
        }
        assert!((98_000..=100_000).contains(&queued), "{queued}");
    }

    #[test]
    fn without_counters_or_without_a_pace_everything_is_admitted() {
        let mut unknown = flow(100);
        unknown.observe(None, origin());
        assert_eq!(fill(&mut unknown), 1_000);
        let mut unpaced = Flow::new(None);
        observe(&mut unpaced, 1_000_000, 0);
        assert_eq!(fill(&mut unpaced), 1_000);
    }

    #[test]
    fn a_usual_buffer_has_room_for_the_window() {
        let mut flow = Flow::new(Some(Pace::default()));
        assert_eq!(flow.slack(), Duration::ZERO, "nothing is known of the receiver");
        observe(&mut flow, 0, 0);
        assert!(flow.admits(150_000));
        flow.sent(75_000);
        assert!(flow.admits(75_000) && !flow.admits(75_001));
        assert_eq!(flow.slack(), Duration::from_millis(5));
    }

    #[test]
    fn a_drop_halves_the_window_and_it_grows_back() {
        let mut flow = flow(6_400);
        observe(&mut flow, 0, 0);
        assert_eq!(fill(&mut flow), 640);
        observe(&mut flow, 0, 7);
        assert_eq!((flow.dropped(), fill(&mut flow)), (7, 320));
        // One step of 64 each time nothing was dropped.
        for expected in 1..=40 {
            observe(&mut flow, 0, 7);
            assert_eq!(fill(&mut flow), (320 + expected * 10).min(640));
        }
        assert_eq!(flow.dropped(), 7);
        flow.begin();
        assert_eq!(flow.dropped(), 0);
    }

    #[test]
    fn after_a_drop_the_receiver_must_read_half_of_its_queue() {
        let mut flow = flow(100_000);
        observe(&mut flow, 0, 0);
        flow.sent(10);
        observe(&mut flow, 7_000, 1);
        assert!(!flow.admits(10), "the window alone would admit it");
        observe(&mut flow, 3_501, 1);
        assert!(!flow.admits(10));
        observe(&mut flow, 3_500, 1);
        assert!(flow.admits(10));
        observe(&mut flow, 7_000, 1);
        assert!(flow.admits(10), "nothing was dropped again");
    }

    #[test]
    fn a_window_of_nothing_still_admits_one_datagram_at_a_time() {
        let mut flow = flow(100);
        for dropped in 1..=20 {
            observe(&mut flow, 0, dropped);
            flow.sent(10);
        }
        observe(&mut flow, 0, 21);
        assert!(flow.admits(66_048));
        flow.sent(66_048);
        assert!(!flow.admits(10));
        observe(&mut flow, 66_048, 21);
        assert!(!flow.admits(10));
    }

    #[test]
    fn drops_of_other_senders_are_not_counted_as_ours() {
        let mut flow = flow(100);
        observe(&mut flow, 0, 5);
        observe(&mut flow, 0, 900);
        assert_eq!(flow.dropped(), 0, "nothing was sent in between");
        flow.sent(10);
        flow.sent(10);
        observe(&mut flow, 0, 1_800);
        assert_eq!(flow.dropped(), 2, "at most what was sent");
        flow.sent(10);
        observe(&mut flow, 0, 0);
        assert_eq!(flow.dropped(), 2, "the receiver was restarted");
    }

    #[test]
    fn readings_have_a_pause_between_them() {
        let (mut flow, start) = (flow(100), origin());
        assert_eq!(flow.until_due(start), Duration::ZERO);
        flow.observe(None, start);
        assert_eq!(flow.until_due(start + MILLI / 5), MILLI * 3 / 10);
        assert_eq!(flow.until_due(start + 60 * MILLI), Duration::ZERO);
    }

    #[test]
    fn waits_double_until_something_is_sent() {
        let mut flow = flow(100);
        let mut waits = |count: usize| -> Vec<u128> {
            (0..count).map(|_| flow.next_wait().as_millis()).collect()
        };
        assert_eq!(waits(6), [1, 2, 4, 8, 16, 16]);
        flow.sent(10);
        assert_eq!(flow.next_wait(), MILLI);
    }
}
