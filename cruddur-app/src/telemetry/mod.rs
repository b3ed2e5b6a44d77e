//! How the service is observed: the one place that starts telemetry and puts it around requests.
//!
//! In: the variables of the process. Out: what `main` stops at the end, the middleware, and what is
//! wrong where nothing arrives.
//! Never: is asked by a service; what a service tells stands in the attribute above it.

#[cfg(all(feature = "xray", not(feature = "off")))]
mod doctor;
#[cfg(not(all(feature = "xray", not(feature = "off"))))]
#[path = "no_doctor.rs"]
mod doctor;
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
    feature = "cloudwatch",
    feature = "rollbar",
    feature = "console",
    feature = "opentelemetry"
)))]
#[path = "not_running.rs"]
mod running;
#[cfg(any(
    feature = "otlp",
    feature = "xray",
    feature = "cloudwatch",
    feature = "rollbar",
    feature = "console",
    feature = "opentelemetry"
))]
mod running;

pub use doctor::examine;
pub(crate) use edge::{knows_user, middleware};
pub(crate) use outgoing::{HttpClient, observed};
pub use running::Running;

/// Paths that the middleware leaves out: their requests would only be noise.
pub const UNOBSERVED: [&str; 1] = ["/api/health-check"];
