//! Observability from one line per function.
//!
//! ```
//! use spanwright::{report_errors, traced};
//!
//! #[traced(fields(user.id = user_id), ok(fields(app.result_length = ok.len())))]
//! #[report_errors(person(id = user_id))]
//! fn home_activities(user_id: u64) -> Result<Vec<String>, std::io::Error> {
//!     Ok(vec![format!("crud of {user_id}")])
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let telemetry = spanwright::Config::from_env()?.service_name("cruddur").install()?;
//! home_activities(7)?;
//! let report = telemetry.shutdown(std::time::Duration::from_secs(5));
//! assert!(report.in_time);
//! # Ok(())
//! # }
//! ```
//!
//! [`traced`] makes a span of every call, [`xray_subsegment`] a subsegment of AWS X-Ray, and
//! [`report_errors`] one report of every failure; [`record!`] adds to the span that is current, [`Span`]
//! and [`SpanRef`] do by hand what the attributes do by themselves, [`FutureExt`] and
//! [`SpanRef::carry`] hand spans over to tasks and threads. [`report_error`], [`report_message`]
//! and [`report::Builder`] report by hand. What is logged with `tracing` or `log` is taken with the trace
//! that it belongs to, see [`logging`]. [`Config`] says where finished spans, reports and the log go,
//! and [`Telemetry`] flushes and stops.
//!
//! # The street
//!
//! ```text
//! attribute ─┬─▶ span ──────────▶ record ─▶ queue ─▶ encode ─▶ batch ─▶ send ─▶ (retry)
//!            └─▶ failure ─▶ held ─▶ record ─▶ …
//! tracing ─────▶ event ─▶ record ─▶ …
//! ```
//!
//! One room for each step: [`span`] makes records on the application's threads and finishes them
//! on its own, [`report`] makes one of each failure, however many functions it passes, [`logging`]
//! takes events and spans of `tracing`,
//! [`mod@record`] holds the nouns, [`pipeline`] moves them, [`export`] knows what each
//! destination's wire looks like; [`sample`] decides about new traces, [`propagate`] reads and
//! writes headers, and [`loss`] counts what did not arrive. Nothing flows back.
//!
//! # Features
//!
//! | feature | turns on |
//! |---|---|
//! | `otlp` | spans by OTLP over HTTP, and failures as their events or as log records |
//! | `xray` | segments to AWS X-Ray through its daemon |
//! | `cloudwatch` | the log to CloudWatch Logs, with `aws` |
//! | `rollbar` | failures to Rollbar |
//! | `console` | finished traces as trees on standard output, failures and the log |
//! | `aws` | signed requests to AWS, in module `aws` |
//! | `actix` | the middleware of [`actix`] |
//! | `http-client` | the client of [`http_client`] |
//! | `opentelemetry` | both ways between this crate and the OpenTelemetry API, exporters of its SDK |
//! | `tracing` | the log: events and spans of `tracing`, records of `log` |
//! | `pipeline` | what moves records to destinations; those that need it turn it on |
//! | `testing` | spans, the log and reports in memory, for tests of instrumented code |
//! | `off` | nothing at all: it wins over the others, and annotated functions are compiled as they stand |
//!
//! All but `testing` and `off` are on by default. A library that annotates its functions should depend on
//! this crate with `default-features = false`: the program it ends up in decides what is recorded.
//! Features never change what compiles, only what is recorded.

// `crate = …` and the generated paths work inside this crate's own doctests and examples too.
extern crate self as spanwright;

#[cfg(feature = "actix")]
pub mod actix;
#[cfg(feature = "aws")]
pub mod aws;
pub mod config;
#[cfg(any(feature = "actix", feature = "http-client"))]
mod conventions;
pub mod diagnostics;
#[cfg(feature = "pipeline")]
pub mod export;
mod guard;
mod headers;
mod host;
#[cfg(feature = "http-client")]
pub mod http_client;
pub mod install;
pub mod logging;
pub mod loss;
#[cfg(feature = "xray")]
pub mod notes;
#[cfg(feature = "opentelemetry")]
pub mod opentelemetry;
#[cfg(any(feature = "otlp", feature = "opentelemetry"))]
mod origin;
mod output;
#[cfg(feature = "pipeline")]
pub mod pipeline;
pub mod propagate;
pub mod record;
pub mod redact;
pub mod report;
pub mod sample;
pub mod secret;
pub mod span;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(any(feature = "console", feature = "testing"))]
mod tree;
mod turns;
mod type_name;
#[cfg(any(
    feature = "cloudwatch",
    feature = "console",
    all(feature = "actix", feature = "tracing")
))]
mod utc;
mod warnings;
#[cfg(feature = "xray")]
pub mod xray;

#[doc(hidden)]
pub mod private;

pub use headers::{extract, inject, inject_for, inject_into, inject_into_for, propagation_fields};
#[doc(hidden)]
pub use private as __private;

pub use config::Config;
pub use install::Telemetry;
pub use record::{ErrorClass, Severity};
pub use report::{report_error, report_message};
pub use span::{ClassifyError, FutureExt, Sink, Span, SpanRef, ToAttribute, current, set_user};
pub use spanwright_macros::{record, report_errors, traced, xray_subsegment};
