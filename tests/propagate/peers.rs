//! Services with another SDK read what we send, and decide as we do.

use std::collections::HashMap;

use opentelemetry::baggage::BaggageExt;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{SpanKind as PeerKind, TraceContextExt, TraceId as PeerTraceId};
use opentelemetry_sdk::propagation::{BaggagePropagator, TraceContextPropagator};
use opentelemetry_sdk::trace::{Sampler as PeerSampler, SamplingDecision, ShouldSample};
use proptest::prelude::{any, prop_assert_eq, proptest};
use spanwright::propagate::{Composite, Context, Propagator};
use spanwright::record::{SpanContext, SpanId, SpanKind, TraceFlags, TraceId};
use spanwright::sample::{Input, Ratio, RequestFacts, Sampler};

fn send(context: &Context) -> HashMap<String, String> {
    let mut headers = HashMap::new();
    Composite::default().inject(context, &mut |name, value| {
        headers.insert(name.to_owned(), value.to_owned());
    });
    headers
}

#[test]
fn another_sdk_continues_our_trace() {
    let span = SpanContext {
        trace_id: TraceId::from_u128(0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736),
        span_id: SpanId::from_u64(7),
        flags: TraceFlags::SAMPLED.with(TraceFlags::RANDOM),
        is_remote: false,
    };
    let context = Context { span, trace_state: Some("a=1,b@c=2".into()), ..Context::default() };
    let peer = TraceContextPropagator::new().extract(&send(&context));
    let peer = peer.span().span_context().clone();
    assert_eq!(peer.trace_id().to_bytes(), span.trace_id.to_bytes());
    assert_eq!(peer.span_id().to_bytes(), span.span_id.to_bytes());
    assert_eq!((peer.is_sampled(), peer.trace_state().header()), (true, "a=1,b@c=2".to_owned()));
}

proptest! {
    #[test]
    fn another_sdk_reads_our_baggage(value in "[!-~é😀]([ -~é😀]{0,20}[!-~é😀])?") {
        let mut context = Context::default();
        context.baggage.insert("key", &value)?;
        let peer = BaggagePropagator::new().extract(&send(&context));
        let arrived = peer.baggage().get("key").map(ToString::to_string);
        prop_assert_eq!(arrived, Some(value));
    }

    #[test]
    fn another_sdk_keeps_the_same_traces(share in 0.0..=1.0_f64, trace_id in any::<u128>()) {
        let sampler = Sampler::Ratio(Ratio::new(share)?);
        let input = Input {
            parent: None,
            trace_id: TraceId::from_u128(trace_id),
            name: "",
            kind: SpanKind::Internal,
            request: RequestFacts::default(),
        };
        let peer = PeerSampler::TraceIdRatioBased(share).should_sample(
            None,
            PeerTraceId::from(trace_id),
            "",
            &PeerKind::Internal,
            &[],
            &[],
        );
        let is_kept = peer.decision == SamplingDecision::RecordAndSample;
        prop_assert_eq!(sampler.decide(&input).is_sampled(), is_kept);
    }
}
