//! From install to shutdown.

use std::sync::mpsc::channel;
use std::thread;

use spanwright::install::InstallError;
use spanwright::loss::LossReason;
use spanwright::record::{Level, SpanContext, SpanKind};
use spanwright::{Span, Telemetry, current, testing, traced};
use support::otlp_sink::OtlpSink;

use super::{LONG, Names, assert_sums, config, leaf};

fn install(names: &Names) -> Telemetry {
    config(&[]).processor(names.clone()).install().expect("nothing else is installed")
}

fn shut_down(telemetry: Telemetry) {
    let report = telemetry.shutdown(LONG);
    assert!(report.in_time, "{report}");
    assert_sums(&report);
}

pub(crate) fn nothing_runs_where_nothing_is_configured() {
    let telemetry = config(&[]).install().expect("there is nothing that could fail");
    assert!(!telemetry.is_running());
    assert!(Span::new("nobody sees it").is_none());
    let report = telemetry.flush(LONG);
    assert!(report.in_time && report.destinations.is_empty() && report.spans.accepted == 0);
    shut_down(telemetry);
}

pub(crate) fn nothing_runs_where_it_is_disabled() {
    let variables =
        [("OTEL_SDK_DISABLED", "true"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")];
    let telemetry = config(&variables).install().expect("there is nothing that could fail");
    assert!(!telemetry.is_running());
    assert!(Span::new("nobody sees it").is_none());
    shut_down(telemetry);
}

/// The `traceparent` of a call in a request that came with this one.
fn carried(traceparent: &str) -> String {
    let incoming = spanwright::extract(&[("traceparent", traceparent)].as_slice());
    let request = Span::build("GET").kind(SpanKind::Server).incoming(&incoming).start();
    let mut sent = String::new();
    request.in_scope(|| spanwright::inject(|_, value| value.clone_into(&mut sent)));
    sent
}

/// The `traceparent` of a call in a message that came with this one.
fn carried_by_attribute(traceparent: &str) -> [String; 2] {
    #[traced(kind = "consumer", parent = caller)]
    fn consume(caller: SpanContext) -> String {
        sent()
    }
    #[traced(kind = "consumer", parent = caller)]
    async fn consume_later(caller: SpanContext) -> String {
        sent()
    }
    fn sent() -> String {
        let mut sent = String::new();
        spanwright::inject(|_, value| value.clone_into(&mut sent));
        sent
    }
    let caller = spanwright::extract(&[("traceparent", traceparent)].as_slice()).span;
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.expect("the system has what a runtime needs");
    [consume(caller), runtime.block_on(consume_later(caller))]
}

const CALLER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn assert_carried() {
    let [plain, later] = carried_by_attribute(CALLER);
    for sent in [carried(CALLER), plain, later] {
        assert!(sent.starts_with(&CALLER[..36]) && sent.ends_with("-01"), "{sent:?}");
    }
}

pub(crate) fn without_an_installation_no_context_is_carried_on() {
    assert_eq!(carried(CALLER), "");
    assert_eq!(carried_by_attribute(CALLER), ["", ""]);
}

pub(crate) fn context_is_carried_on_where_nothing_is_recorded() {
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9");
    for variables in [
        &[][..],
        &[("OTEL_SDK_DISABLED", "true"), endpoint],
        &[("SPANWRIGHT_LEVEL", "error"), endpoint],
    ] {
        let telemetry = config(variables).install().expect("there is nothing that could fail");
        assert_carried();
        shut_down(telemetry);
        // A service that drains its last requests still carries them on.
        assert_carried();
    }
    let telemetry = config(&[("OTEL_PROPAGATORS", "none")]).install().expect("nothing can fail");
    assert_eq!(carried(CALLER), "");
    shut_down(telemetry);
}

pub(crate) fn idle_telemetry_does_not_replace_what_runs() {
    let names = Names::default();
    let telemetry = install(&names);
    let idle = config(&[]).install().expect("there is nothing that could fail");
    leaf();
    assert_carried();
    shut_down(idle);
    shut_down(telemetry);
    assert_eq!(names.take(), ["leaf", "consume", "consume_later", "GET"]);
}

pub(crate) fn a_process_has_one_telemetry_at_a_time() {
    let (first, second) = (Names::default(), Names::default());
    let telemetry = install(&first);
    assert!(telemetry.is_running());
    let refused = config(&[]).processor(second.clone()).install();
    assert!(matches!(refused, Err(InstallError::AlreadyInstalled)), "{refused:?}");
    leaf();
    shut_down(telemetry);
    leaf();
    assert!(current().is_none());
    let telemetry = install(&second);
    leaf();
    shut_down(telemetry);
    assert_eq!((first.take(), second.take()), (vec!["leaf".to_owned()], vec!["leaf".to_owned()]));
}

pub(crate) fn a_drop_delivers() {
    let names = Names::default();
    let telemetry =
        config(&[]).level(Level::Error).processor(names.clone()).install().expect("it is alone");
    leaf();
    drop(telemetry);
    assert!(names.take().is_empty(), "beyond the level");
    let telemetry = install(&names);
    leaf();
    drop(telemetry);
    assert_eq!(names.take(), ["leaf"]);
}

pub(crate) fn span_that_ends_after_the_shutdown_is_lost_and_counted() {
    let telemetry = install(&Names::default());
    let open = Span::new("open");
    let at_shutdown = telemetry.shutdown(LONG).spans;
    open.end();
    // A capture waits for the collector.
    testing::capture(|| {});
    let names = Names::default();
    let spans = install(&names).shutdown(LONG).spans;
    let lost = spans.lost_to(LossReason::Shutdown) - at_shutdown.lost_to(LossReason::Shutdown);
    assert_eq!((lost, spans.accepted - at_shutdown.accepted), (1, 1), "{spans:?}");
    assert!(names.take().is_empty(), "it belongs to the telemetry that was shut down");
}

pub(crate) fn flush_takes_the_spans_of_every_thread() {
    const THREADS: usize = 8;
    let names = Names::default();
    let telemetry = install(&names);
    let (ended, ends) = channel();
    thread::scope(|scope| {
        // The threads live until they are let go, so their rings are their own.
        let release: Vec<_> = (0..THREADS)
            .map(|_| {
                let (release, released) = channel::<()>();
                let ended = ended.clone();
                scope.spawn(move || {
                    leaf();
                    ended.send(()).expect("the test waits");
                    let _ = released.recv();
                });
                release
            })
            .collect();
        ends.iter().take(THREADS).for_each(drop);
        let report = telemetry.flush(LONG);
        assert!(report.in_time, "{report}");
        assert_sums(&report);
        assert_eq!(names.take().len(), THREADS);
        drop(release);
    });
    shut_down(telemetry);
}

/// Sends two spans, one before a flush and one before the shutdown.
fn deliver() {
    let sink = OtlpSink::start();
    let telemetry = config(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &sink.endpoint())])
        .install()
        .expect("nothing else is installed");
    leaf();
    let report = telemetry.flush(LONG);
    assert!(report.in_time, "{report}");
    assert_sums(&report);
    assert_eq!(sink.spans().concat().len(), 1);
    leaf();
    shut_down(telemetry);
    assert_eq!(sink.spans().concat().len(), 2);
}

pub(crate) fn flush_and_shutdown_work_inside_runtimes() {
    deliver();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("the system has what a runtime needs").block_on(async { deliver() });
}

async fn delivering() -> &'static str {
    deliver();
    "delivered"
}

pub(crate) fn flush_and_shutdown_work_inside_a_worker_of_actix() {
    use actix_web::{App, HttpServer, web};
    actix_web::rt::System::new().block_on(async {
        let server = HttpServer::new(|| App::new().route("/", web::get().to(delivering)));
        let server = server.workers(1).disable_signals().bind(("127.0.0.1", 0));
        let server = server.expect("loopback has free ports");
        let url = format!("http://{}/", server.addrs()[0]);
        let running = server.run();
        let handle = running.handle();
        let serving = actix_web::rt::spawn(running);
        let answer = reqwest::get(url).await.expect("the server answers");
        assert_eq!(answer.text().await.expect("the answer has a body"), "delivered");
        handle.stop(true).await;
        serving.await.expect("the server does not panic").expect("the server stops");
    });
}
