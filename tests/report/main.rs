//! Failures and what is told of them.

mod scrub;
