//! The OpenTelemetry SDK, with spans made by hand.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::{FutureExt, TraceContextExt, Tracer, TracerProvider};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracer, SdkTracerProvider, SpanData,
    SpanExporter,
};

use super::figures::Figures;
use super::pace::{CHILDREN, SPANS, TEXT, keep, measure, poll_once, report_lost};

const NAME: &str = "opentelemetry_sdk";

/// Counts and forgets.
#[derive(Debug)]
struct Count(Arc<AtomicU64>);

impl SpanExporter for Count {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.fetch_add(batch.len() as u64, Ordering::Relaxed);
        Ok(())
    }
}

/// A provider that counts spans; its queue is large enough to lose none at the pace of the bench.
pub(crate) fn provider(sampler: Sampler, counter: &Arc<AtomicU64>) -> SdkTracerProvider {
    let settings = BatchConfigBuilder::default()
        .with_max_queue_size(1 << 18)
        .with_max_export_batch_size(4096)
        .with_scheduled_delay(Duration::from_millis(100))
        .build();
    let processor =
        BatchSpanProcessor::builder(Count(Arc::clone(counter))).with_batch_config(settings).build();
    SdkTracerProvider::builder().with_sampler(sampler).with_span_processor(processor).build()
}

fn root(tracer: &SdkTracer, child: impl Fn(u64)) {
    tracer.in_span("root", |_| (0..CHILDREN).for_each(child));
}

/// Measures every workload.
pub(crate) fn run(figures: &mut Figures) {
    let counter = Arc::new(AtomicU64::new(0));
    let provider_on = provider(Sampler::AlwaysOn, &counter);
    let tracer = provider_on.tracer("bench");
    let plain = keep(|n: u64| tracer.in_span("plain", |_| black_box(n) + 1));
    figures.add("plain", NAME, measure(|| root(&tracer, &plain)), "ns");
    let with = |attribute: KeyValue| {
        tracer.in_span("child", |context| {
            context.span().set_attribute(attribute);
            black_box(1);
        });
    };
    let integer = |n: u64| with(KeyValue::new("number", n.cast_signed()));
    figures.add("integer", NAME, measure(|| root(&tracer, integer)), "ns");
    let text = |_| with(KeyValue::new("user.id", TEXT.to_owned()));
    figures.add("string", NAME, measure(|| root(&tracer, text)), "ns");
    let asynchronous = |n: u64| {
        let span = tracer.start("async");
        let context = opentelemetry::Context::current_with_span(span);
        poll_once(
            async move {
                black_box(black_box(n) + 1);
            }
            .with_context(context),
        );
    };
    figures.add("async", NAME, measure(|| root(&tracer, asynchronous)), "ns");
    drop(provider_on.shutdown());
    report_lost(NAME, 4 * SPANS, counter.load(Ordering::Relaxed));

    let provider_off = provider(Sampler::AlwaysOff, &counter);
    let tracer = provider_off.tracer("bench");
    let integer = |n: u64| {
        tracer.in_span("child", |context| {
            context.span().set_attribute(KeyValue::new("number", n.cast_signed()));
        });
    };
    figures.add("unsampled", NAME, measure(|| root(&tracer, integer)), "ns");
    drop(provider_off.shutdown());
}
