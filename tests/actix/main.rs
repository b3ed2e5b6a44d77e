//! The actix-web middleware, from requests to finished spans.

mod endings;
mod headers;
mod requests;
mod settings;
mod support;
mod wire;
