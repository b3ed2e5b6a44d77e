//! Traces, errors and logs from one line per function.

pub mod diagnostics;
#[cfg(feature = "otlp")]
pub mod export;
pub mod loss;
#[cfg(feature = "otlp")]
pub mod pipeline;
pub mod record;
pub mod secret;
