//! The log of a process that has a subscriber of its own, with our layer among others.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use spanwright::config::Environment;
use spanwright::record::{LogRecord, Processor};
use spanwright::{Config, Span};
use tracing::field::Field;
use tracing::{Event, Subscriber, info};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

/// Keeps what events say.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<String>>>);

impl Processor<LogRecord> for Memory {
    fn process(&self, records: &Arc<[LogRecord]>) {
        let messages = records.iter().map(|record| record.message.to_string());
        self.0.lock().expect("nobody panics while holding it").extend(messages);
    }
}

impl<S: Subscriber> Layer<S> for Memory {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut messages = self.0.lock().expect("nobody panics while holding it");
        event.record(&mut |field: &Field, value: &dyn std::fmt::Debug| {
            if field.name() == "message" {
                messages.push(format!("{value:?}"));
            }
        });
    }
}

#[test]
fn a_subscriber_that_is_there_stays_and_events_reach_it_and_us_once() {
    let (theirs, ours) = (Memory::default(), Memory::default());
    let subscriber =
        tracing_subscriber::registry().with(theirs.clone()).with(spanwright::logging::layer());
    tracing::subscriber::set_global_default(subscriber).expect("it is the first");
    let telemetry = Config::from_environment(&Environment::default())
        .expect("there is nothing to misread")
        .log_processor(ours.clone())
        .install()
        .expect("nothing else is installed");
    let detail = "in more detail than is taken where there is no other subscriber";
    info!("of tracing");
    tracing_log::log::warn!("of log");
    tracing_log::log::debug!("{detail}");
    Span::new("request").in_scope(|| info!("in a span of ours"));
    assert!(telemetry.shutdown(Duration::from_secs(20)).in_time);
    let expected = ["of tracing", "of log", detail, "in a span of ours"];
    for memory in [theirs, ours] {
        assert_eq!(*memory.0.lock().expect("nobody panics while holding it"), expected);
    }
}
