//! X-Ray, against a double of the daemon on loopback.

mod daemon;
mod documents;
mod poll;
mod tcp;
mod udp;
