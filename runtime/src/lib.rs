//! Traces, errors and logs from one line per function.

pub mod loss;
pub mod propagate;
pub mod record;
pub mod sample;
pub mod secret;
