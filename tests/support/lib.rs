//! What the integration tests share.

pub mod alone;
pub mod cloudwatch_server;
pub mod http_server;
pub mod otlp_sink;
pub mod proxy;
pub mod records;
pub mod rig;
pub mod rollbar_server;
pub mod segments;
pub mod tls_server;
pub mod turn;
mod watched;
pub mod xray_daemon;

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod readme {}
