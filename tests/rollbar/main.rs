//! Rollbar, from failures to what its API is sent, against a double of the API on loopback.

mod captures;
mod faults;
mod properties;
mod records;
mod server;
