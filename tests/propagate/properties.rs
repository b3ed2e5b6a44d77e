//! What holds for every header, every context and every share.

use proptest::collection::{btree_map, vec};
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use spanwright::propagate::{Baggage, Composite, Context, Propagator};
use spanwright::record::{SpanContext, SpanId, SpanKind, TraceFlags, TraceId};
use spanwright::sample::{Input, Ratio, RequestFacts, Sampler};

/// The longest `tracestate` that can be valid: 32 members of two times 256 bytes.
const MAX_TRACE_STATE_BYTES: usize = 32 * (256 + 1 + 256) + 31;
const MAX_BAGGAGE_BYTES: usize = 8192;

type Header = (String, Vec<u8>);

/// Headers from nonsense to nearly right.
fn header() -> impl Strategy<Value = Header> {
    let name = prop_oneof![
        Just("traceparent"),
        Just("TraceState"),
        Just("tracestate"),
        Just("baggage"),
        Just("Baggage"),
        Just("host"),
    ];
    let value = prop_oneof![
        vec(any::<u8>(), 0..300),
        "[ \\t]?(00|cc|ff|0)-[0-9a-f]{31,33}-[0-9a-f]{16}-[0-3]{2}(-x)?[ \\t]?"
            .prop_map(String::into_bytes),
        "([ \\t]?[a-z0-9@_]{1,5}=[ -~]{0,9},?){0,40}".prop_map(String::into_bytes),
        "(k[0-9]{0,2} ?= ?[!-~%]{0,9}(;p(=%41)?)?,?){0,80}".prop_map(String::into_bytes),
        "x=y{0,9000}".prop_map(String::into_bytes),
    ];
    (name.prop_map(str::to_owned), value)
}

/// Contexts that an application may send.
fn context() -> impl Strategy<Value = Context> {
    let trace_state = vec("[a-z0-9][a-z0-9_*/@-]{0,20}=[ -+--<>-~]{0,20}[!-+--<>-~]", 0..=32);
    let baggage = btree_map("[A-Za-z0-9!#$%&'*+.^_`|~-]{1,9}", any::<String>(), 0..12);
    let ids = (1..=u128::MAX, 1..=u64::MAX, 0_u8..4);
    (ids, trace_state, baggage).prop_map(|((trace_id, span_id, flags), members, pairs)| {
        let mut baggage = Baggage::default();
        for (key, value) in pairs {
            // What finds no place is not a part of the context.
            let _ = baggage.insert(&key, &value);
        }
        let span = SpanContext {
            trace_id: TraceId::from_u128(trace_id),
            span_id: SpanId::from_u64(span_id),
            flags: TraceFlags::from_u8(flags),
            is_remote: true,
        };
        let trace_state = (!members.is_empty()).then(|| members.join(",").into());
        Context { span, trace_state, baggage, ..Context::default() }
    })
}

fn extract<N: AsRef<str>, V: AsRef<[u8]>>(headers: &[(N, V)]) -> Context {
    let mut context = Context::default();
    Composite::default().extract(&headers, &mut context);
    context
}

fn inject(context: &Context) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    Composite::default().inject(context, &mut |name, value| {
        headers.push((name.to_owned(), value.to_owned()));
    });
    headers
}

fn is_kept(share: f64, trace_id: u128) -> bool {
    let sampler = Sampler::Ratio(Ratio::new(share).expect("a share"));
    let trace_id = TraceId::from_u128(trace_id);
    let request = RequestFacts::default();
    let input = Input { parent: None, trace_id, name: "", kind: SpanKind::Internal, request };
    sampler.decide(&input).is_sampled()
}

proptest! {
    #[test]
    fn whatever_arrives_gives_a_valid_context_or_none_within_the_limits(
        headers in vec(header(), 0..6),
    ) {
        let context = extract(&headers);
        prop_assert!(context.span.is_valid() || context.span == SpanContext::INVALID);
        prop_assert!(context.span.is_valid() || context.trace_state.is_none());
        prop_assert!(context.baggage.len() <= 64);
        let received: usize = headers.iter().map(|(_, value)| value.len() + 1).sum();
        for (name, value) in inject(&context) {
            let limit = match &*name {
                "traceparent" => 55,
                "tracestate" => MAX_TRACE_STATE_BYTES.min(received),
                _ => MAX_BAGGAGE_BYTES.min(received),
            };
            prop_assert!((1..=limit).contains(&value.len()), "{name}: {value}");
            prop_assert!(value.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{name}: {value}");
        }
        prop_assert_eq!(extract(&inject(&context)), context);
    }

    #[test]
    fn what_is_sent_is_what_arrives(context in context()) {
        prop_assert_eq!(extract(&inject(&context)), context);
    }

    #[test]
    fn a_baggage_value_arrives_as_it_was_set(value in any::<String>()) {
        let mut context = Context::default();
        if context.baggage.insert("key", &value).is_ok() {
            let arrived = extract(&inject(&context));
            let arrived = arrived.baggage.get("key").map(std::borrow::Cow::into_owned);
            prop_assert_eq!(arrived, Some(value));
        }
    }

    #[test]
    fn a_list_of_propagators_is_read_or_refused(text in "([a-zA-Z]{0,5}|baggage|none|,| ){0,9}") {
        if let Err(error) = Composite::from_setting(&text) {
            prop_assert!(error.to_string().starts_with("OTEL_PROPAGATORS: "), "{error}");
        }
    }

    #[test]
    fn a_ratio_keeps_its_share(share in 0.0..=1.0_f64, first in any::<u128>()) {
        const TRACES: u32 = 10_000;
        // Ids spread evenly stand for ids drawn evenly, without the chance.
        let step = u128::from(u64::MAX / u64::from(TRACES));
        let ids = (0..TRACES).map(|index| first.wrapping_add(u128::from(index) * step));
        let kept = ids.filter(|id| is_kept(share, *id)).count();
        let expected = share * f64::from(TRACES);
        let kept = f64::from(u32::try_from(kept)?);
        prop_assert!((kept - expected).abs() <= 2.0, "{kept} {expected}");
    }

    #[test]
    fn what_is_kept_at_one_share_is_kept_at_every_higher_one(
        shares in [0.0..=1.0_f64, 0.0..=1.0_f64],
        trace_id in any::<u128>(),
    ) {
        let [low, high] = if shares[0] <= shares[1] { shares } else { [shares[1], shares[0]] };
        prop_assert!(!is_kept(low, trace_id) || is_kept(high, trace_id));
    }
}
