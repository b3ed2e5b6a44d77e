//! Turns that the busy threads of ours leave to the others of the machine.
//!
//! Reading rings, encoding and signing come in bursts of milliseconds, and some systems take a processor
//! from nobody who does not give it. In: the time. Out: the processor, now and then.
//! Never: waits for others much longer than it works, for what is never sent is lost.

use std::cell::Cell;
use std::thread;
use std::time::{Duration, Instant};

/// How long a thread works before others get a turn.
const TURN: Duration = Duration::from_micros(50);

/// How many times as long as it works a thread leaves the processor to others: where all are busy it
/// keeps a quarter of what the system gives it.
const PATIENCE: u32 = 3;

thread_local! {
    static TURNS: Cell<Turns> = const { Cell::new(Turns::new()) };
}

/// Lets another thread have the processor that waits for it, where that is due. May be called as often
/// as every few microseconds.
pub(crate) fn give_way() {
    TURNS.with(|cell| {
        let mut turns = cell.get();
        if turns.is_due(now()) {
            thread::yield_now();
            turns.come_back(now());
        }
        cell.set(turns);
    });
}

#[expect(clippy::disallowed_methods, reason = "how long others take shows on the clock alone")]
fn now() -> Instant {
    Instant::now()
}

/// What one thread has worked and waited.
#[derive(Clone, Copy)]
struct Turns {
    /// Since when it works; `None` before its first turn.
    since: Option<Instant>,
    /// How much of its waiting it has not worked for yet.
    waited: Duration,
}

impl Turns {
    const fn new() -> Self {
        Self { since: None, waited: Duration::ZERO }
    }

    /// Whether others get a turn now.
    fn is_due(&mut self, now: Instant) -> bool {
        let since = *self.since.get_or_insert(now);
        let worked = now.saturating_duration_since(since);
        if worked < TURN {
            return false;
        }
        self.waited = self.waited.saturating_sub(worked * PATIENCE);
        self.since = Some(now);
        self.waited.is_zero()
    }

    /// The turn of the others is over, which began when it was due.
    fn come_back(&mut self, now: Instant) {
        let left = self.since.replace(now);
        self.waited = left.map_or(Duration::ZERO, |left| now.saturating_duration_since(left));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Works in steps of `step` until so much is done, each turn of the others takes `turn`; how often
    /// they had one, and how long all of it took.
    fn work(total: Duration, step: Duration, turn: Duration) -> (u32, Duration) {
        let begin = now();
        let (mut clock, mut worked, mut count) = (begin, Duration::ZERO, 0);
        let mut turns = Turns::new();
        while worked < total {
            if turns.is_due(clock) {
                count += 1;
                clock += turn;
                turns.come_back(clock);
            }
            clock += step;
            worked += step;
        }
        (count, clock - begin)
    }

    const US: Duration = Duration::from_micros(1);
    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn others_get_a_turn_after_each_of_ours_while_theirs_are_short() {
        let (count, took) = work(10 * MS, 10 * US, 100 * US);
        assert_eq!((count, took), (199, 10 * MS + count * 100 * US));
        // However often it is asked.
        assert_eq!(work(10 * MS, US, 100 * US).0, 199);
    }

    #[test]
    fn a_busy_machine_takes_no_more_than_three_quarters_of_our_time() {
        for turn in [MS, 6 * MS, 40 * MS] {
            let (count, took) = work(1_000 * MS, 20 * US, turn);
            assert!(count > 10 && took <= 1_000 * MS * 4 + turn, "{took:?} with turns of {turn:?}");
        }
    }

    #[test]
    fn who_has_slept_owes_nothing() {
        let begin = now();
        let mut turns = Turns::new();
        assert!(!turns.is_due(begin));
        assert!(turns.is_due(begin + MS));
        turns.come_back(begin + 41 * MS);
        assert!(!turns.is_due(begin + 42 * MS));
        assert!(turns.is_due(begin + 1_000 * MS));
    }
}
