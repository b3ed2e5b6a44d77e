//! Traces, errors and logs from one line per function.
