//! AWS X-Ray, from spans to what its daemon is sent, against a double of the daemon on loopback.

mod captures;
mod daemon;
mod dialect;
mod doctor;
mod documents;
mod judge;
mod normal_form;
mod poll;
mod properties;
mod receiver;
mod secrets;
mod tcp;
mod udp;
mod ways;
