//! The body of a request, of which reports of errors tell the beginning.
//!
//! In: a payload. Out: the same payload; what the handler reads of it is noted.
//! Never: reads what the handler does not read; holds back or changes a byte.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use actix_web::dev::{Payload, ServiceRequest};
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use actix_web::web::Bytes;
use futures_core::Stream;

use super::details::Details;

/// A payload that notes what is read of it.
struct Watched {
    payload: Payload,
    details: Arc<Details>,
    /// How many further bytes are noted.
    room: usize,
}

/// Notes at most so many bytes of what will be read of the request's body, if that is text.
pub(super) fn watch(request: &mut ServiceRequest, details: &Arc<Details>, max_bytes: usize) {
    if max_bytes == 0 || !is_text(request.headers()) {
        return;
    }
    let payload = match request.parts_mut().1 {
        Payload::None => return,
        payload => payload.take(),
    };
    let watched = Watched { payload, details: Arc::clone(details), room: max_bytes };
    request.set_payload(Payload::Stream { payload: Box::pin(watched) });
}

/// Whether the body is text as it goes over the wire.
fn is_text(headers: &HeaderMap) -> bool {
    let is_coded = headers.get_all(CONTENT_ENCODING).any(|coding| coding != "identity");
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    !is_coded && media_type.is_some_and(is_textual)
}

/// JSON, forms, and what calls itself text; parts of a `multipart/form-data` may be anything.
fn is_textual(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let Some((kind, name)) = essence.split_once('/') else { return false };
    match kind {
        "text" => true,
        "application" => {
            matches!(name, "json" | "x-www-form-urlencoded") || name.ends_with("+json")
        }
        _ => false,
    }
}

impl Stream for Watched {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = ready!(Pin::new(&mut self.payload).poll_next(cx));
        if let Some(Ok(bytes)) = &next
            && self.room > 0
        {
            let noted = &bytes[..bytes.len().min(self.room)];
            self.details.add_to_body(noted);
            self.room -= noted.len();
        }
        Poll::Ready(next)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.payload.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_forms_and_texts_are_noted_and_nothing_else() {
        for (media_type, expected) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/problem+json", true),
            ("application/x-www-form-urlencoded", true),
            ("text/plain;charset=latin1", true),
            (" text/xml ", true),
            ("application/octet-stream", false),
            ("application/jsonish", false),
            ("multipart/form-data; boundary=text/plain", false),
            ("image/svg+xml", false),
            ("json", false),
            ("", false),
        ] {
            assert_eq!(is_textual(media_type), expected, "{media_type}");
        }
    }
}
