//! Rollbar, from failures to what its API is sent, against a double of the API on loopback.

mod faults;
mod server;
