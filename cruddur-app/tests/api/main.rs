//! The service as its callers see it: a real server on a free port of 127.0.0.1, over SQLite and over PostgreSQL.
//!
//! Each scenario is a sentence about behaviour. Every one runs on a SQLite file of its own;
//! `postgres` runs all of them again on a throw-away cluster.

mod double;
mod support;

mod activities;
mod browsers;
mod databases;
mod doctor;
mod edges;
mod feeds;
mod messages;
mod notifications;
mod postgres;
mod process;
mod provision;
#[cfg(all(feature = "actix", feature = "rollbar", not(feature = "off")))]
mod reports;
// Telemetry is wanted, so this build must have it.
#[cfg(all(feature = "actix", feature = "xray", not(feature = "off")))]
mod segments;
