//! Traces, errors and logs from one line per function.

pub mod loss;
pub mod record;
pub mod secret;
