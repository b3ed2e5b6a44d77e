//! The middleware itself: a span around the service it wraps.
//!
//! In: a request. Out: its response with a body that carries the span on.
//! Never: boxes a future; touches the request or the response when nothing is installed, though it
//! may write a line about them.

use std::cell::OnceCell;
use std::future::{Ready, ready};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::{Error, HttpMessage};
use pin_project_lite::pin_project;

use super::access_log::AccessLog;
use super::body::TracedBody;
use super::callsite::REQUEST;
use super::root_span::{RootSpan, Shared};
use super::settings::Tracing;
use crate::span::{is_enabled, is_propagating};

/// The service that [`Tracing`] makes of the one it wraps; one per worker.
#[derive(Debug)]
pub struct TracingService<S> {
    service: S,
    shared: Rc<Shared>,
}

impl<S, B> Transform<S, ServiceRequest> for Tracing
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<TracedBody<B>>;
    type Error = Error;
    type Transform = TracingService<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        let shared = Rc::new(Shared { settings: self.clone(), routes: OnceCell::new() });
        ready(Ok(TracingService { service, shared }))
    }
}

impl<S, B> Service<ServiceRequest> for TracingService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<TracedBody<B>>;
    type Error = Error;
    type Future = RequestFuture<S::Future>;

    forward_ready!(service);

    fn call(&self, mut request: ServiceRequest) -> Self::Future {
        let settings = &self.shared.settings;
        let is_span_wanted = is_enabled(&REQUEST) || is_propagating();
        let mut root = if !is_span_wanted && !AccessLog::is_wanted(settings) {
            RootSpan::none()
        } else if request.extensions_mut().insert(Covered).is_some() {
            // The same middleware further out has it already.
            RootSpan::none()
        } else if settings.excludes(&request) {
            RootSpan::muted()
        } else {
            RootSpan::begin(&mut request, &self.shared)
        };
        let future = root.step(|| self.service.call(request));
        RequestFuture { root, future: Some(future) }
    }
}

/// Marks a request that has its span.
#[derive(Debug)]
struct Covered;

pin_project! {
    /// Polls the wrapped service with the span of the request current.
    ///
    /// Dropped before it is ready, it ends the span as cancelled: the client went away.
    #[derive(Debug)]
    #[must_use = "a future does nothing until it is polled"]
    pub struct RequestFuture<F> {
        root: RootSpan,
        #[pin]
        future: Option<F>,
    }

    impl<F> PinnedDrop for RequestFuture<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            // The destructors of the application belong to the span too.
            this.root.step(|| this.future.set(None));
        }
    }
}

impl<F, B> Future for RequestFuture<F>
where
    F: Future<Output = Result<ServiceResponse<B>, Error>>,
    B: MessageBody,
{
    type Output = Result<ServiceResponse<TracedBody<B>>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let Some(future) = this.future.as_mut().as_pin_mut() else {
            unreachable!("a future was polled after it was ready");
        };
        let result = ready!(this.root.step(|| future.poll(cx)));
        this.root.step(|| this.future.set(None));
        let mut root = std::mem::replace(this.root, RootSpan::none());
        Poll::Ready(match result {
            Ok(mut response) => {
                root.answer(&mut response);
                Ok(response.map_body(|_, body| TracedBody::new(root, body)))
            }
            Err(error) => Err(root.refuse(error)),
        })
    }
}
