//! What one span costs on its way to OTLP: encoding alone, then the whole pipeline.
//!
//! Prints one line a figure: `workload median unit`.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]
#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use spanwright::export::{Batch, Exporter as _, otlp};
use spanwright::pipeline::transport::http;
use spanwright::pipeline::{Motor, Settings};
use spanwright::record::{Attribute, Processor, SpanId, SpanRecord};
use support::otlp_sink::OtlpSink;
use support::records::span;

const SPANS: usize = 4096;
const ROUNDS: usize = 50;

/// A span with the first of two attributes.
fn child(number: u64, attributes: usize) -> SpanRecord {
    let all = [
        Attribute::new("user.id", "f73f4b05-a59e-468b-8a29-a1c39e7a2222"),
        Attribute::new("app.result_length", 3_i64),
    ];
    SpanRecord {
        parent_span_id: Some(SpanId::from_u64(1)),
        attributes: all.into_iter().take(attributes).collect(),
        ..span(number)
    }
}

fn group(attributes: usize) -> Arc<[SpanRecord]> {
    (1..=SPANS as u64).map(|number| child(number, attributes)).collect()
}

/// The median time of one span, over rounds of `SPANS`.
fn measure(workload: &str, mut round: impl FnMut()) {
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            round();
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    println!("{workload} {} ns/span", times[ROUNDS / 2].as_nanos() / SPANS as u128);
}

fn settings(endpoint: &str) -> otlp::Settings {
    otlp::Settings::new(otlp::Endpoint::base(endpoint).expect("the address is one"))
}

fn encode() {
    for attributes in 0..=2 {
        let group = group(attributes);
        let mut exporter = otlp::Exporter::new(&settings("http://127.0.0.1:4318"));
        let mut out = Vec::new();
        measure(&format!("encode/{attributes}-attributes"), || {
            out.clear();
            for record in &*group {
                exporter.encode(record, &mut out).expect("every span can be encoded");
            }
            black_box(&out);
        });
        println!("encode/{attributes}-attributes {} bytes/span", out.len() / SPANS);
        measure(&format!("weigh/{attributes}-attributes"), || {
            black_box(group.iter().map(otlp::Exporter::weigh).sum::<usize>());
        });
    }
}

fn frame() {
    for compression in [otlp::Compression::None, otlp::Compression::Gzip] {
        let settings = otlp::Settings { compression, ..settings("http://127.0.0.1:4318") };
        let mut exporter = otlp::Exporter::new(&settings);
        let group = group(2);
        let batch = Batch::collect(&mut exporter, &group).expect("every span can be encoded");
        measure(&format!("request/{compression:?}"), || {
            black_box(exporter.request(&batch));
        });
        println!(
            "request/{compression:?} {} bytes/span",
            exporter.request(&batch).body.iter().map(Bytes::len).sum::<usize>() / SPANS
        );
    }
}

/// The CPU time of the I/O thread so far; 0 where the system does not tell.
fn io_thread_cpu() -> Duration {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let read = |task: &std::fs::DirEntry, file| std::fs::read_to_string(task.path().join(file));
    let is_io = |task: &std::fs::DirEntry| {
        read(task, "comm").is_ok_and(|name| name.trim_end() == "spanwright-io")
    };
    let ns = tasks.filter(is_io).find_map(|task| {
        let stat = read(&task, "schedstat").ok()?;
        stat.split(' ').next()?.parse().ok()
    });
    Duration::from_nanos(ns.unwrap_or(0))
}

fn pipeline() {
    let sink = OtlpSink::counting();
    let settings = settings(&sink.endpoint());
    let motor = Motor::start().expect("the system has a thread to spare");
    let client = http::Settings::new(settings.timeout);
    let client = http::Client::new(&client).expect("no TLS, no certificates");
    let handle = motor.add(otlp::Exporter::new(&settings), client, &Settings::default());
    let group = group(2);
    let rounds = || {
        for _ in 0..ROUNDS {
            handle.process(&group);
            let _ = motor.flush(Duration::from_secs(10));
        }
    };
    rounds();
    let (before, start) = (io_thread_cpu(), Instant::now());
    rounds();
    let spans = (ROUNDS * SPANS) as u128;
    println!(
        "pipeline/io-thread-cpu {} ns/span",
        io_thread_cpu().saturating_sub(before).as_nanos() / spans
    );
    println!("pipeline/elapsed {} ns/span", start.elapsed().as_nanos() / spans);
    println!("pipeline/arrived {} spans", sink.counted_spans());
}

fn main() {
    encode();
    frame();
    pipeline();
}
