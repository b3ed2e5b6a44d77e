//! How the service is observed: the one place that starts telemetry and puts it around requests.
//!
//! In: the variables of the process. Out: what `main` stops at the end, and the middleware.
//! Never: is asked by a service; what a service tells stands in the attribute above it.

#[cfg(feature = "actix")]
mod edge;
#[cfg(not(feature = "actix"))]
#[path = "no_edge.rs"]
mod edge;
#[cfg(not(feature = "http-client"))]
#[path = "not_outgoing.rs"]
mod outgoing;
#[cfg(feature = "http-client")]
mod outgoing;
#[cfg(not(any(
    feature = "otlp",
    feature = "xray",
    feature = "console",
    feature = "opentelemetry"
)))]
#[path = "not_running.rs"]
mod running;
#[cfg(any(feature = "otlp", feature = "xray", feature = "console", feature = "opentelemetry"))]
mod running;

pub(crate) use edge::{knows_user, middleware};
pub(crate) use outgoing::{HttpClient, observed};
pub use running::Running;
