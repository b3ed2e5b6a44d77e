//! What belongs to a request as a whole.

use std::collections::HashMap;

use spanwright::propagate::Context;
use spanwright::record::{Level, SpanKind};
use spanwright::sample::Sampler;
use spanwright::span::{baggage, change_baggage};
use spanwright::testing::{self, Capture};
use spanwright::{Span, set_user, traced};

use super::{assert_tree, block_on, check};

#[traced]
fn leaf() {}

#[traced(fields(user.id = "of its own"))]
fn with_user() {}

#[test]
fn the_user_is_on_the_request_and_on_every_span_below_it() {
    let expected = "request user.id=andrewbrown\n  leaf user.id=andrewbrown\n  \
                    with_user user.id=of its own\n  leaf user.id=andrewbrown\nother\n  leaf\n";
    check(expected, || {
        Span::new("request").in_scope(|| {
            leaf();
            with_user();
            leaf();
            set_user("andrewbrown");
        });
        Span::new("other").in_scope(leaf);
    });
}

#[traced(kind = "consumer")]
fn job(user: &'static str) {
    change_baggage(|baggage| baggage.insert(user, "1").expect("it fits"));
    set_user(user);
    leaf();
}

#[traced(kind = "consumer")]
async fn job_later(user: &'static str) {
    job_of(user);
}

fn job_of(user: &'static str) {
    change_baggage(|baggage| baggage.insert(user, "1").expect("it fits"));
    set_user(user);
    leaf();
}

fn jobs() {
    change_baggage(|baggage| baggage.insert("outer", "1").expect("it fits"));
    job("first");
    block_on(job_later("second"));
    let third = Span::build("third").kind(SpanKind::Consumer).start();
    third.in_scope(|| {
        assert_eq!((baggage().len(), baggage().get("outer").is_some()), (1, true));
        job_of("third");
    });
    drop(third);
    leaf();
    assert_eq!((baggage().len(), baggage().get("outer").is_some()), (1, true));
}

#[test]
fn each_message_that_one_loop_takes_has_a_user_of_its_own() {
    let expected = "loop\n  job [Consumer] user.id=first\n    leaf user.id=first\n  \
                    job_later [Consumer] user.id=second\n    leaf user.id=second\n  \
                    third [Consumer] user.id=third\n    leaf user.id=third\n  leaf\n";
    check(expected, || Span::new("loop").in_scope(jobs));
    let unsampled = Capture::default().sampler(Sampler::AlwaysOff);
    unsampled.run(|| Span::new("loop").in_scope(jobs));
}

#[traced(level = "warn")]
fn outer() {
    inner();
}

#[traced(level = "warn")]
fn inner() {
    let incoming = Context::default();
    let quiet = Span::build("quiet").kind(SpanKind::Consumer).incoming(&incoming).start();
    quiet.in_scope(|| set_user("a"));
}

#[test]
fn what_is_said_in_a_message_that_nobody_takes_belongs_to_the_request_around_it() {
    let ((), spans) = Capture::default().level(Level::Warn).run(outer);
    assert_tree("outer user.id=a\n  inner user.id=a\n", &spans);
}

#[test]
fn a_message_belongs_to_the_user_around_it_until_it_has_one() {
    check("request user.id=a\n  third [Consumer] user.id=a\n", || {
        Span::new("request").in_scope(|| {
            set_user("a");
            drop(Span::build("third").kind(SpanKind::Consumer).start());
        });
    });
}

#[test]
fn the_last_user_counts_wherever_it_is_said() {
    check("request user.id=second\n  below user.id=second\n", || {
        let request = Span::new("request");
        request.in_scope(|| {
            set_user("first");
            Span::new("below").in_scope(|| set_user("second"));
        });
    });
}

#[test]
fn without_a_span_there_is_no_user_and_no_baggage() {
    check("leaf\n", || {
        set_user("nobody");
        change_baggage(|baggage| _ = baggage.insert("key", "value"));
        assert!(baggage().is_empty());
        leaf();
    });
}

#[test]
fn baggage_belongs_to_its_request_and_goes_with_it() {
    for sampler in [Sampler::AlwaysOn, Sampler::AlwaysOff] {
        Capture::default().sampler(sampler).run(|| {
            let first = Span::new("first");
            first.in_scope(|| {
                change_baggage(|baggage| baggage.insert("key", "value").expect("it fits"));
                let below = Span::new("below");
                below.in_scope(|| assert_eq!(baggage().get("key").as_deref(), Some("value")));
            });
            Span::new("second").in_scope(|| assert!(baggage().is_empty()));
        });
    }
}

/// The headers of a call made now.
fn headers() -> Vec<(String, String)> {
    let mut headers = Vec::new();
    spanwright::inject(|name, value| headers.push((name.to_owned(), value.to_owned())));
    headers
}

/// The span id of a call.
fn own_id(headers: &[(String, String)]) -> String {
    headers[0].1.split('-').nth(2).expect("a traceparent").to_owned()
}

const CALLER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331";

#[test]
fn a_trace_continued_by_hand_keeps_its_trace_state_and_baggage() {
    for (flags, is_sampled) in [("01", true), ("00", false)] {
        let traceparent = format!("{CALLER}-{flags}");
        let came = [("traceparent", &*traceparent), ("tracestate", "a=1,b=2"), ("baggage", "k=v")];
        let sampler = Sampler::default();
        let (ended, spans) = Capture::default().sampler(sampler).run(|| {
            let _outer = Span::new("outer").entered();
            change_baggage(|baggage| baggage.insert("outer", "1").expect("it fits"));
            let incoming = spanwright::extract(&came.as_slice());
            let span = Span::build("inner").incoming(&incoming).start();
            let own = span.context();
            let goes = span.in_scope(headers);
            // A call in an unsampled request has an id of its own.
            let span_id = if is_sampled { own.span_id.to_string() } else { own_id(&goes) };
            let expected = format!("00-0af7651916cd43dd8448eb211c80319c-{span_id}-{flags}");
            let expected = [("traceparent", &*expected), came[1], came[2]];
            assert!(goes.iter().map(|(name, value)| (&**name, &**value)).eq(expected), "{goes:?}");
            let ended = *span;
            drop(span);
            assert_eq!(baggage().get("outer").as_deref(), Some("1"));
            assert_eq!(baggage().len(), 1);
            ended
        });
        let inner = spans.iter().find(|span| span.name == "inner");
        assert_eq!(inner.is_some(), is_sampled);
        if let Some(inner) = inner {
            assert_eq!(inner.trace_state.as_deref(), Some("a=1,b=2"));
            assert!(inner.parent_is_remote);
        }
        ended.in_scope(|| assert!(baggage().is_empty(), "the request is over"));
    }
}

#[test]
fn what_came_without_a_span_stays_with_the_span_it_came_to() {
    check("outer\n  inner [Consumer]\n", || {
        Span::new("outer").in_scope(|| {
            let incoming = spanwright::extract(&[("baggage", "k=v")].as_slice());
            let span = Span::build("inner").kind(SpanKind::Consumer).incoming(&incoming).start();
            span.in_scope(|| assert_eq!(baggage().get("k").as_deref(), Some("v")));
            assert!(baggage().is_empty());
        });
    });
}

#[test]
fn baggage_may_be_read_while_it_is_changed() {
    testing::capture(|| {
        Span::new("request").in_scope(|| {
            change_baggage(|changed| {
                set_user("andrewbrown");
                changed.insert("known", &baggage().len().to_string()).expect("it fits");
            });
            assert_eq!(baggage().get("known").as_deref(), Some("0"));
        });
    });
}

#[test]
fn requests_that_nobody_closes_do_not_keep_others_from_their_users() {
    let spans = testing::capture(|| {
        let forgotten: Vec<_> = (0..70_000)
            .map(|_| {
                let span = Span::new("open");
                span.in_scope(|| set_user("nobody"));
                span
            })
            .collect();
        Span::new("request").in_scope(|| set_user("andrewbrown"));
        std::mem::forget(forgotten);
    });
    assert_tree("request user.id=andrewbrown\n", &spans);
}

#[test]
fn a_context_travels_in_a_map_of_texts() {
    let (headers, spans) = Capture::default().run(|| {
        Span::new("call").in_scope(|| {
            change_baggage(|baggage| baggage.insert("tenant", "acme").expect("it fits"));
            let mut headers = HashMap::new();
            spanwright::inject_into(&mut headers);
            headers
        })
    });
    let (context, _) = Capture::default().run(|| spanwright::extract(&headers));
    assert_eq!(context.span.span_id, spans[0].context.span_id);
    assert_eq!(context.baggage.get("tenant").as_deref(), Some("acme"));
}
