//! Logging and spans of `tracing` on a thread that ends.

use std::cell::RefCell;
use std::sync::{Arc, Mutex};

use spanwright::config::Environment;
use spanwright::record::{LogRecord, Processor};
use spanwright::{Config, Span};

use crate::Case;
use crate::support::{LONG, assert_ok};

pub(crate) const CASES: &[Case] = &[
    // https://github.com/tokio-rs/tracing/issues/3239
    Case {
        name: "destructors_of_a_thread_may_log_and_make_spans",
        run: |endpoint| {
            let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint), ("RUST_LOG", "trace")];
            let environment: Environment = variables.into_iter().collect();
            let config = Config::from_environment(&environment).expect("the variables are right");
            let logged = Logged::default();
            let telemetry =
                config.log_processor(logged.clone()).install().expect("nothing else is installed");
            std::thread::spawn(|| {
                // Values are destroyed in the reverse order of their first access.
                OLDEST.with_borrow(|_| ());
                let kept = tracing::info_span!("kept");
                OLDER.set(Some(Traced(Some(kept.clone()))));
                OLDEST.set(Some(Traced(Some(kept.clone()))));
                kept.in_scope(|| tracing::info!("at work"));
                Span::root("own").end();
                NEWER.set(Some(Traced(None)));
            })
            .join()
            .expect("the thread ends well");
            let report = telemetry.shutdown(LONG);
            assert!(report.in_time, "{report}");
            let logged = ["an event", RECORD].map(|message| logged.count(message));
            assert_eq!(logged, [3, 3], "each destructor logs both");
        },
        check: |sink, run| {
            assert_ok(run);
            let mut names: Vec<_> = sink.spans().concat().into_iter().map(|it| it.name).collect();
            names.sort_unstable();
            // The spans of `tracing` of the oldest value are left out.
            let expected = [&["below", "kept"][..], &["of ours"; 3], &["of tracing"; 2], &["own"]];
            assert_eq!(names, expected.concat());
        },
    },
];

/// Message of a record of the `log` crate.
const RECORD: &str = "a record";

/// Messages of the log.
#[derive(Clone, Debug, Default)]
struct Logged(Arc<Mutex<Vec<String>>>);

impl Logged {
    fn count(&self, message: &str) -> usize {
        let messages = self.0.lock().expect("no test panics with it");
        messages.iter().filter(|found| *found == message).count()
    }
}

impl Processor<LogRecord> for Logged {
    fn process(&self, records: &Arc<[LogRecord]>) {
        let messages = records.iter().map(|record| record.message.to_string());
        self.0.lock().expect("no test panics with it").extend(messages);
    }
}

thread_local! {
    static OLDEST: RefCell<Option<Traced>> = const { RefCell::new(None) };
    static OLDER: RefCell<Option<Traced>> = const { RefCell::new(None) };
    static NEWER: RefCell<Option<Traced>> = const { RefCell::new(None) };
}

/// A value whose destructor logs and makes spans.
struct Traced(Option<tracing::Span>);

impl Drop for Traced {
    fn drop(&mut self) {
        tracing::error!(error = "none", "an event");
        tracing_log::log::error!("{RECORD}");
        let span = tracing::info_span!("of tracing", n = tracing::field::Empty);
        span.record("n", 7);
        span.clone().in_scope(|| tracing::info!("an event in a span"));
        if let Some(kept) = &self.0 {
            kept.in_scope(|| tracing::info!("an event in an older span"));
            drop(tracing::info_span!(parent: &span, "below"));
            kept.follows_from(&span);
        }
        Span::root("of ours").end();
    }
}
