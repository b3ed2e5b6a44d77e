//! The web edge: one server span per request of an actix-web application.
//!
//! ```text
//! request ─ excluded? ─ headers ─▶ root span ─▶ handler, polled in the span ─▶ status, route
//!                                      └──────▶ body, polled in the span ────▶ the span ends
//! ```
//!
//! In: requests and their responses. Out: finished spans, after the stable HTTP conventions of
//! OpenTelemetry, and a line each in the application's log. Never: changes what the application answers, except for the headers
//! `x-request-id` and `x-amzn-trace-id`; fails a request.
//!
//! ```no_run
//! use actix_web::{App, HttpServer, web};
//! use spanwright::actix::Tracing;
//!
//! # fn serve() -> std::io::Result<()> {
//! let server = HttpServer::new(|| {
//!     App::new()
//!         .route("/users/{id}", web::get().to(async || "somebody"))
//!         .wrap(Tracing::new().exclude(["/api/health-check"]))
//! });
//! # let _ = server.bind("127.0.0.1:0")?;
//! # Ok(())
//! # }
//! ```
//!
//! Conventions: <https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server-span>.

#[cfg(all(feature = "tracing", not(feature = "off")))]
mod access_log;
#[cfg(not(all(feature = "tracing", not(feature = "off"))))]
#[path = "no_access_log.rs"]
mod access_log;
mod body;
mod callsite;
mod carrier;
mod details;
mod forwarded;
mod middleware;
mod payload;
mod refused;
mod request_facts;
mod request_id;
mod resources;
mod root_span;
mod route;
mod settings;
mod trace_header;

pub use body::TracedBody;
pub use middleware::{RequestFuture, TracingService};
pub use request_id::RequestId;
pub use settings::Tracing;
