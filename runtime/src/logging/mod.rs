//! The log: what code tells through the `tracing` façade, and through the `log` crate by way of it.
//!
//! ```text
//! tracing::info!(…)           ─▶ Layer ─ event ─▶ span::log ─▶ … ─▶ whoever takes the log
//! #[tracing::instrument] …    ─▶ Layer ─ span ──▶ span, under ours and above ours
//! log::info!(…)  ─▶ tracing ──▶ …
//! ```
//!
//! In: events and spans of `tracing`. Out: events of the log with the trace that they belong to, and
//! spans of ours.
//! Never: prints, filters (that is the subscriber's), or takes what happens on threads of ours.
//!
//! The subscriber that [`install`](crate::Config::install) sets up wraps a registry:
//! `Dispatch::downcast_ref::<Registry>()` returns `None` for it.

#[cfg(feature = "tracing")]
mod callsite;
#[cfg(feature = "tracing")]
mod entered;
#[cfg(feature = "tracing")]
mod event;
#[cfg(feature = "tracing")]
mod layer;
#[cfg(feature = "tracing")]
mod span;
#[cfg(feature = "tracing")]
mod subscriber;
#[cfg(not(feature = "tracing"))]
#[path = "no_subscriber.rs"]
mod subscriber;
#[cfg(feature = "tracing")]
mod thread_end;
#[cfg(feature = "tracing")]
mod times;

#[cfg(feature = "tracing")]
pub use layer::{Layer, layer};
#[cfg_attr(
    not(feature = "testing"),
    expect(unused_imports, reason = "captures are for tests")
)]
pub(crate) use subscriber::with_subscriber;
pub(crate) use subscriber::{check, start};

use crate::record::Level;

/// What becomes of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Which events and spans of `tracing` are taken, in the words of
    /// [`EnvFilter`](https://docs.rs/tracing-subscriber/0.3/tracing_subscriber/filter/struct.EnvFilter.html#directives);
    /// for the subscriber that [`install`](crate::Config::install) sets up.
    pub filter: String,
    /// The most detailed level whose events are told to the span around them, too; `None` for none.
    pub span_events: Option<Level>,
    /// Whether [`install`](crate::Config::install) sets up a subscriber for the process, and takes the
    /// records of the `log` crate, where the application has set up none.
    pub has_subscriber: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { filter: "info".to_owned(), span_events: Some(Level::Info), has_subscriber: true }
    }
}
