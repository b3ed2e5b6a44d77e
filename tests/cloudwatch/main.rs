//! CloudWatch Logs, from events to what the service is sent, against a double of it on loopback.

mod access;
mod chain;
mod creation;
mod faults;
mod limits;
mod metrics;
mod order;
mod outage;
mod rig;
