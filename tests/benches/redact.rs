//! Redaction: what it costs a record, and its share of the time of the threads that export spans.
//!
//! Prints one line a figure: `workload median unit`. The share is the cost of the records of the last
//! workload divided by the CPU time of the collector and the I/O thread for the same records by OTLP.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]
#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use spanwright::config::Environment;
use spanwright::record::{LogRecord, SpanKind, SpanRecord};
use spanwright::redact::Redaction;
use spanwright::secret::Secret;
use spanwright::{Config, Span, testing};
use support::otlp_sink::OtlpSink;

const RECORDS: u32 = 1_000;
const ROUNDS: usize = 101;
const TEXT: &str = "f73f4b05-a59e-468b-8a29-a1c39e7a2222";

fn main() {
    // As of a service with the destinations of the course.
    let rules = (0..4).fold(Redaction::new(), |rules, number| {
        rules.secret(Secret::new(format!("{number}c{TEXT}").replace('-', "")))
    });
    measure("span/plain", spans(|| drop(Span::new("plain"))), |it| rules.redact_span(it));
    measure("span/request", spans(request), |it| rules.redact_span(it));
    measure("span/statement", spans(statement), |it| rules.redact_span(it));
    measure("span/error", spans(error), |it| rules.redact_span(it));
    measure("log/message", logs(), |it| rules.redact_log(it));
    let cost = measure("span/two-attributes", spans(child), |it| rules.redact_span(it));
    let cpu = export_cpu_ns();
    println!("export/two-attributes {cpu:.0} ns/span of collector and I/O thread");
    println!("redaction/share {:.1} percent", 100.0 * cost / cpu);
}

fn child() {
    let span = Span::new("child");
    span.set_attribute("number", 7_u64).set_attribute("user.id", TEXT);
}

fn request() {
    let span = Span::build("GET /api/activities/{handle}").kind(SpanKind::Server).start();
    span.set_attribute("http.request.method", "GET");
    span.set_attribute("url.path", "/api/activities/andrewbrown");
    span.set_attribute("url.query", "sort=new&page=2");
    span.set_attribute("url.scheme", "http");
    span.set_attribute("http.route", "/api/activities/{handle}");
    span.set_attribute("http.response.status_code", 200);
    span.set_attribute("server.address", "cruddur.example.com");
    span.set_attribute("client.address", "2001:db8::7");
    span.set_attribute("user_agent.original", "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0");
    span.set_attribute("user.id", TEXT);
}

fn statement() {
    let span = Span::build("select activities").kind(SpanKind::Client).start();
    span.set_attribute("db.system.name", "postgresql");
    span.set_attribute("db.query.text", "select uuid, message from activities where handle = $1");
}

fn error() {
    let span = Span::new("failing");
    let text = "error sending request for url (https://api.example/v1?token=abc): timed out";
    span.add_event("exception", &[("exception.type", &"Error"), ("exception.message", &text)]);
}

fn spans(make: impl Fn()) -> Vec<SpanRecord> {
    testing::capture(|| (0..RECORDS).for_each(|_| make()))
}

fn logs() -> Vec<LogRecord> {
    testing::capture_logs(|| {
        for rows in 0..RECORDS {
            let text = "home activities were read";
            tracing::info!(app.rows = rows, user.id = TEXT, "{text}");
        }
    })
}

/// The median time of one record, in nanoseconds.
fn measure<R>(workload: &str, mut records: Vec<R>, redact: impl Fn(&mut R)) -> f64 {
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            black_box(&mut records).iter_mut().for_each(&redact);
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    let ns = times[ROUNDS / 2].as_secs_f64() * 1e9 / f64::from(RECORDS);
    println!("{workload} {ns:.0} ns/record");
    ns
}

/// CPU time of our threads for each span of the last workload that is sent by OTLP.
fn export_cpu_ns() -> f64 {
    const SPANS: u32 = 200_000;
    let sink = OtlpSink::counting();
    let environment: Environment =
        [("OTEL_EXPORTER_OTLP_ENDPOINT", sink.endpoint())].into_iter().collect();
    let config = Config::from_environment(&environment).expect("an endpoint");
    let telemetry = config.service_name("bench").install().expect("nothing else is installed");
    let before = our_cpu();
    for number in 1..=SPANS {
        child();
        if number % 500 == 0 {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
    assert!(telemetry.flush(Duration::from_secs(30)).in_time, "the sink takes all");
    let cpu = our_cpu().saturating_sub(before);
    drop(telemetry.shutdown(Duration::from_secs(10)));
    cpu.as_secs_f64() * 1e9 / f64::from(SPANS)
}

/// CPU time of the collector and the I/O thread so far; 0 where the system does not tell.
fn our_cpu() -> Duration {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let read = |task: &std::fs::DirEntry, file| std::fs::read_to_string(task.path().join(file));
    // The system cuts names to 15 bytes.
    let is_ours = |task: &std::fs::DirEntry| {
        read(task, "comm").is_ok_and(|name| {
            name.starts_with("spanwright-io") || name.starts_with("spanwright-coll")
        })
    };
    let ns = tasks.filter(is_ours).filter_map(|task| {
        let stat = read(&task, "schedstat").ok()?;
        stat.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(ns.sum())
}
