//! Exporters of the SDK as destinations: what arrives, what is lost, and what never waits.

use std::future::pending;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use opentelemetry_sdk::Resource as SdkResource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SpanData, SpanExporter};
use spanwright::Span;
use spanwright::loss::LossReason;
use spanwright::opentelemetry::{Delivery, Destination, Limits, span_data};
use spanwright::record::{Attribute, Resource, SpanRecord};
use spanwright::testing::capture;

/// Longer than any test takes.
const LONG: Duration = Duration::from_mins(1);

fn spans(count: usize) -> Arc<[SpanRecord]> {
    capture(|| (0..count).for_each(|_| Span::new("work").end())).into()
}

fn start(exporter: impl SpanExporter + 'static, limits: Limits) -> Delivery {
    Destination::new(exporter).limits(limits).start(&Resource::default()).expect("a thread")
}

/// Batches only when they are full or somebody asks.
fn patient() -> Limits {
    Limits { max_batch_age: LONG, ..Limits::default() }
}

/// What an exporter does with each batch.
type Deed = Box<dyn Fn(Vec<SpanData>) -> OTelSdkResult + Send + Sync>;

struct Scripted(Deed);

impl std::fmt::Debug for Scripted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scripted")
    }
}

impl Scripted {
    fn new(deed: impl Fn(Vec<SpanData>) -> OTelSdkResult + Send + Sync + 'static) -> Self {
        Self(Box::new(deed))
    }
}

impl SpanExporter for Scripted {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        (self.0)(batch)
    }
}

/// Blocks inside each export until it is let go; says when it is there.
fn stuck() -> (Scripted, Receiver<usize>, Sender<()>) {
    let (entered, is_there) = channel();
    let (let_go, gate) = channel();
    let gate = Mutex::new(gate);
    let exporter = Scripted::new(move |batch| {
        let _ = entered.send(batch.len());
        let gate = gate.lock().expect("one exporter at a time");
        gate.recv().map_err(|_| OTelSdkError::AlreadyShutdown)
    });
    (exporter, is_there, let_go)
}

#[test]
fn the_memory_exporter_of_the_sdk_gets_equal_spans() {
    let exporter = InMemorySpanExporter::default();
    let delivery = start(exporter.clone(), patient());
    let spans = spans(3);
    delivery.processor().process(&spans);
    assert!(delivery.flush(LONG));
    let arrived = exporter.get_finished_spans().unwrap();
    assert_eq!(arrived, spans.iter().map(span_data).collect::<Vec<_>>());
    assert_eq!((delivery.tally().accepted, delivery.tally().delivered), (3, 3));

    delivery.processor().process(&spans);
    assert!(delivery.shutdown(LONG));
    assert!(exporter.is_shutdown_called());
    assert_eq!((delivery.tally().delivered, delivery.tally().pending()), (6, 0));

    delivery.processor().process(&spans);
    assert_eq!(delivery.tally().lost_to(LossReason::Shutdown), 3);
    assert!(delivery.flush(LONG) && delivery.shutdown(LONG));
}

#[test]
fn the_exporter_is_told_the_resource_before_the_first_batch() {
    #[derive(Debug)]
    struct Asked(SdkResource, Sender<SdkResource>);
    impl SpanExporter for Asked {
        async fn export(&self, _batch: Vec<SpanData>) -> OTelSdkResult {
            self.1.send(self.0.clone()).map_err(|_| OTelSdkError::AlreadyShutdown)
        }
        fn set_resource(&mut self, resource: &SdkResource) {
            self.0 = resource.clone();
        }
    }
    let (sender, told) = channel();
    let mut resource = Resource::default();
    resource.set(Attribute::new("service.name", "cruddur"));
    let exporter = Asked(SdkResource::builder_empty().build(), sender);
    let delivery = Destination::new(exporter).start(&resource).expect("a thread");
    delivery.processor().process(&spans(1));
    assert!(delivery.flush(LONG));
    assert_eq!(told.recv().unwrap().get(&"service.name".into()), Some("cruddur".into()));
}

#[test]
fn batches_are_cut_at_their_limit_and_keep_the_order() {
    let (sender, batches) = channel();
    let exporter = Scripted::new(move |batch| {
        let ids: Vec<_> = batch.iter().map(|span| span.span_context.span_id()).collect();
        sender.send(ids).map_err(|_| OTelSdkError::AlreadyShutdown)
    });
    let delivery = start(exporter, Limits { max_batch_spans: 4, ..patient() });
    let spans = spans(10);
    delivery.processor().process(&spans[..3].into());
    delivery.processor().process(&spans[3..].into());
    assert!(delivery.shutdown(LONG));
    let batches: Vec<_> = batches.try_iter().collect();
    assert_eq!(batches.iter().map(Vec::len).collect::<Vec<_>>(), [4, 4, 2]);
    let sent: Vec<_> = spans.iter().map(|span| span.context.span_id.into()).collect();
    assert_eq!(batches.concat(), sent);
}

#[test]
fn a_full_batch_and_an_old_one_leave_without_being_asked() {
    for limits in [
        Limits { max_batch_spans: 2, ..patient() },
        Limits { max_batch_age: Duration::from_millis(1), ..Limits::default() },
    ] {
        let (exporter, is_there, let_go) = stuck();
        let delivery = start(exporter, limits);
        delivery.processor().process(&spans(2));
        assert_eq!(is_there.recv().unwrap(), 2);
        let_go.send(()).unwrap();
        assert!(delivery.flush(LONG));
        assert_eq!(delivery.tally().delivered, 2);
    }
}

#[test]
fn a_failed_batch_is_lost_with_a_reason_and_the_next_one_is_tried() {
    type Failure = fn() -> OTelSdkError;
    for (failure, reason) in [
        ((|| OTelSdkError::InternalFailure("503".into())) as Failure, LossReason::RetriesExhausted),
        (|| OTelSdkError::Timeout(LONG), LossReason::RetriesExhausted),
        (|| OTelSdkError::AlreadyShutdown, LossReason::Shutdown),
    ] {
        let calls = Mutex::new(0);
        let exporter = Scripted::new(move |_| {
            let mut calls = calls.lock().expect("one call at a time");
            *calls += 1;
            if *calls == 1 { Err(failure()) } else { Ok(()) }
        });
        let delivery = start(exporter, patient());
        for _ in 0..2 {
            delivery.processor().process(&spans(2));
            assert!(delivery.flush(LONG));
        }
        let tally = delivery.tally();
        assert_eq!((tally.lost_to(reason), tally.delivered, tally.pending()), (2, 2, 0));
    }
}

#[test]
fn an_exporter_that_panics_loses_its_batch_and_goes_on() {
    #[derive(Debug)]
    struct Panics;
    impl SpanExporter for Panics {
        async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
            assert!(batch.len() > 1, "one span is not worth a request");
            Ok(())
        }
        fn force_flush(&self) -> OTelSdkResult {
            panic!("not implemented")
        }
        fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
            panic!("not implemented")
        }
        fn set_resource(&mut self, _resource: &SdkResource) {
            panic!("not implemented")
        }
    }
    let delivery = start(Panics, patient());
    for count in [1, 3] {
        delivery.processor().process(&spans(count));
        assert!(delivery.flush(LONG));
    }
    assert!(delivery.shutdown(LONG));
    let tally = delivery.tally();
    assert_eq!((tally.lost_to(LossReason::WorkerPanicked), tally.delivered), (1, 3));
    assert_eq!(tally.pending(), 0);
}

#[test]
fn a_stuck_exporter_holds_nobody_up_and_its_spans_are_counted() {
    let (exporter, is_there, let_go) = stuck();
    let delivery = start(exporter, Limits { max_batch_spans: 2, max_spans: 5, ..patient() });
    delivery.processor().process(&spans(2));
    assert_eq!(is_there.recv().unwrap(), 2);
    delivery.processor().process(&spans(7));
    assert!(!delivery.flush(Duration::from_millis(1)));
    let tally = delivery.tally();
    assert_eq!((tally.lost_to(LossReason::QueueFull), tally.pending()), (4, 5));

    assert!(!delivery.shutdown(Duration::from_millis(1)));
    let stopped = delivery.tally();
    assert_eq!((stopped.lost_to(LossReason::Shutdown), stopped.pending()), (5, 0));
    // Whatever the exporter still achieves, a span has one fate.
    let_go.send(()).unwrap();
    assert!(is_there.recv().is_err(), "the exporter is dropped when its thread ends");
    assert_eq!(delivery.tally(), stopped);
}

#[test]
fn an_asynchronous_exporter_that_never_answers_loses_one_batch_at_a_time() {
    #[derive(Debug)]
    struct Silent;
    impl SpanExporter for Silent {
        async fn export(&self, _batch: Vec<SpanData>) -> OTelSdkResult {
            pending().await
        }
    }
    let limits = Limits { export_timeout: Duration::from_millis(1), ..patient() };
    let delivery = start(Silent, limits);
    for _ in 0..2 {
        delivery.processor().process(&spans(1));
        assert!(delivery.flush(LONG));
    }
    assert_eq!(delivery.tally().lost_to(LossReason::RetriesExhausted), 2);
}

#[test]
fn the_queue_is_bounded_in_bytes() {
    let heavy: Arc<[SpanRecord]> = capture(|| {
        for _ in 0..3 {
            Span::new("heavy").set_attribute("text", "x".repeat(40_000));
        }
    })
    .into();
    let (exporter, is_there, let_go) = stuck();
    let limits = Limits { max_bytes: 100_000, max_batch_spans: 1, ..patient() };
    let delivery = start(exporter, limits);
    delivery.processor().process(&heavy);
    assert_eq!(is_there.recv().unwrap(), 1);
    assert_eq!(delivery.tally().lost_to(LossReason::QueueFull), 1);
    // Nothing that is with the exporter makes room before it has its fate.
    delivery.processor().process(&heavy[..1].into());
    assert_eq!(delivery.tally().lost_to(LossReason::QueueFull), 2);
    let_go.send(()).unwrap();
    let_go.send(()).unwrap();
    assert!(delivery.flush(LONG));
    assert_eq!((delivery.tally().delivered, delivery.tally().pending()), (2, 0));
}

#[test]
fn exporters_that_need_a_runtime_find_one_and_their_work_makes_no_spans() {
    #[derive(Debug)]
    struct Asynchronous(Sender<bool>);
    impl SpanExporter for Asynchronous {
        async fn export(&self, _batch: Vec<SpanData>) -> OTelSdkResult {
            let elsewhere = tokio::spawn(tokio::time::sleep(Duration::from_nanos(1)));
            let is_done = elsewhere.await.is_ok();
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
            let is_quiet = opentelemetry::Context::is_current_telemetry_suppressed();
            self.0
                .send(is_done && listener.is_ok() && is_quiet)
                .map_err(|_| OTelSdkError::AlreadyShutdown)
        }
    }
    let (sender, worked) = channel();
    let delivery = start(Asynchronous(sender), patient());
    delivery.processor().process(&spans(1));
    assert!(delivery.flush(LONG));
    assert!(worked.recv().unwrap());
}

#[test]
fn a_delivery_that_is_dropped_still_exports_what_it_has() {
    let (exporter, is_there, let_go) = stuck();
    let_go.send(()).unwrap();
    let delivery = start(exporter, patient());
    let processor = delivery.processor();
    processor.process(&spans(2));
    drop(delivery);
    assert_eq!(is_there.recv().unwrap(), 2);
}
