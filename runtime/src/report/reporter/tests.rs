//! Failures of one thread, by clocks that the tests set.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

thread_local! {
    static WALL: Cell<Duration> = const { Cell::new(Duration::from_hours(1)) };
    static STEADY: Cell<Duration> = const { Cell::new(Duration::from_secs(100)) };
    static WAKES: Cell<usize> = const { Cell::new(0) };
}

#[derive(Debug)]
struct Counted;

impl Wake for Counted {
    fn wake(&self) {
        WAKES.set(WAKES.get() + 1);
    }
}

fn reporter(settings: Settings) -> Reporter {
    let clock = Clock { wall: || WALL.get(), steady: || STEADY.get() };
    let ways = Ways { events: false, records: true };
    Reporter::new(settings, ways, Ids::counting(), clock, Arc::default(), Box::new(Counted))
}

fn pass_time(time: Duration) {
    STEADY.set(STEADY.get() + time);
}

fn fails(message: &str) -> Telling {
    let cause = Cause { type_name: Some("Db".into()), message: message.to_owned() };
    Telling {
        nature: Nature::Error,
        causes: vec![cause],
        said: Said::default(),
        source: None,
        place: None,
        confirms: true,
    }
}

/// A failure with an attribute of 64 KiB.
fn heavy() -> Telling {
    let mut telling = fails("refused");
    telling.said.custom.push(crate::record::Attribute::new("text", "x".repeat(64 * 1024)));
    telling
}

#[test]
fn a_clock_that_is_set_back_holds_nothing_up() {
    let reporter = reporter(Settings::default());
    assert!(reporter.tell(fails("refused")).is_some());
    WALL.set(Duration::ZERO);
    pass_time(SECOND);
    assert_eq!(reporter.take(false, false).drafts.len(), 1);
}

#[test]
fn whoever_tells_is_woken_only_for_what_is_due_earlier() {
    let settings = Settings { per_kind_per_minute: 3, ..Settings::default() };
    let reporter = reporter(settings);
    let storm = || {
        for _ in 0..100 {
            let _ = reporter.tell(fails("refused"));
        }
    };
    storm();
    assert_eq!(WAKES.get(), 1);
    pass_time(SECOND);
    let due = reporter.take(false, false);
    assert_eq!((due.drafts.len(), due.next_at), (3, Some(160 * SECOND)));
    storm();
    assert_eq!(WAKES.get(), 1);
    assert!(reporter.tell(fails("another")).is_some());
    assert_eq!(WAKES.get(), 2);
    pass_time(60 * SECOND);
    let due = reporter.take(false, false);
    assert_eq!((due.drafts.len(), due.next_at), (1, None));
    assert_eq!(due.summaries[0].occurrences, 197);
    // What was never held back has nothing to tell.
    assert_eq!(due.summaries.len(), 1);
}

#[test]
fn a_failure_that_makes_another_one_give_way_wakes_whoever_tells_at_once() {
    let settings =
        Settings { per_kind_per_minute: 1_000, per_minute: 1_000, ..Settings::default() };
    let reporter = reporter(settings);
    (0..100).for_each(|_| assert!(reporter.tell(heavy()).is_some()));
    assert_eq!(WAKES.get(), 2);
    let due = reporter.take(false, false).drafts.len();
    assert!((36..=70).contains(&due), "{due} of 100 failures of 64 KiB have made room");
}

#[test]
fn whoever_tells_may_be_slow_and_memory_is_bounded() {
    let settings =
        Settings { per_kind_per_minute: 10_000, per_minute: 10_000, ..Settings::default() };
    let reporter = reporter(settings);
    (0..1_000).for_each(|_| assert!(reporter.tell(heavy()).is_some()));
    let told = reporter.take(true, true).drafts.len();
    let lost = reporter.ledger.tally().lost_to(LossReason::QueueFull);
    // 4 MiB wait to be added to, and 4 MiB for the report worker.
    assert!((64..=128).contains(&told), "{told} failures of 64 KiB are kept");
    assert_eq!(lost, 1_000 - told as u64);
}
