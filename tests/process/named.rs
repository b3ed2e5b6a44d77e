//! Every kind of code of the application that telemetry calls: a panic in it reaches neither the
//! caller nor a thread of ours, and the diagnostic names the code.

use std::error::Error;
use std::fmt;
use std::ops::Deref;
use std::process::Output;
use std::sync::{Arc, LazyLock};

use ::support::otlp_sink::OtlpSink;
use ::support::xray_daemon::XrayDaemon;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use spanwright::opentelemetry::Destination;
use spanwright::propagate::{Carrier, Composite, Context, Propagator};
use spanwright::record::{ErrorRecord, LogRecord, Processor, Severity, SpanRecord};
use spanwright::report::Edit;
use spanwright::sample::{Decide, Decision, Input, Sampler};
use spanwright::span::{Fallible, Parent, Split};
use spanwright::{
    ClassifyError, Config, ErrorClass, Sink, Span, ToAttribute, record, report_error,
    report_errors, report_message, traced, xray, xray_subsegment,
};

use crate::support::{LONG, assert_ok, config, in_child};

/// One kind of code.
struct Row {
    /// The words of the diagnostic.
    name: &'static str,
    config: fn(Config) -> Config,
    run: fn(),
}

const fn row(name: &'static str, run: fn()) -> Row {
    Row { name, config: |config| config, run }
}

/// Runs each kind in a process of its own, since diagnostics are at most one a minute.
pub(super) fn run(endpoint: &str) {
    crate::panics::quiet();
    for Row { name, config: change, run } in ROWS {
        in_child(|| {
            let config = config(endpoint).error_processor(Ignore);
            let config = config.change_logging(|logging| logging.has_subscriber = true);
            let telemetry = change(config).install().expect("nothing else is installed");
            run();
            assert!(telemetry.shutdown(LONG).in_time, "{name}");
        });
    }
}

pub(super) fn check(_: &OtlpSink, run: &Output) {
    assert_ok(run);
    let printed = String::from_utf8_lossy(&run.stderr);
    let missing: Vec<_> =
        ROWS.iter().map(|row| row.name).filter(|name| !printed.contains(name)).collect();
    assert!(missing.is_empty(), "{missing:#?} in\n{printed}");
}

const ROWS: &[Row] = &[
    Row {
        name: "sampler `process::named::Broken` panicked",
        config: |config| config.sampler(Sampler::Custom(Arc::new(Broken))),
        run: || drop(Span::root("work")),
    },
    Row {
        name: "propagator `process::named::Broken` panicked",
        config: |config| config.propagator(Composite::new(vec![Arc::new(Broken)])),
        run: || {
            Span::root("work").in_scope(|| spanwright::inject(|_, _| {}));
            let _ = spanwright::extract(&&[("a", "b")][..]);
        },
    },
    Row {
        name: "processor `process::named::Broken` panicked",
        config: |config| config.processor(Broken),
        run: || drop(Span::root("work")),
    },
    Row {
        name: "log processor `process::named::Broken` panicked",
        config: |config| config.log_processor(Broken),
        run: || tracing::info!("an event of the log"),
    },
    Row {
        name: "error processor `process::named::Broken` panicked",
        config: |config| config.error_processor(Broken),
        run: report,
    },
    Row {
        name: "`edit` of error reports panicked",
        config: |config| {
            config.change_reports(|reports| reports.edit = Some(Edit::new(|_| fail())))
        },
        run: report,
    },
    Row {
        name: "exporter `broken` panicked",
        config: |config| config.exporter(Destination::new(Broken).named("broken")),
        run: || drop(Span::root("work")),
    },
    row("attribute `typed` of `annotated` panicked", || {
        #[traced(fields(whole = 1, typed = Broken))]
        fn annotated() {}
        annotated();
    }),
    row("attribute `shown` of `annotated` panicked", || {
        #[traced(fields(whole = 1, shown = %Broken))]
        fn annotated() {}
        annotated();
    }),
    row("attribute `debugged` of `annotated` panicked", || {
        #[traced(fields(whole = 1, debugged = ?Broken))]
        fn annotated() {}
        annotated();
    }),
    row("attribute `hidden` of `annotated` panicked", || {
        #[traced(fields(#[redact(hash)] hidden = Broken))]
        fn annotated() {}
        annotated();
    }),
    row("attribute `computed` of `annotated` panicked", || {
        #[traced(fields(computed = number(), whole = 1))]
        fn annotated() {}
        annotated();
    }),
    row("attribute `lazy` of `annotated` panicked", || {
        #[traced(fields(lazy = LAZY.0))]
        fn annotated() {}
        annotated();
    }),
    row("attribute `nested` of `annotated` panicked", || {
        #[traced(fields(nested = nested.lazy.0))]
        fn annotated(nested: &Nested) {}
        annotated(&Nested { lazy: LazyLock::new(|| fail()) });
    }),
    row("attribute `conditional` of `annotated` panicked", || {
        #[traced(fields(#[when(number() > 0)] conditional = 1))]
        fn annotated() {}
        annotated();
    }),
    row("attribute `judged` of `annotated` panicked", || {
        #[traced(ok(fields(judged = *ok + number())))]
        fn annotated() -> Result<i64, String> {
            Ok(1)
        }
        assert_eq!(annotated(), Ok(1));
    }),
    row("attribute `return` of `annotated` panicked", || {
        #[traced(ret)]
        fn annotated() -> Broken {
            Broken
        }
        annotated();
    }),
    row("attribute `file` of `annotated` panicked", || {
        #[report_errors(custom(file = number()))]
        fn annotated() -> Result<(), String> {
            Err("refused".into())
        }
        assert!(annotated().is_err());
    }),
    row("attribute `late` at ", || {
        Span::root("work").in_scope(|| record!(late = number()));
    }),
    row("attribute `by_hand` panicked", || {
        Span::root("work").set_attribute("by_hand", Broken);
    }),
    row("key of an attribute panicked", || {
        Span::root("work").set_attribute(Broken, 1);
    }),
    row("attribute `of_event` of an event or a link panicked", || {
        Span::root("work").add_event("event", &[("of_event", &Broken)]);
    }),
    row("`parent` of `annotated` panicked", || {
        #[traced(parent = BROKEN)]
        fn annotated() {}
        annotated();
    }),
    row("`parent` of `annotated_later` panicked", || {
        #[traced(parent = BROKEN)]
        async fn annotated_later() -> u32 {
            7
        }
        assert_eq!(block_on(annotated_later()), 7);
    }),
    row("`enabled` of `annotated` panicked", || {
        #[traced(enabled = number() > 0)]
        fn annotated() {}
        annotated();
    }),
    row("`Fallible::split` of `process::named::Answer` panicked", || {
        #[traced]
        fn annotated() -> Answer {
            Answer
        }
        annotated();
    }),
    row("`ClassifyError::error_class` of `process::named::Classless` panicked", || {
        #[traced]
        fn annotated() -> Result<(), Classless> {
            Err(Classless)
        }
        assert!(annotated().is_err());
    }),
    Row {
        name: "`class` for `process::named::Plain` panicked",
        config: with_segments,
        run: || {
            #[xray_subsegment(class = |_| fail())]
            fn annotated() -> Result<(), Plain> {
                Err(Plain)
            }
            let request = Span::build("request").segment().start();
            request.in_scope(|| assert!(annotated().is_err()));
        },
    },
    Row {
        name: "attribute `value` of `annotated` panicked",
        config: with_segments,
        run: || {
            #[xray_subsegment(metadata(value = ?Broken))]
            fn annotated() {}
            Span::build("request").segment().start().in_scope(annotated);
        },
    },
    row("`when` or `ignore` for `process::named::Plain` panicked", || {
        #[report_errors(when = |_| fail())]
        fn annotated() -> Result<(), Plain> {
            Err(Plain)
        }
        assert!(annotated().is_err());
    }),
    row("`level` for `process::named::Plain` panicked", || {
        #[report_errors(level = |_| fail())]
        fn annotated() -> Result<(), Plain> {
            Err(Plain)
        }
        assert!(annotated().is_err());
    }),
    row("`Display` or `source` of `process::named::Mute` panicked", || {
        #[traced]
        fn annotated() -> Result<(), Mute> {
            Err(Mute)
        }
        assert!(annotated().is_err());
    }),
    row("Box<dyn core::error::Error>` panicked", || {
        #[traced]
        fn annotated() -> Result<(), Box<dyn Error>> {
            Err(Box::new(Mute))
        }
        assert!(annotated().is_err());
    }),
    row("`Display` of `process::named::Mute` panicked", || {
        report_error(&Mute);
    }),
    row("`Error::source` of `process::named::Sourceless` panicked", || {
        report_error(&Sourceless);
    }),
    row("a conversion of an error panicked", || {
        #[traced]
        fn annotated() -> Result<(), Pointer> {
            Err(Pointer)
        }
        assert!(annotated().is_err());
    }),
    row("attribute `order` of `pay` panicked", || {
        drop(tracing::info_span!("pay", order = ?Broken));
    }),
    row("attribute `order` of `event ", || tracing::info!(order = ?Broken, "an event of the log")),
];

fn fail() -> ! {
    crate::panics::fail()
}

fn with_segments(config: Config) -> Config {
    let daemon = XrayDaemon::start();
    let address = xray::Address::parse(&daemon.address().to_string()).expect("it is an address");
    // The daemon lives as long as the process of this kind of code.
    std::mem::forget(daemon);
    config.xray(xray::Settings::new(address))
}

fn report() {
    report_message("out of stock", Severity::Warning);
}

fn number() -> i64 {
    fail()
}

fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.expect("the system has what a runtime needs").block_on(future)
}

/// Takes everything.
struct Ignore;

impl<R> Processor<R> for Ignore {
    fn process(&self, _: &Arc<[R]>) {}
}

/// Panics in every method.
#[derive(Clone, Copy)]
pub(super) struct Broken;

const BROKEN: Broken = Broken;

static LAZY: LazyLock<(i64,)> = LazyLock::new(|| fail());

struct Nested {
    lazy: LazyLock<(i64,)>,
}

impl From<Broken> for Parent {
    fn from(_: Broken) -> Self {
        fail()
    }
}

impl fmt::Debug for Broken {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        fail()
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        fail()
    }
}

impl ToAttribute for Broken {
    fn to_attribute(&self, _: Sink<'_>) {
        fail()
    }
}

impl AsRef<str> for Broken {
    fn as_ref(&self) -> &str {
        fail()
    }
}

impl Decide for Broken {
    fn decide(&self, _: &Input<'_>) -> Decision {
        fail()
    }
}

impl Propagator for Broken {
    fn fields(&self) -> &[&'static str] {
        &["x-broken"]
    }

    fn extract(&self, _: &dyn Carrier, _: &mut Context) {
        fail()
    }

    fn inject(&self, _: &Context, _: &mut dyn FnMut(&str, &str)) {
        fail()
    }
}

impl Processor<SpanRecord> for Broken {
    fn process(&self, _: &Arc<[SpanRecord]>) {
        fail()
    }
}

impl Processor<LogRecord> for Broken {
    fn process(&self, _: &Arc<[LogRecord]>) {
        fail()
    }
}

impl Processor<ErrorRecord> for Broken {
    fn process(&self, _: &Arc<[ErrorRecord]>) {
        fail()
    }
}

impl SpanExporter for Broken {
    async fn export(&self, _: Vec<SpanData>) -> OTelSdkResult {
        fail()
    }

    fn force_flush(&self) -> OTelSdkResult {
        fail()
    }

    fn shutdown_with_timeout(&self, _: std::time::Duration) -> OTelSdkResult {
        fail()
    }

    fn set_resource(&mut self, _: &opentelemetry_sdk::Resource) {
        fail()
    }
}

/// A result whose `split` panics.
struct Answer;

impl Fallible for Answer {
    type Ok = ();
    type Err = Plain;

    fn split(&self) -> Split<'_, (), Plain> {
        fail()
    }
}

/// An error as it should be.
#[derive(Debug)]
struct Plain;

#[derive(Debug)]
struct Classless;

impl ClassifyError for Classless {
    fn error_class(&self) -> ErrorClass {
        fail()
    }
}

#[derive(Debug)]
struct Mute;

impl fmt::Display for Mute {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        fail()
    }
}

impl Error for Mute {}

#[derive(Debug)]
struct Sourceless;

macro_rules! refused {
    ($($error:ty),*) => {$(
        impl fmt::Display for $error {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("refused")
            }
        }
    )*};
}

refused! { Plain, Classless, Sourceless }

impl Error for Plain {}

impl Error for Classless {}

impl Error for Sourceless {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        fail()
    }
}

#[derive(Debug)]
struct Pointer;

impl Deref for Pointer {
    type Target = Plain;

    fn deref(&self) -> &Plain {
        fail()
    }
}
