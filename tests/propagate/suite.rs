//! The forty-one cases of the W3C trace-context suite at level 2, under the names of the suite.
//!
//! Each test says what a service must send on when these headers came in, in each of its states: also
//! one that is disabled, has no destination, or records no span of the request propagates.
//!
//! Source: <https://github.com/w3c/trace-context/tree/main/test>.

use std::collections::BTreeSet;
use std::time::Duration;

use spanwright::Span;
use spanwright::record::{Destinations, Level, SpanKind};
use spanwright::sample::{DecideSegments, Input, Sampler, SegmentDecision};
use spanwright::testing::Capture;

const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT_ID: &str = "00f067aa0ba902b7";
const PARENT: (&str, &str) =
    ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00");

/// The first id of a capture.
const OWN_TRACE: u128 = 1;

/// States of a service, in each of which it has to propagate as in the others.
#[derive(Clone, Copy, Debug)]
enum State {
    Recording,
    AlwaysOff,
    /// Also disabled: the two are the same to a request.
    WithoutDestination,
    LevelError,
    XrayAlone,
    XrayAloneUnsampled,
}

/// Gives no request a segment.
#[derive(Debug)]
struct Never;

impl DecideSegments for Never {
    fn decide(&self, _: &Input<'_>, _: Duration) -> SegmentDecision {
        SegmentDecision::default()
    }
}

impl State {
    const ALL: [Self; 6] = [
        Self::Recording,
        Self::AlwaysOff,
        Self::WithoutDestination,
        Self::LevelError,
        Self::XrayAlone,
        Self::XrayAloneUnsampled,
    ];

    fn capture(self) -> Capture {
        let capture = Capture::default().sampler(Sampler::default());
        match self {
            Self::Recording => capture,
            Self::AlwaysOff => capture.sampler(Sampler::AlwaysOff),
            Self::WithoutDestination => capture.destinations(Destinations::NONE),
            Self::LevelError => capture.level(Level::Error),
            Self::XrayAlone => capture.destinations(Destinations::SEGMENTS),
            Self::XrayAloneUnsampled => {
                capture.destinations(Destinations::SEGMENTS).segments(Never)
            }
        }
    }
}

/// The headers of one outgoing call.
#[derive(Debug)]
struct Call {
    trace_id: String,
    parent_id: String,
    flags: u8,
    trace_state: Option<String>,
}

/// Handles one request that makes `count` calls.
fn serve_in(state: State, headers: &[(&str, &str)], count: u64) -> Vec<Call> {
    let call = || {
        let client = Span::build("GET").kind(SpanKind::Client).start();
        let mut sent = Vec::new();
        client.in_scope(|| {
            spanwright::inject(|name, value| sent.push((name.to_owned(), value.to_owned())));
        });
        read(&sent)
    };
    let (calls, _) = state.capture().run(|| {
        let incoming = spanwright::extract(&headers);
        let request = Span::build("GET").kind(SpanKind::Server).incoming(&incoming).start();
        request.in_scope(|| (1..=count).map(|_| call()).collect())
    });
    calls
}

/// The calls of the recording state, with which those of all states agree but for ids and flags.
fn serve(headers: &[(&str, &str)], count: u64) -> Vec<Call> {
    let facts = |call: &Call| (call.trace_id.clone(), call.trace_state.clone());
    let calls = serve_in(State::Recording, headers, count);
    for state in State::ALL {
        let others = serve_in(state, headers, count);
        assert!(others.iter().map(facts).eq(calls.iter().map(facts)), "{state:?}: {others:?}");
        assert_different_parents(&others);
        assert!(others.iter().all(|call| call.parent_id != PARENT_ID), "{state:?}: {others:?}");
    }
    calls
}

/// Reads a call as the suite does: exactly one `traceparent`, in the form of version 00.
fn read(headers: &[(String, String)]) -> Call {
    let values =
        |name| headers.iter().filter(move |header| header.0 == name).map(|header| &header.1);
    let parents: Vec<_> = values("traceparent").collect();
    let [parent] = parents[..] else { panic!("one traceparent, not {parents:?}") };
    let is_hex = |text: &&str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let fields: Vec<_> = parent.split('-').filter(is_hex).collect();
    let lengths: Vec<_> = fields.iter().map(|field| field.len()).collect();
    assert_eq!(
        (parent.len(), &lengths[..], fields[0]),
        (55, &[2, 32, 16, 2][..], "00"),
        "{parent}"
    );
    Call {
        trace_id: fields[1].to_owned(),
        parent_id: fields[2].to_owned(),
        flags: u8::from_str_radix(fields[3], 16).expect("two digits"),
        trace_state: values("tracestate").next().cloned(),
    }
}

fn call(headers: &[(&str, &str)]) -> Call {
    serve(headers, 1).remove(0)
}

/// Each of these values of `traceparent` begins a new trace.
fn restarts(values: &[&str]) {
    for value in values {
        let call = call(&[("traceparent", value), ("tracestate", "foo=1")]);
        assert_eq!(call.trace_id, format!("{OWN_TRACE:032x}"), "{value}");
        assert_eq!(call.trace_state, None, "{value}");
    }
}

/// Each of these values of `traceparent` is continued.
fn continues(values: &[&str]) {
    for value in values {
        let call = call(&[("traceparent", value)]);
        assert_eq!(call.trace_id, TRACE_ID, "{value}");
        assert_ne!(call.parent_id, PARENT_ID, "{value}");
    }
}

/// What becomes of these values of `tracestate` beside a valid `traceparent`, which must survive.
fn state(values: &[&str]) -> Option<String> {
    let states = values.iter().map(|value| ("tracestate", *value));
    let headers: Vec<_> = std::iter::once(PARENT).chain(states).collect();
    let call = call(&headers);
    assert_eq!(call.trace_id, TRACE_ID, "{values:?}");
    call.trace_state
}

fn is_inherited(values: &[&str]) {
    assert_eq!(state(values), Some(values.join(",")));
}

fn is_discarded(values: &[&str]) {
    assert_eq!(state(values), None, "{values:?}");
}

#[test]
fn both_traceparent_and_tracestate_missing() {
    let call = call(&[]);
    assert_eq!((call.trace_id, call.trace_state), (format!("{OWN_TRACE:032x}"), None));
}

#[test]
fn traceparent_included_tracestate_missing() {
    continues(&["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"]);
}

#[test]
fn traceparent_duplicated() {
    let other = ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4737-00f067aa0ba902b7-01");
    assert_eq!(call(&[PARENT, other]).trace_id, format!("{OWN_TRACE:032x}"));
}

#[test]
fn traceparent_header_name() {
    for name in ["trace-parent", "trace.parent"] {
        assert_eq!(call(&[(name, PARENT.1)]).trace_id, format!("{OWN_TRACE:032x}"), "{name}");
    }
}

#[test]
fn traceparent_header_name_valid_casing() {
    for name in ["TraceParent", "TrAcEpArEnT", "TRACEPARENT"] {
        assert_eq!(call(&[(name, PARENT.1)]).trace_id, TRACE_ID, "{name}");
    }
}

#[test]
fn traceparent_version_0x00() {
    restarts(&[
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-the-future-brings",
    ]);
}

#[test]
fn traceparent_version_0xcc() {
    continues(&[
        "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-the-future-brings",
    ]);
    restarts(&["cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.what-the-future-brings"]);
}

#[test]
fn traceparent_version_0xff() {
    restarts(&["ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"]);
}

#[test]
fn traceparent_version_illegal_characters() {
    restarts(&[
        ".0-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "0.-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    ]);
}

#[test]
fn traceparent_version_too_long() {
    restarts(&[
        "000-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "0000-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    ]);
}

#[test]
fn traceparent_version_too_short() {
    restarts(&["0-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"]);
}

#[test]
fn traceparent_trace_id_all_zero() {
    restarts(&["00-00000000000000000000000000000000-00f067aa0ba902b7-01"]);
}

#[test]
fn traceparent_trace_id_illegal_characters() {
    restarts(&[
        "00-.bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e473.-00f067aa0ba902b7-01",
    ]);
}

#[test]
fn traceparent_trace_id_too_long() {
    restarts(&["00-4bf92f3577b34da6a3ce929d0e0e47361-00f067aa0ba902b7-01"]);
}

#[test]
fn traceparent_trace_id_too_short() {
    restarts(&["00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01"]);
}

#[test]
fn traceparent_parent_id_all_zero() {
    restarts(&["00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"]);
}

#[test]
fn traceparent_parent_id_illegal_characters() {
    restarts(&[
        "00-4bf92f3577b34da6a3ce929d0e0e4736-.0f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b.-01",
    ]);
}

#[test]
fn traceparent_parent_id_too_long() {
    restarts(&["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b77-01"]);
}

#[test]
fn traceparent_parent_id_too_short() {
    restarts(&["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b-01"]);
}

#[test]
fn traceparent_trace_flags_illegal_characters() {
    restarts(&[
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-.0",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0.",
    ]);
}

#[test]
fn traceparent_trace_flags_too_long() {
    restarts(&["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-001"]);
}

#[test]
fn traceparent_trace_flags_too_short() {
    restarts(&["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1"]);
}

#[test]
fn traceparent_ows_handling() {
    continues(&[
        " 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "\t00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01 ",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\t",
        "\t 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01 \t",
    ]);
}

#[test]
fn tracestate_included_traceparent_missing() {
    for value in ["foo=1", "foo=1,bar=2"] {
        assert_eq!(call(&[("tracestate", value)]).trace_state, None, "{value}");
    }
}

#[test]
fn tracestate_included_traceparent_included() {
    is_inherited(&["foo=1,bar=2"]);
}

#[test]
fn tracestate_header_name() {
    for name in ["trace-state", "trace.state"] {
        assert_eq!(call(&[PARENT, (name, "foo=1")]).trace_state, None, "{name}");
    }
}

#[test]
fn tracestate_header_name_valid_casing() {
    for name in ["TraceState", "TrAcEsTaTe", "TRACESTATE"] {
        let call = call(&[PARENT, (name, "foo=1")]);
        assert_eq!(call.trace_state.as_deref(), Some("foo=1"), "{name}");
    }
}

#[test]
fn tracestate_empty_header() {
    is_discarded(&[""]);
    assert_eq!(state(&["foo=1", ""]).as_deref(), Some("foo=1"));
    assert_eq!(state(&["", "foo=1"]).as_deref(), Some("foo=1"));
}

#[test]
fn tracestate_multiple_headers_different_keys() {
    is_inherited(&["foo=1,bar=2", "rojo=1,congo=2", "baz=3"]);
}

#[test]
fn tracestate_duplicated_keys() {
    is_inherited(&["foo=1,foo=1"]);
    is_inherited(&["foo=1,foo=2"]);
    is_inherited(&["foo=1", "foo=1"]);
    is_inherited(&["foo=1", "foo=2"]);
}

#[test]
fn tracestate_all_allowed_characters() {
    let key: String = ('a'..='z').chain('0'..='9').chain("_-*/".chars()).collect();
    let value: String = (' '..='~').filter(|letter| !",=".contains(*letter)).collect();
    is_inherited(&[&format!("{key}={value}")]);
    is_inherited(&[&format!("{key}@a-z0-9_-*/={value}")]);
}

#[test]
fn tracestate_ows_handling() {
    for value in ["foo=1 \t , \t bar=2, \t baz=3", "foo=1\t \t,\t \tbar=2,\t \tbaz=3"] {
        assert_eq!(state(&[value]).as_deref(), Some("foo=1,bar=2,baz=3"), "{value:?}");
    }
    for value in [" foo=1", "\tfoo=1", "foo=1 ", "foo=1\t", "\t foo=1 \t"] {
        assert_eq!(state(&[value]).as_deref(), Some("foo=1"), "{value:?}");
    }
}

#[test]
fn tracestate_key_illegal_characters() {
    is_discarded(&["foo =1"]);
    is_discarded(&["FOO=1"]);
    is_discarded(&["foo.bar=1"]);
}

#[test]
fn tracestate_key_illegal_vendor_format() {
    is_inherited(&["foo@=1,bar=2"]);
    is_discarded(&["@foo=1,bar=2"]);
    is_inherited(&["foo@@bar=1,bar=2"]);
    is_inherited(&["foo@bar@baz=1,bar=2"]);
}

#[test]
fn tracestate_member_count_limit() {
    let members: Vec<_> = (1..=33).map(|index| format!("bar{index:02}={index:02}")).collect();
    let headers = |count: usize| members[..count].chunks(10).map(|chunk| chunk.join(",")).collect();
    let [allowed, too_many]: [Vec<String>; 2] = [headers(32), headers(33)];
    is_inherited(&allowed.iter().map(String::as_str).collect::<Vec<_>>());
    is_discarded(&too_many.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn tracestate_key_length_limit() {
    let letters = |letter: &str, count| letter.repeat(count);
    is_inherited(&["foo=1", &format!("{}=1", letters("z", 256))]);
    is_discarded(&["foo=1", &format!("{}=1", letters("z", 257))]);
    is_inherited(&["foo=1", &format!("{}@{}=1", letters("t", 241), letters("v", 14))]);
    is_inherited(&["foo=1", &format!("{}@v=1", letters("t", 242))]);
    is_inherited(&["foo=1", &format!("t@{}=1", letters("v", 15))]);
}

#[test]
fn tracestate_value_illegal_characters() {
    is_discarded(&["foo=bar=baz"]);
    is_discarded(&["foo=,bar=3"]);
}

#[test]
fn multiple_requests_with_valid_traceparent() {
    let calls = serve(&[PARENT], 3);
    assert!(calls.iter().all(|call| call.trace_id == TRACE_ID));
    assert_different_parents(&calls);
}

#[test]
fn multiple_requests_without_traceparent() {
    assert_different_parents(&serve(&[], 3));
}

#[test]
fn multiple_requests_with_illegal_traceparent() {
    let illegal = "00-00000000000000000000000000000000-00f067aa0ba902b7-01";
    let calls = serve(&[("traceparent", illegal)], 3);
    assert!(calls.iter().all(|call| call.trace_id == format!("{OWN_TRACE:032x}")));
    assert_different_parents(&calls);
}

#[test]
fn propagates_random_flag() {
    for (flags, expected) in [("02", 0b10), ("03", 0b11), ("01", 0b01), ("fc", 0)] {
        let parent = format!("00-{TRACE_ID}-{PARENT_ID}-{flags}");
        for state in State::ALL {
            let call = serve_in(state, &[("traceparent", &parent)], 1).remove(0);
            // Only a sampler of this service turns the caller's decision round.
            let expected =
                if matches!(state, State::AlwaysOff) { expected & 0b10 } else { expected };
            assert_eq!((call.trace_id.as_str(), call.flags), (TRACE_ID, expected), "{state:?}");
            assert_ne!(call.parent_id, PARENT_ID);
        }
    }
}

fn assert_different_parents(calls: &[Call]) {
    let ids: BTreeSet<_> = calls.iter().map(|call| &call.parent_id).collect();
    assert_eq!(ids.len(), calls.len(), "{calls:?}");
}
