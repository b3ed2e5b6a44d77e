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

#[test]
fn a_clock_that_is_set_back_holds_nothing_up() {
    let reporter = reporter(Settings::default());
    assert!(reporter.tell(fails("refused")).is_some());
    WALL.set(Duration::ZERO);
    pass_time(SECOND);
    assert_eq!(reporter.take(false, false).drafts.len(), 1);
}
