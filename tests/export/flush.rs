//! Flush and shutdown: from anywhere, within their time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use spanwright::diagnostics;
use spanwright::export::{Batch, EncodeError, Exporter, Header, Limits, Reply, Request, Verdict};
use spanwright::loss::LossReason;
use spanwright::pipeline::transport::{Transport, TransportError};
use spanwright::pipeline::{Motor, Settings};
use spanwright::record::Processor;
use spanwright::secret::Secret;
use support::http_server::Answer;
use support::otlp_sink::OtlpSink;

use crate::rig::{LONG, Rig, Sum, delivered, lost, otlp_rig, quick, spans, sum};

/// Settings under which nothing is sent unless it is flushed.
fn patient() -> Settings {
    Settings { max_batch_age: LONG * 1000, ..quick() }
}

fn flush_delivers() {
    let sink = OtlpSink::start();
    let rig = otlp_rig(&sink, &patient());
    rig.handle.process(&spans(1..=3));
    let flushed = rig.flush(LONG);
    assert!(flushed.in_time, "{flushed:?}");
    assert_eq!(sum(flushed.tally), delivered(3));
    rig.handle.process(&spans(4..=5));
    assert_eq!(sum(rig.shutdown(LONG).tally), delivered(5));
    assert_eq!(sink.spans().iter().map(Vec::len).collect::<Vec<_>>(), [3, 2]);
}

#[test]
fn flush_works_from_a_plain_thread() {
    flush_delivers();
}

#[tokio::test(flavor = "current_thread")]
async fn flush_works_inside_a_current_thread_runtime() {
    flush_delivers();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn flush_works_inside_the_only_worker_of_a_runtime() {
    tokio::spawn(async { flush_delivers() }).await.expect("flush does not panic");
}

#[test]
fn flush_keeps_its_deadline_while_the_destination_hangs() {
    let sink = OtlpSink::scripted_then(Vec::new(), Answer::Hang);
    let rig = otlp_rig(&sink, &patient());
    rig.handle.process(&spans(1..=3));
    let before = tokio::time::Instant::now();
    let flushed = rig.flush(Duration::from_millis(50));
    assert!((!flushed.in_time, flushed.tally.pending()) == (true, 3), "{flushed:?}");
    let stopped = rig.shutdown(Duration::from_millis(50));
    assert!(before.elapsed() < LONG / 2, "{:?}", before.elapsed());
    assert_eq!(sum(stopped.tally), lost(3, LossReason::Shutdown));
}

#[test]
fn flush_waits_for_what_came_before_it_and_not_for_what_came_after() {
    let sink = OtlpSink::scripted(vec![support::otlp_sink::ok(), Answer::Hang]);
    let rig = otlp_rig(&sink, &patient());
    rig.handle.process(&spans(1..=3));
    assert!(rig.flush(LONG).in_time);
    rig.handle.process(&spans(4..=6));
    assert!(!rig.flush(Duration::from_millis(30)).in_time);
}

#[test]
fn a_stuck_destination_does_not_hold_up_another() {
    let stuck = OtlpSink::scripted_then(Vec::new(), Answer::Hang);
    let healthy = OtlpSink::start();
    let rig = otlp_rig(&stuck, &patient());
    let other = rig.motor.add(
        spanwright::export::otlp::Exporter::new(&crate::rig::otlp_settings(&healthy)),
        crate::rig::client(LONG),
        &patient(),
    );
    rig.handle.process(&spans(1..=3));
    other.process(&spans(1..=3));
    let flushed = rig.motor.flush(Duration::from_millis(200));
    assert_eq!(flushed.iter().map(|it| it.in_time).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn a_second_shutdown_finds_nothing_to_do() {
    let sink = OtlpSink::start();
    let rig = otlp_rig(&sink, &patient());
    rig.handle.process(&spans(1..=3));
    assert!(rig.shutdown(LONG).in_time);
    assert!(rig.shutdown(LONG).in_time);
    assert!(rig.flush(LONG).in_time);
    assert_eq!(sum(rig.handle.ledger().tally()), delivered(3));
}

#[test]
fn dropping_the_motor_counts_what_is_left() {
    let sink = OtlpSink::scripted_then(Vec::new(), Answer::Hang);
    let Rig { motor, handle } = otlp_rig(&sink, &quick());
    handle.process(&spans(1..=3));
    sink.server.wait_for(1);
    drop(motor);
    // The thread ends in its own time; the queue is closed when it has.
    while handle.ledger().tally().pending() > 0 {
        std::thread::yield_now();
    }
    assert_eq!(sum(handle.ledger().tally()), lost(3, LossReason::Shutdown));
}

#[test]
fn a_shutdown_counts_what_is_left_even_if_the_io_thread_is_held_up() {
    let sink = OtlpSink::scripted(Vec::new());
    let rig = otlp_rig(&sink, &quick());
    let (holds, is_held) = channel();
    let (release, released) = channel::<()>();
    rig.motor.spawn(async move {
        holds.send(()).expect("somebody waits");
        let _ = released.recv();
    });
    is_held.recv().expect("the thread runs");
    rig.handle.process(&spans(1..=3));
    let stopped = rig.shutdown(Duration::from_millis(1));
    assert!(!stopped.in_time);
    assert_eq!(sum(stopped.tally), lost(3, LossReason::Shutdown));
    drop(release);
}

#[test]
fn an_abort_ends_the_wait_for_an_io_thread_that_is_held_up() {
    let sink = OtlpSink::start();
    let rig = otlp_rig(&sink, &patient());
    let (holds, is_held) = channel();
    let (release, released) = channel::<()>();
    rig.motor.spawn(async move {
        holds.send(()).expect("somebody waits");
        let _ = released.recv();
    });
    is_held.recv().expect("the thread runs");
    rig.handle.process(&spans(1..=3));
    let begin = tokio::time::Instant::now();
    let stopped = std::thread::scope(|scope| {
        scope.spawn(|| rig.motor.abort());
        rig.shutdown(LONG)
    });
    assert!(begin.elapsed() < LONG / 2, "{:?}", begin.elapsed());
    assert_eq!((stopped.in_time, sum(stopped.tally)), (false, lost(3, LossReason::Shutdown)));
    drop(release);
}

/// A dialect whose encoding waits for the test.
struct Gated {
    begun: Sender<()>,
    go_on: Receiver<()>,
    encoded: Arc<AtomicUsize>,
}

impl Exporter for Gated {
    type Record = u8;

    const NAME: &'static str = "gated";

    fn weigh(_: &u8) -> usize {
        1
    }

    fn limits(&self) -> Limits {
        Limits { items: 10, bytes: 100, overhead_bytes: 0 }
    }

    fn encode(&mut self, record: &u8, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        // The first one alone: nobody listens to the others, and nothing holds them up.
        let _ = self.begun.send(());
        let _ = self.go_on.recv();
        self.encoded.fetch_add(1, Ordering::Relaxed);
        out.push(*record);
        Ok(())
    }

    fn request(&self, batch: &Batch) -> Request {
        let body = vec![batch.bytes().clone()];
        Request { url: Secret::new("memory"), headers: Vec::new(), body }
    }

    fn verdict(&self, _: &Batch, _: &Reply) -> Verdict {
        Verdict::Delivered
    }
}

#[test]
fn encoding_ends_at_the_deadline_of_the_shutdown() {
    let ((begun, has_begun), (go, go_on)) = (channel(), channel());
    let encoded = Arc::default();
    let exporter = Gated { begun, go_on, encoded: Arc::clone(&encoded) };
    let rig = Rig::new(exporter, Shared::default(), &patient());
    for _ in 0..20 {
        rig.handle.process(&Arc::from(vec![1; 1_000]));
    }
    has_begun.recv().expect("the first record is encoded");
    let stopped = rig.shutdown(Duration::ZERO);
    assert_eq!((stopped.in_time, stopped.tally.pending()), (false, 0));
    drop(go);
    let ledger = rig.handle.ledger();
    while ledger.tally().pending() > 0 {
        std::thread::yield_now();
    }
    let encoded = encoded.load(Ordering::Relaxed);
    assert!(encoded < 100, "{encoded} of 20,000 records were encoded after the deadline");
    assert!(ledger.tally().lost_to(LossReason::Shutdown) >= 19_900, "{:?}", ledger.tally());
}

/// A dialect of text lines that breaks on certain words.
struct Lines {
    marked: Arc<AtomicUsize>,
}

impl Exporter for Lines {
    type Record = &'static str;

    const NAME: &'static str = "lines";

    fn weigh(record: &&'static str) -> usize {
        record.len() + 1
    }

    fn limits(&self) -> Limits {
        Limits { items: 10, bytes: 20, overhead_bytes: 0 }
    }

    fn encode(&mut self, record: &&'static str, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.marked.fetch_add(diagnostics::suppressed().into(), Ordering::Relaxed);
        out.extend_from_slice(record.as_bytes());
        assert_ne!(*record, "panic");
        if *record == "error" {
            let problem = "on purpose".into();
            return Err(EncodeError::Field { field: "line".into(), problem });
        }
        out.push(b'\n');
        Ok(())
    }

    fn request(&self, batch: &Batch) -> Request {
        assert_ne!(batch.bytes()[..], b"bad batch\n"[..]);
        let headers = vec![Header { name: "x-lines".into(), value: Secret::new("1") }];
        let body = vec![batch.bytes().clone()];
        Request { url: Secret::new("memory"), headers, body }
    }

    fn verdict(&self, _: &Batch, reply: &Reply) -> Verdict {
        assert_eq!(reply.status, 200);
        Verdict::Delivered
    }
}

/// Keeps the body of each request.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Transport for Shared {
    async fn send(&self, request: Request) -> Result<Reply, TransportError> {
        let body = request.body.concat();
        self.0.lock().expect("nothing panics while holding it").extend(body);
        Ok(Reply { status: 200, ..Reply::default() })
    }
}

#[test]
fn a_panic_or_an_error_in_a_dialect_costs_one_record_and_the_worker_goes_on() {
    let (marked, written) = (Arc::default(), Shared::default());
    let exporter = Lines { marked: Arc::clone(&marked) };
    let settings = Settings { max_in_flight: 1, ..patient() };
    let rig = Rig::new(exporter, written.clone(), &settings);
    rig.handle.process(&Arc::from(["one", "panic", "error", "two"]));
    assert!(rig.flush(LONG).in_time);
    rig.handle.process(&Arc::from(["bad batch"]));
    assert!(rig.flush(LONG).in_time);
    let tally = rig.deliver(&Arc::from(["three", "a line longer than any request"]));

    let lost = vec![
        (LossReason::TooLarge, 1),
        (LossReason::NotEncodable, 1),
        (LossReason::WorkerPanicked, 2),
    ];
    assert_eq!(sum(tally), Sum(7, 3, 0, lost));
    let written = written.0.lock().expect("nobody panics while holding it").clone();
    assert_eq!(String::from_utf8_lossy(&written), "one\ntwo\nthree\n");
    assert_eq!(marked.load(Ordering::Relaxed), 7, "every call is on a thread of ours");
}

#[test]
fn a_motor_without_destinations_has_nothing_to_wait_for() {
    let motor = Motor::start().expect("the system has a thread to spare");
    assert!(motor.flush(LONG).is_empty());
    assert!(motor.shutdown(LONG).is_empty());
}
