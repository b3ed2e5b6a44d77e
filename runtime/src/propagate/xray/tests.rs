//! Which pairs count, what comes of them, and what a header has room for.

use super::*;
use crate::propagate::Composite;

const ROOT: &str = "Root=1-5759e988-bd862e3fe1be46a994272793";
const PARENT: &str = "Parent=53995c3f42cd8ad8";
const OF_THE_SAME_TRACE: &str = "00-5759e988bd862e3fe1be46a994272793-00f067aa0ba902b7-01";
const OF_ANOTHER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

fn extract(headers: &[(&str, &str)]) -> Context {
    let mut context = Context::default();
    Xray.extract(&headers, &mut context);
    context
}

fn inject(context: &Context) -> Option<String> {
    let mut found = None;
    Xray.inject(context, &mut |name, value| {
        assert_eq!(name, HEADER);
        found = Some(value.to_owned());
    });
    found
}

/// What becomes of a header on its way through.
fn pass(header: &str) -> Option<String> {
    inject(&extract(&[(HEADER, header)]))
}

#[test]
fn pairs_are_read_in_any_order_with_blanks_and_names_in_any_case() {
    for header in [
        format!("{ROOT};{PARENT};Sampled=1"),
        format!("Sampled=1;{PARENT};{ROOT}"),
        format!(" {ROOT} ; {PARENT}\t;; Sampled = 1 ; "),
        "root=1-5759e988-bd862e3fe1be46a994272793;PARENT=53995c3f42cd8ad8;sAMPLED=1".to_owned(),
        "Root=1-5759E988-BD862E3FE1BE46A994272793;Parent=53995C3F42CD8AD8;Sampled=\t1".to_owned(),
        format!("Sampled=0;Root=;{ROOT};Sampled=1;Parent=0000000000000000;{PARENT}"),
    ] {
        assert_eq!(pass(&header), Some(format!("{ROOT};{PARENT};Sampled=1")), "{header}");
    }
}

#[test]
fn a_root_and_a_parent_are_the_trace_and_the_span_of_the_caller() {
    for (sampled, is_sampled, is_deferred) in
        [("1", true, false), ("0", false, false), ("?", false, true), ("yes", false, true)]
    {
        let context = extract(&[(HEADER, &format!("{ROOT};{PARENT};Sampled={sampled}"))]);
        assert_eq!(context.span.trace_id.to_string(), "5759e988bd862e3fe1be46a994272793");
        assert_eq!(context.span.span_id.to_string(), "53995c3f42cd8ad8");
        assert_eq!(context.span.flags.is_sampled(), is_sampled, "{sampled}");
        assert_eq!(context.is_deferred, is_deferred, "{sampled}");
        assert!(context.span.is_remote);
    }
}

#[test]
fn a_root_alone_is_a_trace_without_a_span() {
    for header in [ROOT.to_owned(), format!("Self=1-67891234-12456789abcdef012345678;{ROOT}")] {
        let context = extract(&[(HEADER, &header)]);
        assert_eq!(context.span.span_id, SpanId::INVALID);
        assert_eq!(context.span.trace_id.to_string(), "5759e988bd862e3fe1be46a994272793");
        assert!(context.is_deferred && !context.span.is_valid());
        assert_eq!(inject(&context).as_deref(), Some(ROOT));
    }
}

#[test]
fn without_a_root_the_decision_and_the_rest_stay_and_the_parent_does_not() {
    for root in ["", "Root=abc;", "Root=1-00000000-000000000000000000000000;"] {
        let context = extract(&[(HEADER, &format!("{root}{PARENT};Sampled=0;a=1"))]);
        assert_eq!((context.span, inject(&context)), (SpanContext::INVALID, None));
        let expected = XrayContext {
            sampled: Sampled::No,
            rest: Some("a=1".into()),
            ..XrayContext::default()
        };
        assert_eq!(context.xray, Some(expected), "{root}");
    }
}

#[test]
fn what_cannot_be_read_changes_nothing() {
    let mut context = Context::default();
    Composite::default().extract(&[("traceparent", OF_ANOTHER)].as_slice(), &mut context);
    let before = context.clone();
    for headers in [
        &[][..],
        &[(HEADER, "")],
        &[(HEADER, "some invalid string")],
        &[(HEADER, ";=;==;;Sampled=;Root=;Parent=;Self=;Lineage=")],
        &[(HEADER, "\u{e9}=1;a=\u{1f980};b=\u{7f}")],
    ] {
        Xray.extract(&headers, &mut context);
        assert_eq!(context, before, "{headers:?}");
    }
    Xray.extract(&[(HEADER, b"\xff=\xfe;\0".as_slice())].as_slice(), &mut context);
    assert_eq!(context, before);
}

#[test]
fn of_several_values_the_first_counts_whole_however_they_come() {
    let other = "Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent=00f067aa0ba902b7;Sampled=0";
    for first in [
        format!("{ROOT};{PARENT};Sampled=1"),
        format!("{ROOT};{PARENT}"),
        format!("{PARENT};{ROOT};a=b,c"),
        ROOT.to_owned(),
    ] {
        let expected = extract(&[(HEADER, &first)]);
        assert_eq!(expected.span.trace_id.to_string(), "5759e988bd862e3fe1be46a994272793");
        for second in [other, "Sampled=0", "own=1;Root=1-4bf92f35-77b34da6a3ce929d0e0e4736", &first]
        {
            assert_eq!(extract(&[(HEADER, &first), (HEADER, second)]), expected, "{second}");
            for comma in [",", ", ", " ,\t"] {
                let joined = format!("{first}{comma}{second}");
                assert_eq!(extract(&[(HEADER, &joined)]), expected, "{joined}");
            }
        }
    }
    // A comma alone separates nothing.
    let header = format!("{ROOT};a=b, c,;{PARENT};Sampled=1");
    assert_eq!(pass(&header), Some(format!("{ROOT};{PARENT};Sampled=1;a=b, c,")));
}

#[test]
fn pairs_of_others_are_passed_on_byte_for_byte_and_self_is_not() {
    let header = format!(
        "Self=2;Foo = b:a,r ;{ROOT};x=;\u{e9}=1;noise;foo=2;Lineage=a87bd80c:1|68fd508a:5;Foo=3"
    );
    let expected =
        format!("{ROOT};Sampled=?;Lineage=a87bd80c:1|68fd508a:5;Foo = b:a,r;x=;foo=2;Foo=3");
    assert_eq!(pass(&format!("{header};sampled=?")), Some(expected));
}

#[test]
fn a_lineage_of_either_form_is_passed_on_and_no_other() {
    for lineage in ["32767:e65a2c4d:255", "0:00000000:0", "a87bd80c:1", "a87bd80c:1|68fd508a:32767"]
    {
        let header = format!("{ROOT};Lineage={lineage}");
        assert_eq!(pass(&format!("lineage = {lineage}; {ROOT}")), Some(header));
    }
    for lineage in [
        "1::",
        "1",
        "",
        ":",
        "::",
        "|",
        "1:badc0de:13",
        ":fbadc0de:13",
        "1:fbadc0de:",
        "1::1",
        "65535:fbadc0de:255",
        "1:fbadc0de:256",
        "-213:e65a2c4d:255",
        "213:e65a2c4d:-22",
        "+1:e65a2c4d:1",
        "1:e65a2c4d:0001",
        "000001:e65a2c4d:1",
        "a87bd80c:1|",
        "a87bd80:1",
        "a87bd80c:1|1:e65a2c4d:1",
        "a87bd80g:1",
        "a87bd80c",
    ] {
        assert_eq!(pass(&format!("{ROOT};Lineage={lineage}")).as_deref(), Some(ROOT), "{lineage}");
    }
}

#[test]
fn a_header_has_256_bytes_at_most_and_whole_pairs() {
    let long = "x".repeat(100);
    let own = format!("{ROOT};{PARENT};Sampled=1;Lineage=1:e65a2c4d:2");
    let header = format!("a={long};b={long};c=1;{own};d={}", "y".repeat(9000));
    let sent = pass(&header);
    assert_eq!(sent, Some(format!("{own};a={long};c=1")));

    let room = 256 - ROOT.len() - ";a=".len();
    for (length, is_sent) in [(room, true), (room + 1, false)] {
        let pair = format!(";a={}", "z".repeat(length));
        let expected = if is_sent { format!("{ROOT}{pair}") } else { ROOT.to_owned() };
        assert_eq!(pass(&format!("{ROOT}{pair}")), Some(expected), "{length}");
    }
}

#[test]
fn what_was_put_into_the_rest_by_hand_does_not_break_the_header() {
    let rest = "a=1\r\n;Root=1-5;Sampled=1;b=2;\u{e9}=3;Lineage=x;Lineage=a87bd80c:1;Self=4";
    let xray = XrayContext { rest: Some(rest.into()), ..XrayContext::default() };
    let context = Context { xray: Some(xray), ..extract(&[(HEADER, &format!("{ROOT};{PARENT}"))]) };
    assert_eq!(inject(&context), Some(format!("{ROOT};Lineage=a87bd80c:1;b=2")));
}

#[test]
fn a_context_without_a_header_of_ours_is_written_from_its_span() {
    let written = |traceparent| {
        let mut context = Context::default();
        Composite::default().extract(&[("traceparent", traceparent)].as_slice(), &mut context);
        inject(&context)
    };
    assert_eq!(
        written(OF_THE_SAME_TRACE),
        Some(format!("{ROOT};Parent=00f067aa0ba902b7;Sampled=1"))
    );
    assert_eq!(
        written(OF_ANOTHER).as_deref(),
        Some("Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent=00f067aa0ba902b7;Sampled=0")
    );
    assert_eq!(inject(&Context::default()), None);
}

#[test]
fn going_out_the_segment_is_the_parent_and_not_the_span() {
    let mut context = extract(&[(HEADER, &format!("{ROOT};{PARENT};Sampled=0"))]);
    context.span = SpanContext::sampled(TraceId::from_u128(1), SpanId::from_u64(2));
    let expected = format!("Root=1-00000000-{:024x};{PARENT};Sampled=0", 1);
    assert_eq!(inject(&context), Some(expected));
}

fn by(setting: &str, headers: &[(&str, &str)]) -> Context {
    let mut context = Context::default();
    Composite::from_setting(setting).unwrap().extract(&headers, &mut context);
    context
}

#[test]
fn in_one_trace_spans_and_segments_have_each_their_parent() {
    for setting in ["tracecontext,xray", "xray,tracecontext"] {
        let headers = [
            ("traceparent", OF_THE_SAME_TRACE),
            ("tracestate", "a=1"),
            ("X-Amzn-Trace-Id", &format!("{ROOT};{PARENT};Sampled=?")),
        ];
        let context = by(setting, &headers);
        assert_eq!(context.span.span_id.to_string(), "00f067aa0ba902b7", "{setting}");
        assert!(context.span.flags.is_sampled() && !context.is_deferred);
        assert_eq!(context.trace_state.as_deref(), Some("a=1"));
        assert_eq!(context.overruled, None);
        let xray = context.xray.unwrap();
        assert_eq!(xray.parent_id.unwrap().to_string(), "53995c3f42cd8ad8");
        assert_eq!(xray.sampled, Sampled::Asked);
    }
}

#[test]
fn of_two_traces_that_of_this_header_goes_on_and_the_other_is_overruled() {
    for setting in ["tracecontext,xray", "xray,tracecontext", "xray,baggage,tracecontext"] {
        for (parent, span_id) in
            [(";Parent=53995c3f42cd8ad8", "53995c3f42cd8ad8"), ("", "0000000000000000")]
        {
            let headers = [
                ("traceparent", OF_ANOTHER),
                ("tracestate", "a=1"),
                ("x-amzn-trace-id", &format!("{ROOT}{parent}")),
            ];
            let context = by(setting, &headers);
            let trace_id = context.span.trace_id.to_string();
            assert_eq!(trace_id, "5759e988bd862e3fe1be46a994272793", "{setting}");
            assert_eq!(context.span.span_id.to_string(), span_id);
            assert!(context.is_deferred);
            let overruled = context.overruled.unwrap();
            assert_eq!(overruled.trace_id.to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
            assert_eq!(context.trace_state, None, "it belongs to the span that was overruled");
        }
    }
}

#[test]
fn a_span_that_is_read_later_leaves_nothing_of_the_decision_before() {
    let header = format!("{ROOT};{PARENT}");
    let mut context = by("tracecontext,xray", &[("traceparent", OF_ANOTHER), (HEADER, &header)]);
    assert!(context.is_deferred && context.overruled.is_some());
    Composite::default().extract(&[("traceparent", OF_ANOTHER)].as_slice(), &mut context);
    assert_eq!((context.is_deferred, context.overruled), (false, None));
}

#[test]
fn a_header_without_a_root_leaves_the_trace_of_the_other() {
    for setting in ["tracecontext,xray", "xray,tracecontext"] {
        for root in ["", "Root=1-bogus-bad;"] {
            let header = format!("{root}{PARENT};Sampled=1");
            let context = by(setting, &[("traceparent", OF_ANOTHER), (HEADER, &header)]);
            assert_eq!(context.span.trace_id.to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
            assert_eq!((context.overruled, context.is_deferred), (None, false));
            let xray = context.xray.unwrap();
            assert_eq!((xray.parent_id, xray.sampled), (None, Sampled::Yes));
        }
    }
}

#[test]
fn a_caller_is_answered_the_trace_and_what_was_decided() {
    let trace_id = TraceId::from_u128(0x5759_e988_bd86_2e3f_e1be_46a9_9427_2793);
    for (decision, expected) in [
        (Sampled::Unsaid, ROOT.to_owned()),
        (Sampled::Yes, format!("{ROOT};Sampled=1")),
        (Sampled::No, format!("{ROOT};Sampled=0")),
    ] {
        assert_eq!(Xray::answer(trace_id, decision), expected);
    }
}
