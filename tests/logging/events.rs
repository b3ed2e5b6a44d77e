//! What an event becomes.

use std::fmt;
use std::sync::mpsc;

use spanwright::record::{Level, Value};
use spanwright::testing::{Capture, capture_logs};
use spanwright::{Span, SpanRef, traced};
use tracing::{debug, error, info, warn};

use crate::{messages, value};

#[test]
fn an_event_keeps_its_words_its_types_and_its_place() {
    let line = line!() + 2;
    let logs = capture_logs(|| {
        info!(
            user = 7_u64,
            ratio = 0.5,
            is_new = true,
            name = "ada",
            big = u64::MAX,
            "signed {}",
            "in"
        );
    });
    let [record] = &*logs else { panic!("expected one event, found {logs:?}") };
    assert_eq!((record.level, &*record.message), (Level::Info, "signed in"));
    assert_eq!((&*record.target, record.line), (module_path!(), Some(line)));
    assert!(record.file.as_deref().is_some_and(|file| file.ends_with("logging/events.rs")));
    let expected = [
        ("user", Value::I64(7)),
        ("ratio", Value::F64(0.5)),
        ("is_new", Value::Bool(true)),
        ("name", Value::from("ada")),
        ("big", Value::from(u64::MAX.to_string())),
    ];
    let found: Vec<_> = record.attributes.iter().map(|it| (&*it.key, it.value.clone())).collect();
    assert_eq!(found, expected);
    assert_eq!((record.span, &record.user), (None, &None));
}

#[test]
fn every_level_arrives_as_itself_and_a_target_by_hand_counts() {
    let logs = capture_logs(|| {
        error!("1");
        warn!("2");
        info!(target: "billing", "3");
        debug!("4");
        tracing::trace!("5");
    });
    let levels: Vec<_> = logs.iter().map(|record| record.level).collect();
    assert_eq!(levels, [Level::Error, Level::Warn, Level::Info, Level::Debug, Level::Trace]);
    assert_eq!(logs[2].target, "billing");
}

#[test]
fn an_event_belongs_to_the_innermost_span_of_ours_and_to_its_trace() {
    #[traced]
    fn inner() {
        info!("inside");
    }
    let captured = Capture::default().run_all(|| {
        let outer = Span::new("outer");
        outer.in_scope(inner);
        info!("outside");
    });
    let [inside, outside] = &*captured.logs else { panic!("expected two events") };
    let span = captured.spans.iter().find(|span| span.name == "inner").expect("it was traced");
    assert_eq!(inside.span, Some(span.context));
    assert_eq!(outside.span, None);
}

#[test]
fn an_event_in_a_trace_that_is_not_sampled_still_names_it() {
    use spanwright::sample::Sampler;
    let captured = Capture::default().sampler(Sampler::AlwaysOff).run_all(|| {
        Span::new("request").in_scope(|| info!("unseen"));
    });
    assert!(captured.spans.is_empty());
    let span = captured.logs[0].span.expect("the trace has an id");
    assert!(span.is_valid() && !span.flags.is_sampled());
}

#[test]
fn an_event_knows_the_user_of_its_request_from_when_it_is_known() {
    let logs = capture_logs(|| {
        let request = Span::new("request");
        request.in_scope(|| {
            spanwright::set_user("ada");
            info!("known");
        });
        request.end();
        Span::new("other").in_scope(|| info!("not known"));
    });
    let users: Vec<_> = logs.iter().map(|record| record.user.as_deref()).collect();
    assert_eq!(users, [Some("ada"), None]);
}

#[test]
fn an_event_without_a_message_says_what_its_fields_say() {
    let logs = capture_logs(|| info!(left = 3));
    assert_eq!((&*logs[0].message, value(&logs[0], "left")), ("", Some(&Value::I64(3))));
}

#[test]
fn an_error_is_told_with_what_caused_it() {
    #[derive(Debug)]
    struct Outer(std::num::ParseIntError);
    impl fmt::Display for Outer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("no number")
        }
    }
    impl std::error::Error for Outer {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }
    let failure = Outer("x".parse::<u8>().unwrap_err());
    let logs = capture_logs(|| error!(error = &failure as &dyn std::error::Error, "failed"));
    let expected = Value::from("no number: invalid digit found in string");
    assert_eq!(value(&logs[0], "error"), Some(&expected));
}

#[test]
fn an_error_whose_sources_are_a_ring_or_that_fails_to_format_is_told_as_far_as_it_goes() {
    #[derive(Debug)]
    struct Ring;
    impl fmt::Display for Ring {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("round")?;
            Err(fmt::Error)
        }
    }
    impl std::error::Error for Ring {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&Self)
        }
    }
    let captured = Capture::default().run_all(|| {
        let error: &dyn std::error::Error = &Ring;
        error!(error, "failed");
        drop(tracing::info_span!("step", error));
    });
    assert_eq!(value(&captured.logs[0], "error"), Some(&Value::from("round")));
    assert_eq!(spanwright::testing::tree(&captured.spans), "step error=round\n");
}

#[test]
fn a_long_text_arrives_whole_and_one_beyond_a_mebibyte_is_cut_between_characters() {
    let long = "ü".repeat(200_000);
    let longer = "ü".repeat(1_000_000);
    let logs = capture_logs(|| {
        info!(text = %long, "{long}");
        info!("{longer}");
    });
    assert_eq!(logs[0].message, long);
    assert_eq!(value(&logs[0], "text"), Some(&Value::from(long)));
    assert_eq!(logs[1].message, "ü".repeat(512 * 1024));
}

#[test]
fn a_burst_that_no_ring_holds_arrives_whole() {
    let mut logs = capture_logs(|| {
        for number in 0..20_000 {
            info!(number, "one of many, with a text that takes some room in a ring");
        }
    });
    logs.sort_by_key(|record| record.id);
    let numbers: Vec<_> = logs.iter().map(|record| value(record, "number").cloned()).collect();
    assert!(numbers.into_iter().eq((0..20_000).map(|number| Some(Value::I64(number)))));
}

#[test]
fn events_of_several_threads_come_in_the_order_of_their_times() {
    let (turn, wait) = mpsc::channel();
    let (back, done) = mpsc::channel();
    let logs = capture_logs(|| {
        let subscriber = tracing::dispatcher::get_default(Clone::clone);
        // Its trace leads to the capture from any thread.
        let span = Span::new("request");
        let other = std::thread::spawn(span.carry(move || {
            tracing::dispatcher::with_default(&subscriber, || {
                for number in [2, 4] {
                    wait.recv().unwrap();
                    info!("{number}");
                    back.send(()).unwrap();
                }
            });
        }));
        for number in [1, 3] {
            info!("{number}");
            turn.send(()).unwrap();
            done.recv().unwrap();
        }
        other.join().unwrap();
    });
    assert_eq!(messages(&logs), ["1", "2", "3", "4"]);
}

#[test]
fn a_value_that_panics_or_fails_costs_its_text_alone() {
    struct Bad;
    impl fmt::Debug for Bad {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("on purpose")
        }
    }
    struct Failing;
    impl fmt::Display for Failing {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("half")?;
            Err(fmt::Error)
        }
    }
    let logs = capture_logs(|| info!(bad = ?Bad, failing = %Failing, after = 1, "goes on"));
    assert_eq!(value(&logs[0], "bad"), Some(&Value::from("(formatting it panicked)")));
    assert_eq!(value(&logs[0], "failing"), Some(&Value::from("half")));
    assert_eq!((value(&logs[0], "after"), &*logs[0].message), (Some(&Value::I64(1)), "goes on"));
}

#[test]
fn a_value_that_logs_and_traces_while_it_is_formatted_is_told_all_the_same() {
    struct Talkative;
    impl fmt::Debug for Talkative {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            info!("tracing itself leaves this one out, where the subscriber is that of the thread");
            drop(Span::new("inner"));
            f.write_str("talkative")
        }
    }
    let captured = Capture::default().run_all(|| info!(value = ?Talkative, "outer"));
    assert_eq!(messages(&captured.logs), ["outer"]);
    assert_eq!(value(&captured.logs[0], "value"), Some(&Value::from("talkative")));
    assert_eq!(captured.spans[0].name, "inner");
}

#[test]
fn records_of_the_log_crate_come_with_their_own_target_and_place() {
    let logs = capture_logs(|| {
        let record = tracing_log::log::Record::builder()
            .args(format_args!("from an old library"))
            .level(tracing_log::log::Level::Warn)
            .target("old::library")
            .module_path(Some("old::library"))
            .file(Some("old.rs"))
            .line(Some(12))
            .build();
        tracing_log::format_trace(&record).unwrap();
    });
    let [record] = &*logs else { panic!("expected one event, found {logs:?}") };
    assert_eq!((&*record.message, record.level), ("from an old library", Level::Warn));
    assert_eq!((&*record.target, record.line), ("old::library", Some(12)));
    assert_eq!((record.file.as_deref(), record.attributes.len()), (Some("old.rs"), 0));
}

#[test]
fn nothing_is_taken_where_telemetry_is_muted_or_of_threads_of_ours() {
    let logs = capture_logs(|| {
        SpanRef::MUTED.in_scope(|| info!("muted"));
        let subscriber = tracing::dispatcher::get_default(Clone::clone);
        let span = Span::new("request");
        let ours = std::thread::spawn(span.carry(move || {
            spanwright::diagnostics::suppress_thread();
            tracing::dispatcher::with_default(&subscriber, || info!("ours"));
        }));
        ours.join().unwrap();
        info!("theirs");
    });
    assert_eq!(messages(&logs), ["theirs"]);
}

#[test]
fn spans_are_told_of_events_up_to_the_level_that_is_set() {
    let events = |level| {
        let captured = Capture::default().span_events(level).run_all(|| {
            Span::new("request").in_scope(|| {
                warn!(left = 3, "running low");
                debug!("details");
            });
        });
        assert_eq!(captured.logs.len(), 2);
        captured.spans[0].events.clone()
    };
    let names = |level| events(level).into_iter().map(|event| event.name).collect::<Vec<_>>();
    assert_eq!(names(None), Vec::<String>::new());
    assert_eq!(names(Some(Level::Info)), ["running low"]);
    assert_eq!(names(Some(Level::Debug)), ["running low", "details"]);
    let event = &events(Some(Level::Info))[0];
    let found: Vec<_> =
        event.attributes.iter().map(|it| (&*it.key, it.value.to_string())).collect();
    let target = ("target", module_path!().to_owned());
    assert_eq!(found, [("level", "warn".to_owned()), target, ("left", "3".to_owned())]);
}

#[test]
fn an_event_names_the_parent_it_was_given() {
    let captured = Capture::default().run_all(|| {
        let given = tracing::info_span!("given");
        Span::new("current").in_scope(|| {
            info!(parent: &given, "of the given one");
            info!(parent: None, "of none");
        });
    });
    let given = captured.spans.iter().find(|span| span.name == "given").expect("it has ended");
    assert_eq!(captured.logs[0].span, Some(given.context));
    assert_eq!(captured.logs[1].span, None);
}

#[test]
fn ids_of_events_are_unique_and_in_the_order_of_their_times() {
    let logs = capture_logs(|| (0..1_000).for_each(|_| info!("again")));
    assert!(logs.windows(2).all(|pair| pair[0].id < pair[1].id));
}

#[test]
fn a_burst_of_events_takes_no_room_from_the_spans_around_them() {
    let captured = Capture::default().span_events(None).run_all(|| {
        for _ in 0..500 {
            Span::new("round").in_scope(|| (0..40).for_each(|number| info!(number, "one of many")));
        }
    });
    assert_eq!((captured.spans.len(), captured.logs.len()), (500, 20_000));
}

// https://github.com/tokio-rs/tracing/issues/3195
#[test]
fn a_field_that_comes_twice_keeps_its_last_value() {
    let long = "x".repeat(300_000);
    let logs = capture_logs(|| {
        info!(a = "first", b = 1, a = %long, message = "detail", b = 2, "said");
        info!(message = "only", "");
        info!(message = %long, "said");
    });
    let [twice, only, two] = &*logs else { panic!("expected three events, found {logs:?}") };
    let mut keys: Vec<_> = twice.attributes.iter().map(|it| &*it.key).collect();
    keys.sort_unstable();
    assert_eq!((keys, &*twice.message), (vec!["a", "b", "message"], "said"));
    assert_eq!(value(twice, "a"), Some(&Value::from(long.clone())));
    assert_eq!(value(twice, "b"), Some(&Value::I64(2)));
    assert_eq!(value(twice, "message"), Some(&Value::from("detail")));
    assert_eq!((&*only.message, only.attributes.len()), ("only", 0));
    assert_eq!((&*two.message, value(two, "message")), ("said", Some(&Value::from(long))));
}

// https://github.com/tokio-rs/tracing/issues/1423
#[test]
fn a_field_named_like_a_keyword_has_its_plain_name() {
    let captured = Capture::default().run_all(|| {
        tracing::info_span!("move", r#type = "truck").in_scope(|| info!(r#loop = 1, "turns"));
    });
    assert_eq!(captured.logs[0].attributes[0].key, "loop");
    assert_eq!(captured.spans[0].attributes[0].key, "type");
}
