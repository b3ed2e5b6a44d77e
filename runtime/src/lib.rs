//! Traces, errors and logs from one line per function.
#![cfg_attr(docsrs, feature(doc_cfg))]

// `crate = …` and the generated paths work inside this crate's own doctests and examples too.
extern crate self as spanwright;

pub mod diagnostics;
#[cfg(any(feature = "otlp", feature = "console"))]
pub mod export;
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

#[doc(hidden)]
pub mod private;

#[doc(hidden)]
pub use private as __private;
pub use span::{FutureExt, Sink, Span, SpanRef, ToAttribute, current, set_user};
