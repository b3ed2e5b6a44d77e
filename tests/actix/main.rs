//! The actix-web middleware, from requests to finished spans.

mod access_log;
mod bodies;
mod classes;
mod details;
mod endings;
mod headers;
mod last_resort;
mod requests;
mod routes;
mod settings;
mod sized_bodies;
mod support;
mod targets;
mod trace_header;
mod wire;
