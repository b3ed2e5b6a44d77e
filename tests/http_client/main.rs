//! Requests that go out, over real sockets: their spans, and the headers that name them.

mod endings;
mod headers;
mod support;
