//! What is told, and by whom it is heard.

use super::*;
use crate::loss::Tally;
use crate::record::Cause;
use crate::report::draft::{Nature, Said};
use crate::report::ids::Ids;
use crate::report::reporter::{Clock, Ways};
use crate::report::settings::{Edit, Settings};
use crate::report::telling::Telling;

/// Long enough for anything that happens at all.
const LONG: Duration = Duration::from_mins(1);

/// Keeps what it hears.
#[derive(Debug, Default)]
struct Heard(Mutex<usize>);

impl Processor<ErrorRecord> for Heard {
    fn process(&self, records: &Arc<[ErrorRecord]>) {
        *self.0.lock().expect("nobody panics with it") += records.len();
    }
}

/// Panics whatever it hears.
#[derive(Debug)]
struct Odd;

impl Processor<ErrorRecord> for Odd {
    fn process(&self, _: &Arc<[ErrorRecord]>) {
        panic!("odd");
    }
}

fn teller(settings: Settings, processors: Vec<Arc<dyn Processor<ErrorRecord>>>) -> Teller {
    let signal = Arc::new(Signal::default());
    let clock = Clock { wall: || Duration::ZERO, steady: || Duration::ZERO };
    let ways = Ways { events: false, records: true };
    let (finisher, wake) =
        (Finisher::new(&settings, Arc::default(), Arc::default()), Arc::clone(&signal));
    let reporter =
        Reporter::new(settings, ways, Ids::counting(), clock, Arc::default(), Box::new(wake));
    Teller::new(Arc::new(reporter), finisher, processors, signal)
}

fn report(teller: &Teller) {
    let causes = vec![Cause { type_name: None, message: "late".to_owned() }];
    let (nature, said) = (Nature::Message, Said::default());
    let telling = Telling { nature, causes, said, source: None, place: None, confirms: true };
    assert!(teller.reporter.tell(telling).is_some());
}

#[test]
fn reports_are_lost_only_if_every_processor_panics() {
    let heard = Arc::new(Heard::default());
    let odd = || Arc::new(Odd) as Arc<dyn Processor<ErrorRecord>>;
    for (processors, lost) in [(vec![odd(), Arc::clone(&heard) as _], 0), (vec![odd(), odd()], 2)] {
        let teller = teller(Settings::default(), processors);
        for _ in 0..2 {
            report(&teller);
            teller.tell(true, false);
        }
        let tally = teller.tally();
        assert_eq!((tally.lost_to(LossReason::WorkerPanicked), tally.pending()), (lost, 0));
    }
    assert_eq!(*heard.0.lock().expect("nobody panics with it"), 2);
}

#[test]
fn what_is_being_told_is_pending() {
    let seen: Arc<Mutex<Vec<Tally>>> = Arc::default();
    let place: Arc<Mutex<Option<Arc<Reporter>>>> = Arc::default();
    let (at, of) = (Arc::clone(&seen), Arc::clone(&place));
    let edit = Edit::new(move |_| {
        let reporter = of.lock().expect("nobody panics with it").clone();
        let tally = reporter.expect("it is there").ledger.tally();
        at.lock().expect("nobody panics with it").push(tally);
        true
    });
    let settings = Settings { edit: Some(edit), ..Settings::default() };
    let teller = teller(settings, vec![Arc::new(Heard::default())]);
    *place.lock().expect("nobody panics with it") = Some(Arc::clone(&teller.reporter));
    (0..3).for_each(|_| report(&teller));
    teller.tell(true, false);
    let seen = seen.lock().expect("nobody panics with it");
    let pending: Vec<_> = seen.iter().map(|tally| (tally.accepted, tally.pending())).collect();
    assert_eq!(pending, [(3, 3), (3, 3), (3, 3)]);
    assert_eq!(teller.tally().pending(), 0);
}

#[test]
fn a_stop_waits_for_the_flush_that_comes_with_it() {
    let mut asked = Asked { stops: true, ..Asked::default() };
    assert!(asked.is_idle());
    asked.flushes += 1;
    assert!(!asked.is_idle());
}

#[test]
fn a_flush_is_over_when_what_was_noticed_is_told_and_the_last_one_ends_the_thread() {
    let heard = Arc::new(Heard::default());
    let teller = Arc::new(teller(Settings::default(), vec![Arc::clone(&heard) as _]));
    assert!(teller.start());
    for told in 1..=3 {
        report(&teller);
        assert!(teller.flush(LONG));
        assert_eq!(*heard.0.lock().expect("nobody panics with it"), told);
    }
    teller.stop();
    report(&teller);
    assert!(teller.flush(LONG));
    report(&teller);
    assert_eq!((teller.abandon(), teller.abandon()), (1, 0));
    let tally = teller.tally();
    assert_eq!((tally.accepted, tally.delivered), (5, 4));
    assert_eq!(tally.lost_to(LossReason::Shutdown), 1);
}

#[test]
fn symbols_are_freed_a_minute_after_their_last_use() {
    let at = Duration::from_secs;
    let mut finisher = Finisher::new(&Settings::default(), Arc::default(), Arc::default());
    assert_eq!(finisher.keep_symbols(at(100)), None, "there are none yet");
    finisher.warm_up();
    assert_eq!(finisher.keep_symbols(at(100)), Some(at(60)));
    assert_eq!(finisher.keep_symbols(at(130)), Some(at(30)));
    assert_eq!(finisher.keep_symbols(at(160)), None);
    assert_eq!(finisher.keep_symbols(at(161)), None);
}
