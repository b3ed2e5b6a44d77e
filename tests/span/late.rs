//! What is said about a span while it runs, here and elsewhere.

use std::sync::mpsc::channel;
use std::thread;

use spanwright::record::{Outcome, SpanKind, SpanRecord, Status, Value};
use spanwright::testing;
use spanwright::{Span, current, traced};

use super::{check, in_turn, only, value};

fn error(message: &'static str) -> Status {
    Status::Error { message: message.into() }
}

#[test]
fn name_kind_events_and_links_arrive() {
    let mut linked = None;
    let span = only(|| {
        let span = Span::build("first").kind(SpanKind::Producer).start();
        linked = Some(span.context());
        span.set_name("second").add_event("one", &[("n", &1)]).add_event("two", &[]);
        span.add_link(span.context(), &[("why", &"because")]);
    });
    assert_eq!((span.name.as_ref(), span.kind), ("second", SpanKind::Producer));
    let events: Vec<_> = span.events.iter().map(|event| event.name.as_ref()).collect();
    assert_eq!(events, ["one", "two"]);
    for event in &span.events {
        assert!((span.start_unix_ns..=span.end_unix_ns).contains(&event.unix_ns));
    }
    assert_eq!(Some(span.links[0].context), linked);
    assert_eq!(span.links[0].attributes[0].key, "why");
}

#[test]
fn what_another_thread_said_before_the_end_always_arrives() {
    const ROUNDS: usize = 2_000;
    let spans = testing::capture(|| {
        let (to_other, from_here) = channel::<spanwright::SpanRef>();
        let (to_here, from_other) = channel();
        thread::scope(|scope| {
            scope.spawn(move || {
                for span in from_here {
                    span.set_attribute("said", true);
                    to_here.send(()).expect("the test waits");
                }
            });
            for _ in 0..ROUNDS {
                let span = Span::new("work");
                to_other.send(*span).expect("the other thread listens");
                from_other.recv().expect("the other thread answers");
            }
            drop(to_other);
        });
    });
    let told = spans.iter().filter(|span| value(span, "said").is_some()).count();
    assert_eq!((spans.len(), told), (ROUNDS, ROUNDS));
}

#[test]
fn what_a_new_thread_said_before_the_end_always_arrives() {
    let spans = testing::capture(|| {
        for _ in 0..200 {
            let span = Span::new("work");
            let reference = *span;
            let say = move || _ = reference.set_attribute("said", true);
            thread::spawn(say).join().expect("the thread does not panic");
        }
    });
    assert!(spans.iter().all(|span| value(span, "said").is_some()));
}

#[test]
fn the_last_value_counts_whichever_thread_said_it() {
    for _ in 0..50 {
        let span = only(|| {
            let span = Span::new("work");
            // The ring of this thread is older than that of the other one, or younger.
            span.set_attribute("key", "first");
            let reference = *span;
            in_turn(
                || _ = span.set_attribute("key", "last"),
                || _ = reference.set_attribute("key", "other").add_event("there", &[]),
            );
            span.add_event("here", &[]);
            in_turn(|| {}, || _ = reference.set_attribute("other", "last"));
        });
        assert_eq!(value(&span, "key"), Some(&"last".into()));
        let events: Vec<_> = span.events.iter().map(|event| event.name.as_ref()).collect();
        assert_eq!(events, ["there", "here"]);
    }
}

#[test]
fn a_status_of_ok_is_final_and_unset_takes_nothing_back() {
    for (said, expected) in [
        (vec![Status::Ok, error("late")], Status::Ok),
        (vec![error("first"), error("second")], error("second")),
        (vec![error("first"), Status::Ok], Status::Ok),
        (vec![error("first"), Status::Unset], error("first")),
        (vec![Status::Ok, Status::Unset], Status::Ok),
        (vec![Status::Unset], Status::Unset),
    ] {
        let span = only(|| {
            let span = Span::new("work");
            for status in &said {
                span.set_status(status);
            }
        });
        assert_eq!(span.status, expected, "{said:?}");
    }
}

#[traced]
fn without_room(status: &Status) -> Result<(), String> {
    current().set_status(status);
    Err("ours".to_owned())
}

#[traced(fields(a = 1, b = 2, c = 3))]
fn with_room(status: &Status) -> Result<(), String> {
    current().set_status(status);
    Err("ours".to_owned())
}

#[test]
fn the_users_judgement_counts_more_than_the_result() {
    for status in [Status::Ok, error("theirs")] {
        for function in [without_room, with_room] {
            let span = only(|| drop(function(&status)));
            assert_eq!((span.status, span.outcome), (status.clone(), Outcome::Error));
        }
    }
    let span = only(|| drop(without_room(&Status::Unset)));
    assert_eq!(span.status, error("ours"));
}

#[traced(fields(number = 1), err(level = "warn"))]
fn fails_at_length() -> Result<(), String> {
    Err("a message that is longer than the room of the function's frame".to_owned())
}

#[test]
fn the_event_of_an_error_has_its_message_however_long() {
    let span = only(|| drop(fails_at_length()));
    let attributes = &span.events[0].attributes;
    let find = |key| attributes.iter().find(|it| it.key == key).map(|it| it.value.to_string());
    assert_eq!(find("exception.type"), None, "a text has no type");
    assert_eq!(
        find("exception.message").as_deref(),
        Some("a message that is longer than the room of the function's frame")
    );
}

#[test]
fn what_is_said_too_late_touches_no_other_span() {
    let spans = testing::capture(|| {
        let first = Span::new("first");
        let reference = *first;
        first.end();
        reference.set_attribute("late", 1).add_event("late", &[]);
        drop(Span::new("second"));
    });
    assert_eq!((spans.len(), spans[1].name.as_ref()), (2, "second"));
    assert!(spans[1].attributes.is_empty() && spans[1].events.is_empty());
}

#[test]
fn nothing_can_be_said_about_no_span() {
    check("", || {
        assert!(current().is_none() && !current().is_recording());
        current().set_attribute("key", 1).add_event("event", &[]).set_name("name");
    });
}

/// Calls `amend` with numbers from 0 until the amendments exceed the memory bound of pending ones.
fn amend_without_end(mut amend: impl FnMut(i64)) -> i64 {
    const ROUNDS: i64 = 40;
    const EACH: i64 = 4_000;
    for round in 0..ROUNDS {
        (0..EACH).for_each(|count| amend(round * EACH + count));
        // At its end every ring has been read, so none is full.
        testing::capture(|| {});
    }
    ROUNDS * EACH
}

/// Runs `amend` on a span beside another one, which must keep its late value; returns the span.
fn beside_another(amend: impl FnOnce(&Span)) -> SpanRecord {
    let spans = testing::capture(|| {
        let other = Span::new("other");
        other.set_attribute("user", "ada");
        amend(&Span::new("amended"));
    });
    let [amended, other] = &*spans else { panic!("{}", testing::tree(&spans)) };
    assert_eq!(value(other, "user"), Some(&"ada".into()));
    amended.clone()
}

// https://github.com/tokio-rs/tracing/issues/2334
#[test]
fn values_recorded_without_end_take_no_room_from_others() {
    let mut count = 0;
    let session = beside_another(|session| {
        session.set_attribute("user", "bob");
        count = amend_without_end(|count| _ = session.set_attribute("count", count));
    });
    assert_eq!(value(&session, "user"), Some(&"bob".into()));
    assert_eq!(value(&session, "count"), Some(&(count - 1).into()));
    assert_eq!((session.attributes.len(), session.dropped.attributes), (2, 0));
}

// https://github.com/tokio-rs/tracing/issues/2500
#[test]
fn events_without_end_take_no_room_from_others() {
    let mut count = 0;
    let connection = beside_another(|connection| {
        count = amend_without_end(|count| _ = connection.add_event("frame", &[("n", &count)]));
    });
    let numbers: Vec<_> =
        connection.events.iter().map(|it| it.attributes[0].value.clone()).collect();
    assert_eq!(numbers, (0..128).map(Value::I64).collect::<Vec<_>>(), "the first ones stay");
    assert_eq!(i64::from(connection.dropped.events), count - 128);
}

#[test]
fn keys_without_end_take_no_room_from_others() {
    let mut count = 0;
    let batch = beside_another(|batch| {
        let mut set = |count| _ = batch.set_attribute(format!("item.{count}"), count);
        count = amend_without_end(&mut set);
        set(0);
    });
    let keys: Vec<_> = batch.attributes.iter().map(|it| it.key.to_string()).collect();
    let expected: Vec<_> = (0..128).map(|count| format!("item.{count}")).collect();
    assert_eq!(keys, expected, "the first ones stay");
    assert_eq!(i64::from(batch.dropped.attributes), count - 128);
}

#[test]
fn names_and_status_without_end_take_no_room_from_others() {
    let mut count = 0;
    let session = beside_another(|session| {
        session.set_attribute("first", 1);
        count = amend_without_end(|count| {
            session.set_name(&count.to_string()).set_status(&error("again"));
        });
        session.set_attribute("second", 2);
    });
    assert_eq!(
        (session.name.to_string(), &session.status),
        ((count - 1).to_string(), &error("again"))
    );
    let keys: Vec<_> = session.attributes.iter().map(|it| it.key.as_ref()).collect();
    assert_eq!(keys, ["first", "second"]);
}
