//! What one subsegment costs on its way to X-Ray, beside the exporter for the OpenTelemetry SDK.
//!
//! Prints one line a figure: `workload library median unit`. Both turn the same finished spans of
//! one request into the bytes of one nested document.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]
#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]

use std::hint::black_box;
use std::time::Instant;

use opentelemetry_aws::xray_exporter::{SegmentDocument, SegmentTranslator};
use opentelemetry_sdk::trace::SpanData;
use spanwright::export::{Batch, Exporter as _, xray};
use spanwright::opentelemetry::span_data;
use spanwright::record::{Attribute, LocalTrace, SpanRecord};
use support::segments::{below, failed, node, segment, trace};

const SUBSEGMENTS: u64 = 150;
const ROUNDS: usize = 300;

/// What the spans of a workload say.
type Said = fn(SpanRecord) -> SpanRecord;

fn plain(span: SpanRecord) -> SpanRecord {
    span
}

fn with_attributes(mut span: SpanRecord) -> SpanRecord {
    span.attributes = vec![
        Attribute::new("user.id", "f73f4b05-a59e-468b-8a29-a1c39e7a2222"),
        Attribute::new("app.result_length", 3_i64),
    ];
    span
}

fn with_annotations(mut span: SpanRecord) -> SpanRecord {
    segment(&mut span).annotations = vec![Attribute::new("result_length", 3_i64)];
    span
}

fn failing(span: SpanRecord) -> SpanRecord {
    failed(span, &["cannot load", "connection refused"])
}

/// One request with subsegments in groups of ten.
fn request(said: Said) -> LocalTrace {
    let child = |number: u64| {
        let parent = if number % 10 == 2 { 1 } else { number - (number - 2) % 10 };
        said(below(node(number), parent))
    };
    trace((2..2 + SUBSEGMENTS).map(child).chain([node(1)]))
}

/// The median time of one subsegment.
fn measure(workload: &str, library: &str, mut round: impl FnMut()) {
    let mut times: Vec<_> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            round();
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    let ns = times[ROUNDS / 2].as_nanos() / u128::from(SUBSEGMENTS);
    println!("{workload} {library} {ns} ns/subsegment");
}

fn ours(workload: &str, trace: &LocalTrace) {
    let settings = xray::Settings::new("127.0.0.1:2000");
    let mut exporter = xray::Exporter::new(&settings);
    let mut out = Vec::new();
    measure(workload, "spanwright", || {
        out.clear();
        exporter.encode(trace, &mut out).expect("every trace has a form");
        black_box(&out);
    });
    let batch = Batch::collect(&mut exporter, std::slice::from_ref(trace));
    let request = exporter.request(&batch.expect("every trace has a form"));
    let bytes: usize = request.body.iter().map(bytes::Bytes::len).sum();
    println!("{workload} spanwright {bytes} bytes in {} datagrams", request.body.len());
}

fn theirs(workload: &str, trace: &LocalTrace) {
    const LIBRARY: &str = "opentelemetry-aws";
    let spans: Vec<SpanData> = trace.spans.iter().map(span_data).collect();
    let translator = SegmentTranslator::new()
        .skip_timestamp_validation()
        .always_nest_subsegments()
        .metadata_all_attrs();
    let encode = || -> Vec<Vec<u8>> {
        translator.translate_spans(&spans).iter().map(SegmentDocument::to_bytes).collect()
    };
    measure(workload, LIBRARY, || drop(black_box(encode())));
    let documents = encode();
    let bytes: usize = documents.iter().map(Vec::len).sum();
    println!("{workload} {LIBRARY} {bytes} bytes in {} documents", documents.len());
}

fn main() {
    let workloads: [(&str, Said); 4] = [
        ("encode/plain", plain),
        ("encode/2-attributes", with_attributes),
        ("encode/1-annotation", with_annotations),
        ("encode/failing", failing),
    ];
    for (workload, said) in workloads {
        let trace = request(said);
        ours(workload, &trace);
        theirs(workload, &trace);
    }
    let trace = request(with_attributes);
    measure("weigh/2-attributes", "spanwright", || {
        black_box(xray::Exporter::weigh(&trace));
    });
}
