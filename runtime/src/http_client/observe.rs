//! The span around one request.
//!
//! In: a request and who sends it. Out: what came back, unchanged; a span that knows it.
//! Never: outlives the headers of the answer.

use std::error::Error as _;

use reqwest::{Request, Response};

use super::request_facts::{self, Key, REQUEST, RequestFrame};
use crate::conventions::known_method;
use crate::guard::guard;
use crate::headers;
use crate::span::{Frame, Recorder, call_in, eager, fail, is_enabled};

/// Why there is no answer, in the words of whoever sends.
pub(super) trait Failure {
    /// The error of the client below, if it is one.
    fn of_client(&self) -> Option<&reqwest::Error>;
}

impl Failure for reqwest::Error {
    fn of_client(&self) -> Option<&reqwest::Error> {
        Some(self)
    }
}

impl Failure for reqwest_middleware::Error {
    fn of_client(&self) -> Option<&reqwest::Error> {
        match self {
            Self::Reqwest(error) => Some(error),
            Self::Middleware(error) => error.chain().find_map(|cause| cause.downcast_ref()),
        }
    }
}

/// Sends a request in a span of its own. Dropped before the answer came, it was cancelled.
pub(super) async fn observe<F, E>(
    mut request: Request,
    send: impl FnOnce(Request) -> F,
) -> Result<Response, E>
where
    F: Future<Output = Result<Response, E>>,
    E: Failure,
{
    let mut frame: RequestFrame = Frame::new();
    if is_enabled(&REQUEST) {
        let method = known_method(request.method().as_str()).unwrap_or("HTTP");
        frame.start(&REQUEST);
        if frame.is_recording() {
            frame.set_name(method);
            request_facts::record(&request, &mut frame);
        }
    }
    // Under a span that is more important than this one, the headers name that one.
    call_in(&mut frame, || inject(&mut request));
    let sending = call_in(&mut frame, || send(request));
    eager(frame, sending, finish).await
}

/// Records how the request ended, and ends its span.
fn finish<E: Failure>(
    result: Result<Response, E>,
    frame: &mut RequestFrame,
) -> Result<Response, E> {
    if frame.is_recording() {
        match &result {
            Ok(response) => record_answer(response, frame),
            Err(error) => record_failure(error.of_client(), frame),
        }
    }
    frame.finish();
    result
}

/// Sets the headers of the current trace, in place of those of another that the request came with,
/// if its host is a propagation target.
fn inject(request: &mut Request) {
    let url = request.url();
    let (host, port) = (url.host_str().unwrap_or_default().to_owned(), url.port_or_known_default());
    headers::inject_into_for(&host, port, request.headers_mut());
}

fn record_answer(response: &Response, frame: &mut RequestFrame) {
    let status = response.status();
    frame.record(Key::STATUS_CODE, &status.as_u16());
    frame.record(Key::PROTOCOL_VERSION, &request_facts::version(response.version()));
    // As the headers tell it: what comes in chunks, or is unpacked on its way, has no known length.
    frame.record(Key::BODY_SIZE, &response.content_length());
    if status.as_u16() >= 400 {
        fail(frame, status.as_str(), "");
    }
}

fn record_failure(error: Option<&reqwest::Error>, frame: &mut RequestFrame) {
    match error {
        Some(error) => fail(frame, kind(error), &last_cause(error)),
        None => fail(frame, "_OTHER", ""),
    }
}

/// What went wrong, in one of a few words.
fn kind(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "timeout"
    } else if error.is_connect() {
        "connect"
    } else if error.is_redirect() {
        "redirect"
    } else if error.is_request() {
        "request"
    } else {
        "_OTHER"
    }
}

/// The last cause: the outer ones say only that a request failed, and for which address, which may
/// hold secrets.
fn last_cause(error: &reqwest::Error) -> String {
    // The last one may be an error of the application's body, whose code may panic.
    let last = || std::iter::successors(error.source(), |&cause| cause.source()).last();
    let text = || last().map(ToString::to_string);
    guard("`Display` of an error of a request", text).flatten().unwrap_or_default()
}
