//! What it costs a whole process to make spans and send them by OTLP, at 100,000 spans a second.
//!
//! Each library runs in a process of its own and sends to a sink in another one, so that only the
//! sender is counted.

use std::hint::black_box;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, SdkTracerProvider};
use rustix::time::{ClockId, clock_gettime};
use spanwright::config::Environment;
use support::otlp_sink::OtlpSink;
use tracing_subscriber::layer::SubscriberExt;

use super::figures::{Figures, OURS};
use super::pace::TEXT;
use super::process::{self, Sink, memory_mb};

/// How long spans are made.
const SECONDS: u64 = 5;

/// Fifty traces of ten spans every five milliseconds.
const TICK_MS: u64 = 5;
const TRACES_PER_TICK: u64 = 50;
const CHILDREN: u64 = 9;
const TICKS: u64 = SECONDS * 1_000 / TICK_MS;
const SPANS: u64 = TICKS * TRACES_PER_TICK * (CHILDREN + 1);

/// Measures every library.
pub(crate) fn run(figures: &mut Figures) {
    for library in [OURS, "fastrace", "tracing+otel"] {
        let sink = Sink::start(0);
        let output = this_program(&["send", library, &sink.url]).output();
        let output = output.expect("this program starts");
        let text = String::from_utf8_lossy(&output.stdout);
        let mut words = text.split_whitespace().map(|word| word.parse().unwrap_or(f64::NAN));
        let (cpu_ns, peak_mb) = (words.next(), words.next());
        figures.add("export cpu", library, cpu_ns.unwrap_or(f64::NAN), "ns/span");
        figures.add("export memory", library, peak_mb.unwrap_or(f64::NAN), "MB");
        super::pace::report_lost(library, SPANS, sink.stop());
    }
}

/// The sender's process: makes the spans, then prints CPU nanoseconds a span and peak megabytes.
pub(crate) fn send(library: &str, endpoint: &str) {
    match library {
        OURS => send_ours(endpoint),
        "fastrace" => send_fastrace(endpoint),
        _ => send_tracing(endpoint),
    }
    let cpu = clock_gettime(ClockId::ProcessCPUTime);
    let cpu = Duration::new(cpu.tv_sec.unsigned_abs(), u32::try_from(cpu.tv_nsec).unwrap_or(0));
    println!("{} {}", cpu.as_nanos() / u128::from(SPANS), memory_mb("VmHWM"));
}

/// Makes the traces of each tick, and sleeps in between as a service does.
fn keep_pace(trace: impl Fn()) {
    let begin = Instant::now();
    for tick in 1..=TICKS {
        (0..TRACES_PER_TICK).for_each(|_| trace());
        thread::sleep(
            (begin + Duration::from_millis(tick * TICK_MS))
                .saturating_duration_since(Instant::now()),
        );
    }
}

mod ours {
    use super::{CHILDREN, TEXT, black_box};

    #[spanwright::traced]
    pub(super) fn root() {
        (0..CHILDREN).for_each(|number| child(number, TEXT));
    }

    #[spanwright::traced(fields(number, user.id = text))]
    fn child(number: u64, text: &str) {
        black_box((number, text));
    }
}

fn send_ours(endpoint: &str) {
    let environment: Environment =
        [("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)].into_iter().collect();
    let config = spanwright::Config::from_environment(&environment).expect("an endpoint");
    let telemetry = config.service_name("bench").install().expect("nothing else is installed");
    keep_pace(ours::root);
    let report = telemetry.shutdown(Duration::from_secs(10));
    assert!(report.in_time, "{report}");
}

mod rival {
    use super::{CHILDREN, TEXT, black_box};

    pub(super) fn fastrace_root() {
        let context = fastrace::collector::SpanContext::random();
        let root = fastrace::Span::root("root", context);
        let _parent = root.set_local_parent();
        (0..CHILDREN).for_each(|number| fastrace_child(number, TEXT));
    }

    #[fastrace::trace(short_name = true, properties = { "number": "{number}", "user.id": "{text}" })]
    fn fastrace_child(number: u64, text: &str) {
        black_box((number, text));
    }

    #[tracing::instrument(skip_all)]
    pub(super) fn tracing_root() {
        (0..CHILDREN).for_each(|number| tracing_child(number, TEXT));
    }

    #[tracing::instrument(skip_all, fields(number, user.id = text))]
    fn tracing_child(number: u64, text: &str) {
        black_box((number, text));
    }
}

fn exporter(endpoint: &str) -> SpanExporter {
    let exporter = SpanExporter::builder().with_http();
    exporter.with_endpoint(format!("{endpoint}/v1/traces")).build().expect("an endpoint")
}

fn send_fastrace(endpoint: &str) {
    let reporter = fastrace_opentelemetry::OpenTelemetryReporter::new(
        exporter(endpoint),
        std::borrow::Cow::Owned(Resource::builder().with_service_name("bench").build()),
        opentelemetry::InstrumentationScope::builder("bench").build(),
    );
    fastrace::set_reporter(reporter, fastrace::collector::Config::default());
    keep_pace(rival::fastrace_root);
    fastrace::flush();
}

fn send_tracing(endpoint: &str) {
    let settings = BatchConfigBuilder::default()
        .with_max_queue_size(1 << 18)
        .with_max_export_batch_size(4096)
        .with_scheduled_delay(Duration::from_secs(1));
    let processor =
        BatchSpanProcessor::builder(exporter(endpoint)).with_batch_config(settings.build());
    let provider = SdkTracerProvider::builder().with_span_processor(processor.build()).build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("bench"));
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        keep_pace(rival::tracing_root);
    });
    drop(provider.shutdown());
}

/// The sink's process.
pub(crate) fn sink() {
    let sink = OtlpSink::counting();
    process::serve(&sink.endpoint(), || sink.counted_spans());
}

fn this_program(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program has a path"));
    command.args(arguments).stderr(Stdio::inherit());
    command
}
