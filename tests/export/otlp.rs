//! OTLP as a receiver sees it.
