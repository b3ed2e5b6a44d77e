//! What holds for every tracing header of X-Ray and every context that is written as one.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use spanwright::propagate::{Composite, Context, Propagator, Sampled, XrayContext};
use spanwright::record::{SpanContext, SpanId, TraceId};

const HEADER: &str = "x-amzn-trace-id";

/// AWS reads this many characters.
const MAX_BYTES: usize = 256;

/// Headers from nonsense to nearly right.
fn header() -> impl Strategy<Value = Vec<u8>> {
    let pair = prop_oneof![
        "[ \\t]?[Rr]oot ?= ?1-[0-9a-fA-F]{7,9}-[0-9a-f]{23,25}",
        "Root=1-5759e988-bd862e3fe1be46a994272793",
        "[Pp]arent=[0-9a-f]{15,17} ?",
        "Parent=53995c3f42cd8ad8",
        "[Ss]ampled=[01?a]?",
        "Self=[0-9a-f-]{0,9}",
        "Lineage=([0-9]{1,6}:[0-9a-f]{8}:[0-9]{1,4}|[0-9a-f]{8}:[0-9](\\|[0-9a-f]{8}:[0-9])*)",
        "[ -~]{0,60}",
        "k[0-9]=[ -:<-~]{0,120}",
        any::<String>(),
    ];
    let pairs = vec(pair, 0..9).prop_map(|pairs| pairs.join(";").into_bytes());
    prop_oneof![4 => pairs, 1 => vec(any::<u8>(), 0..400)]
}

/// Contexts as spans of ours have them.
fn context() -> impl Strategy<Value = Context> {
    let sampled = prop_oneof![
        Just(Sampled::Unsaid),
        Just(Sampled::Asked),
        Just(Sampled::Yes),
        Just(Sampled::No)
    ];
    let rest =
        option::of("(Lineage=[0-9a-f]{8}:[0-9];)?[a-z]{1,9}=[!-+\\--:<-~]{0,40}(;x=[a-z]?){0,3}");
    (1..=u128::MAX, option::of(1..=u64::MAX), sampled, rest).prop_map(
        |(trace_id, parent_id, sampled, rest)| {
            let trace_id = TraceId::from_u128(trace_id);
            let span = SpanContext { trace_id, ..SpanContext::INVALID };
            let xray = XrayContext {
                parent_id: parent_id.map(SpanId::from_u64),
                sampled,
                rest: rest.map(Into::into),
            };
            Context { span, xray: Some(xray), ..Context::default() }
        },
    )
}

fn by(setting: &str, headers: &[(&str, &[u8])]) -> Context {
    let mut context = Context::default();
    let formats = Composite::from_setting(setting).expect("a list of known names");
    formats.extract(&headers, &mut context);
    context
}

fn extract(header: &[u8]) -> Context {
    by("xray", &[(HEADER, header)])
}

fn inject(context: &Context) -> Option<String> {
    let mut written = None;
    let formats = Composite::from_setting("xray").expect("a known name");
    formats.inject(context, &mut |_, value| written = Some(value.to_owned()));
    written
}

proptest! {
    #[test]
    fn whatever_arrives_gives_a_valid_context_or_none_and_a_header_within_the_limit(
        header in header(),
    ) {
        let context = extract(&header);
        let has_trace = context.span.trace_id.is_valid();
        prop_assert!(has_trace || context.span == SpanContext::INVALID && !context.is_deferred);
        let parent_id = Some(context.span.span_id).filter(|id| id.is_valid());
        prop_assert_eq!(context.xray.as_ref().and_then(|xray| xray.parent_id), parent_id);
        prop_assert_eq!(context.overruled, None);
        let written = inject(&context);
        prop_assert_eq!(written.is_some(), has_trace);
        if let Some(written) = written {
            prop_assert!(written.starts_with("Root=1-") && written.len() <= MAX_BYTES, "{written}");
            prop_assert!(written.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{written}");
            prop_assert!(!written.contains("Self="), "{written}");
            // Every pair is one that came, or one of those we know in our own spelling. A comma and a name
            // begin the next value.
            let came = String::from_utf8_lossy(&header);
            for pair in written.split(';').filter(|pair| !is_known(pair)) {
                let is_start = |other: &str| {
                    let rest = other.trim().strip_prefix(pair);
                    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(','))
                };
                prop_assert!(came.split(';').any(is_start), "{pair:?}");
            }
            // Whoever gets it sends the same on.
            prop_assert_eq!(inject(&extract(written.as_bytes())), Some(written));
        }
    }

    #[test]
    fn what_is_sent_is_what_arrives(context in context()) {
        let header = inject(&context).unwrap_or_default();
        let arrived = extract(header.as_bytes());
        prop_assert_eq!(arrived.span.trace_id, context.span.trace_id);
        prop_assert_eq!(arrived.xray, context.xray);
    }

    #[test]
    fn the_order_of_the_formats_changes_nothing(
        header in header(),
        traceparent in prop_oneof![
            Just("00-5759e988bd862e3fe1be46a994272793-00f067aa0ba902b7-01"),
            Just("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"),
            Just("garbage"),
        ],
    ) {
        let headers = [
            (HEADER, header.as_slice()),
            ("traceparent", traceparent.as_bytes()),
            ("tracestate", b"a=1"),
        ];
        let context = by("tracecontext,xray", &headers);
        prop_assert_eq!(&context, &by("xray,tracecontext", &headers));
        let spans = [Some(context.span), context.overruled];
        let w3c = by("tracecontext", &headers).span;
        prop_assert!(!w3c.is_valid() || spans.contains(&Some(w3c)), "it is not forgotten");
    }
}

fn is_known(pair: &str) -> bool {
    ["Root=", "Parent=", "Sampled=", "Lineage="].iter().any(|known| pair.starts_with(known))
}
