//! The body of a response, which carries the span of its request to the end.
//!
//! In: a body of any kind. Out: the same bytes, counted; the span ends with them.
//! Never: buffers, or changes a size.

use std::error::Error as StdError;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::ServiceResponse;
use actix_web::http::{Method, StatusCode};
use actix_web::web::Bytes;
use pin_project_lite::pin_project;

use super::root_span::RootSpan;

pin_project! {
    /// Polls a body with the span of the request current, and ends the span where the body ends.
    ///
    /// Dropped before its end, it ends the span as cancelled: the client went away. A body of known
    /// length has ended with its last byte.
    #[derive(Debug)]
    pub struct TracedBody<B> {
        root: RootSpan,
        #[pin]
        body: B,
    }
}

impl<B> TracedBody<B> {
    pub(super) fn new(root: RootSpan, body: B) -> Self {
        Self { root, body }
    }
}

impl<B: MessageBody> MessageBody for TracedBody<B> {
    type Error = Box<dyn StdError>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let this = self.project();
        let next = ready!(this.root.step(|| this.body.poll_next(cx)));
        Poll::Ready(match next {
            Some(Ok(bytes)) => {
                this.root.count(bytes.len());
                Some(Ok(bytes))
            }
            Some(Err(error)) => {
                let error = error.into();
                this.root.fail(&*error);
                Some(Err(error))
            }
            None => {
                this.root.end();
                None
            }
        })
    }

    fn try_into_bytes(self) -> Result<Bytes, Self> {
        let Self { mut root, body } = self;
        match body.try_into_bytes() {
            Ok(bytes) => {
                root.count(bytes.len());
                root.end();
                Ok(bytes)
            }
            Err(body) => Err(Self { root, body }),
        }
    }
}

/// Length of a body in bytes, if it is known.
pub(super) fn length(body: &impl MessageBody) -> Option<u64> {
    match body.size() {
        BodySize::None => Some(0),
        BodySize::Sized(bytes) => Some(bytes),
        BodySize::Stream => None,
    }
}

/// Returns true if nothing of the response's body is sent, whatever it contains, or the connection is
/// handed over to another protocol.
pub(super) fn is_without_body<B: MessageBody>(response: &ServiceResponse<B>) -> bool {
    let is_bodiless = matches!(
        response.status(),
        StatusCode::SWITCHING_PROTOCOLS | StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
    );
    is_bodiless
        || response.request().method() == Method::HEAD
        || response.response().body().size().is_eof()
}
