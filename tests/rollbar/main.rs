//! Rollbar, from failures to what it is sent.

mod captures;
mod properties;
mod records;
