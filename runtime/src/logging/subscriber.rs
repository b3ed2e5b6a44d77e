//! The subscriber of a process that has none of its own.
//!
//! In: settings. Out: a filter, our layer, and the records of the `log` crate.
//! Never: takes the place of a subscriber that is there; fails, since a service can do without a log.

use std::sync::atomic::{AtomicBool, Ordering};

use tracing::dispatcher;
use tracing::level_filters::LevelFilter;
use tracing::subscriber::NoSubscriber;
use tracing_log::{AsLog as _, LogTracer};
use tracing_subscriber::filter::{EnvFilter, ParseError};
use tracing_subscriber::layer::SubscriberExt as _;

use super::thread_end::ThreadEnd;
use super::{Layer, Settings};
use crate::diagnostics;

/// Whether the application has made a layer of ours.
static HAS_LAYER: AtomicBool = AtomicBool::new(false);

/// Whether the subscriber of the process is ours.
static IS_OURS: AtomicBool = AtomicBool::new(false);

/// Notes that the application has a layer of ours, for whatever subscriber.
pub(super) fn note_layer() {
    HAS_LAYER.store(true, Ordering::Relaxed);
}

/// Says what is wrong with a filter.
pub(crate) fn check(filter: &str) -> Result<(), String> {
    parse(filter).map(drop).map_err(|error| error.to_string())
}

/// Sets up the subscriber of the process, if it has none.
///
/// It stays when telemetry stops, and serves what is installed next, by the filter that it has.
pub(crate) fn start(settings: &Settings) {
    if !settings.has_subscriber || IS_OURS.load(Ordering::Relaxed) {
        return;
    }
    let filter = match parse(&settings.filter) {
        Ok(filter) => filter,
        Err(error) => {
            let filter = &settings.filter;
            diagnostics::say(format_args!(
                "the filter `{filter}` of the log is none, all from info on is taken: {error}"
            ));
            EnvFilter::new("info")
        }
    };
    let subscriber = tracing_subscriber::registry().with(filter).with(Layer::new());
    let filters_by_span = settings.filter.contains('[');
    let subscriber = ThreadEnd { subscriber, filters_by_span };
    if tracing::subscriber::set_global_default(subscriber).is_ok() {
        IS_OURS.store(true, Ordering::Relaxed);
    } else if !HAS_LAYER.load(Ordering::Relaxed) {
        diagnostics::say(
            "the process has a tracing subscriber of its own: its events and spans are seen once it has \
             the layer spanwright::logging::layer()",
        );
        return;
    }
    // As much as the subscriber takes. Where the application has taken these already, they come by its own
    // way.
    let _ = LogTracer::builder().with_max_level(LevelFilter::current().as_log()).init();
}

/// Runs `body` with a subscriber that takes everything, if this thread has none; for tests.
#[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "captures are for tests"))]
pub(crate) fn with_subscriber<R>(body: impl FnOnce() -> R) -> R {
    let has_one = dispatcher::get_default(|dispatch| !dispatch.is::<NoSubscriber>());
    if has_one {
        return body();
    }
    // Times differ from run to run.
    let layer = Layer::new().with_tracked_inactivity(false);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), body)
}

fn parse(filter: &str) -> Result<EnvFilter, ParseError> {
    EnvFilter::builder().parse(filter)
}
