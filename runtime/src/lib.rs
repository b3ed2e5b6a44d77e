//! Traces, errors and logs from one line per function.
#![cfg_attr(docsrs, feature(doc_cfg))]

// `crate = …` and the generated paths work inside this crate's own doctests and examples too.
extern crate self as spanwright;

#[cfg(feature = "actix")]
pub mod actix;
pub mod config;
pub mod diagnostics;
#[cfg(any(feature = "otlp", feature = "console"))]
pub mod export;
mod headers;
pub mod install;
pub mod loss;
#[cfg(feature = "opentelemetry")]
pub mod opentelemetry;
#[cfg(any(feature = "otlp", feature = "console"))]
pub mod pipeline;
pub mod propagate;
pub mod record;
pub mod sample;
pub mod secret;
pub mod span;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(any(feature = "console", feature = "testing"))]
mod tree;

#[doc(hidden)]
pub mod private;

pub use headers::{extract, inject};
#[doc(hidden)]
pub use private as __private;

pub use config::Config;
pub use install::Telemetry;
pub use span::{FutureExt, Sink, Span, SpanRef, ToAttribute, current, set_user};
pub use spanwright_macros::{record, traced};
