//! The span of one request, from its headers to the end of its response.
//!
//! In: a request, then its response or what went wrong instead. Out: one span, ended once.
//! Never: outlives the body of the response.

mod outcome;

use std::cell::{Cell, OnceCell};
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::HeaderMap;
use actix_web::http::{StatusCode, Uri};
use actix_web::{Error, HttpRequest};

use super::access_log::AccessLog;
use super::body::{self, is_without_body};
use super::callsite::{Key, REQUEST, RequestFrame};
use super::details::Details;
use super::payload;
use super::refused::Refused;
use super::request_facts::{self, Origin};
use super::request_id::RequestId;
use super::route::{self, Routes};
use super::settings::Tracing;
use super::trace_header::TraceHeader;
use crate::conventions::known_method;
use crate::record::Outcome;
use crate::report;
use crate::span::request::forget_details;
use crate::span::{
    Attached, Frame, Recorder, SpanRef, Unwinding, fail, is_enabled, is_propagating, is_recorded,
    takes_reports,
};
use crate::type_name;

/// What a worker keeps for its requests.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) settings: Tracing,
    /// The routes of the application, for requests that get no response to ask.
    pub(super) routes: OnceCell<Routes>,
}

/// The span of one request, and its line in the access log; inert where nothing is installed and the
/// line is not wanted, or the request is left out.
///
/// Dropped before it was [ended](RootSpan::end), it was cancelled.
pub(super) struct RootSpan {
    /// What the application runs under; it stays when the span is over, for a body that is still
    /// polled.
    span: SpanRef,
    /// Boxed, because futures and bodies are moved a dozen times on their way through actix-web.
    open: Option<Box<Open>>,
}

/// A request under way.
pub(super) struct Open {
    /// Never begun where nothing is installed.
    frame: RequestFrame,
    /// What the response says of the request; nothing without a span.
    id: Option<RequestId>,
    /// What the response says of the trace.
    trace: Option<TraceHeader>,
    shared: Rc<Shared>,
    /// Method of the request, or `HTTP` for one that no convention names.
    known_method: &'static str,
    /// True if the span is named after method and route, and not by the application.
    is_named_by_route: bool,
    /// Where the route is looked up when there is no response to ask.
    uri: Uri,
    /// What reports of errors tell of the request, where they are taken.
    details: Option<Arc<Details>>,
    access: AccessLog,
    /// What was answered; `None` as long as nothing was.
    status: Option<StatusCode>,
    /// How much of the body has been sent; `None` while there is none to send.
    body_bytes: Option<u64>,
    /// Length of the body that the response declares, in bytes.
    declared_bytes: Option<u64>,
    /// By what it ended before its end.
    cut_off: Option<Outcome>,
}

impl RootSpan {
    /// No span: the application runs under what is current anyway.
    pub(super) const fn none() -> Self {
        Self { span: SpanRef::NONE, open: None }
    }

    /// No span, and none below.
    pub(super) const fn muted() -> Self {
        Self { span: SpanRef::MUTED, open: None }
    }

    /// Begins the span of a request, where spans are recorded, and keeps what its line in the access
    /// log will say, where that is wanted.
    pub(super) fn begin(request: &mut ServiceRequest, shared: &Rc<Shared>) -> Self {
        let origin = Origin::of(request.request(), shared.settings.trusted_proxies);
        let mut open = Box::new(Open::new(request, &origin, shared));
        let is_span_wanted = is_enabled(&REQUEST) || is_propagating();
        let span = if is_span_wanted { open.start(request, &origin) } else { SpanRef::NONE };
        if let Some(details) = &open.details {
            payload::watch(request, details, shared.settings.max_body_bytes);
        }
        let is_wanted = !span.is_none() || open.access.is_on();
        Self { span, open: is_wanted.then_some(open) }
    }

    /// Runs one step of the application in the span; a panic ends the span on its way out.
    pub(super) fn step<R>(&mut self, step: impl FnOnce() -> R) -> R {
        if self.span.is_none() && self.open.is_none() {
            return step();
        }
        let attached = (!self.span.is_none()).then(|| self.span.attach());
        let _stepping = Stepping { attached, root: self, unwinding: Unwinding::begin() };
        step()
    }

    /// Takes the response; the span ends with its body, which may be now.
    pub(super) fn answer<B: MessageBody>(&mut self, response: &mut ServiceResponse<B>) {
        let Some(open) = &mut self.open else { return };
        if open.wants_route() {
            let (request, status) = (response.request(), response.status());
            let routes = open.shared.routes.get();
            let route = routes.and_then(|it| it.of_response(open.known_method, request, status));
            open.settle_route(route, Some(request));
        }
        let is_told = open.frame.is_recording() || open.reports();
        let error = response.response().error().filter(|_| is_told);
        let known = error.and_then(|error| open.shared.settings.known(error)).unwrap_or_default();
        let message = error.map(report::message);
        open.settle(response.status(), message.as_deref(), &known);
        if open.frame.is_recording() {
            let head = response.response().head();
            open.shared.settings.visit_response(response.request(), head, self.span);
        }
        add_headers(open.id.as_ref(), open.trace, response.headers_mut());
        let is_handed_over = response.status() == StatusCode::SWITCHING_PROTOCOLS;
        open.body_bytes = (!is_handed_over).then_some(0);
        open.declared_bytes = body::length(response.response().body());
        if is_without_body(response) {
            self.end();
        }
    }

    /// Takes the error of a middleware, which has no response yet; the span ends when it gets one.
    pub(super) fn refuse(mut self, mut error: Error) -> Error {
        let Some(mut open) = self.open.take() else { return error };
        open.look_up_route();
        let (id, trace) = (open.id.clone(), open.trace);
        let status = error.as_response_error().status_code();
        let known = open.shared.settings.known(&error).unwrap_or_default();
        let refused = Refused { open, status, error: report::message(&error), known };
        let refused = Cell::new(Some(refused));
        error.add_response_mapper(move |mut response| {
            if let Some(mut refused) = refused.take() {
                refused.status = response.status();
                // The body is out of our sight, so its size is what it says.
                refused.open.body_bytes = body::length(response.body());
            }
            add_headers(id.as_ref(), trace, response.headers_mut());
            response
        });
        error
    }

    /// Notes that so much more of the body was sent.
    pub(super) fn count(&mut self, bytes: usize) {
        if let Some(sent) = self.open.as_mut().and_then(|open| open.body_bytes.as_mut()) {
            *sent += bytes as u64;
        }
    }

    /// Notes that the body failed, and ends the span.
    pub(super) fn fail(&mut self, error: &(dyn std::error::Error + 'static)) {
        if let Some(open) = &mut self.open {
            open.cut_off = Some(Outcome::Error);
            if open.frame.is_recording() {
                let error_type = type_name::of_dyn(error).unwrap_or(type_name::OTHER);
                fail(&mut open.frame, error_type, &report::message(error));
            }
        }
        self.end();
    }

    /// Ends the span; what comes later is no part of it.
    pub(super) fn end(&mut self) {
        if let Some(mut open) = self.open.take() {
            open.finish();
        }
    }

    /// Ends the span of a request that did not come to its end.
    fn interrupt(&mut self, outcome: Outcome) {
        let Some(open) = &mut self.open else { return };
        if open.status.is_none() {
            open.look_up_route();
        }
        if outcome == Outcome::Panic && open.frame.is_recording() {
            open.frame.record(Key::ERROR_TYPE, "panic");
        }
        open.frame.set_outcome(outcome);
        open.cut_off = Some(outcome);
        self.end();
    }
}

impl Open {
    /// Keeps a request whose span has not begun.
    fn new(request: &ServiceRequest, origin: &Origin<'_>, shared: &Rc<Shared>) -> Self {
        shared.routes.get_or_init(|| Routes::new(request.resource_map().clone()));
        Self {
            frame: Frame::new(),
            id: None,
            trace: None,
            shared: Rc::clone(shared),
            known_method: known_method(request.method().as_str()).unwrap_or("HTTP"),
            is_named_by_route: false,
            uri: request.uri().clone(),
            details: None,
            access: AccessLog::begin(request, origin, &shared.settings),
            status: None,
            body_bytes: None,
            declared_bytes: None,
            cut_off: None,
        }
    }

    /// Begins the span and records what the request says.
    fn start(&mut self, request: &ServiceRequest, origin: &Origin<'_>) -> SpanRef {
        let settings = &self.shared.settings;
        let name = if is_recorded(&REQUEST) { settings.name_of(request) } else { None };
        let mut incoming = crate::extract(request.headers());
        if incoming.has_free_content() && !settings.trusts_caller(request) {
            incoming.distrust_caller();
        }
        let facts = request_facts::of_rules(request.request());
        let first_name = name.as_deref().unwrap_or(self.known_method);
        self.frame.start_incoming(&REQUEST, first_name, &incoming, facts);
        let span = self.frame.reference();
        if span.is_none() {
            return span;
        }
        self.details = takes_reports().then(|| Details::keep(request, origin, span));
        if span.is_propagation_only() {
            return span;
        }
        self.id = Some(span.in_scope(|| RequestId::of(request.request())));
        self.trace = TraceHeader::of(&incoming, span);
        self.is_named_by_route = name.is_none();
        if self.frame.is_recording() {
            self.record_request(request, origin, name.as_deref());
            self.shared.settings.visit_request(request, span);
        }
        span
    }

    fn record_request(
        &mut self,
        request: &ServiceRequest,
        origin: &Origin<'_>,
        name: Option<&str>,
    ) {
        if let Some(name) = name {
            self.frame.set_name(name);
        }
        request_facts::record(request.request(), origin, &mut self.frame);
        self.frame.record(Key::REQUEST_ID, &self.id);
    }

    pub(super) fn finish(&mut self) {
        let span = self.frame.reference();
        self.access.write(span, &self.uri, self.status, self.body_bytes, self.cut_off);
        if self.frame.is_recording() {
            self.frame.record(Key::BODY_SIZE, &self.body_bytes);
            if self.details.is_some() {
                forget_details(self.frame.reference());
            }
        }
        self.frame.finish();
    }

    /// True if all that the response declares has been sent.
    fn is_sent(&self) -> bool {
        let sizes = self.body_bytes.zip(self.declared_bytes);
        sizes.is_some_and(|(sent, declared)| sent >= declared)
    }

    /// Finds the route of a request that has no response to ask.
    fn look_up_route(&mut self) {
        if self.wants_route() {
            let routes = self.shared.routes.get();
            let route = routes.and_then(|routes| routes.find(self.known_method, self.uri.path()));
            self.settle_route(route, None);
        }
    }

    fn wants_route(&self) -> bool {
        self.frame.is_recording() || self.details.is_some() || self.access.is_on()
    }

    fn settle_route(&mut self, route: Option<String>, request: Option<&HttpRequest>) {
        let route = route.map(route::template);
        self.access.set_route(route.as_deref());
        if let Some(details) = &self.details {
            details.set_route(route.clone(), request);
        }
        if self.frame.is_recording() {
            self.record_route(route);
        }
    }

    fn record_route(&mut self, route: Option<String>) {
        self.frame.record(Key::ROUTE, &route);
        if self.frame.reference().is_segment() {
            self.frame.record(Key::ROUTE_ANNOTATION, &route);
        }
        if self.is_named_by_route {
            let method = self.known_method;
            match route {
                Some(route) => self.frame.set_name(&format_args!("{method} {route}")),
                None => self.frame.set_name(method),
            }
        }
    }
}

impl Drop for RootSpan {
    fn drop(&mut self) {
        if self.open.as_ref().is_some_and(|open| open.is_sent()) {
            // A client that has got every byte may close before the end of the body is asked for.
            return self.end();
        }
        // A panic of the request's own has been noticed where it left a step.
        self.interrupt(Outcome::Cancelled);
    }
}

/// Says in a response which request and which trace it belongs to.
fn add_headers(id: Option<&RequestId>, trace: Option<TraceHeader>, headers: &mut HeaderMap) {
    if let Some(id) = id {
        id.add_to(headers);
    }
    if let Some(trace) = trace {
        trace.add_to(headers);
    }
}

/// The span is current; notices a panic on its way out.
struct Stepping<'a> {
    attached: Option<Attached>,
    root: &'a mut RootSpan,
    unwinding: Unwinding,
}

impl Drop for Stepping<'_> {
    fn drop(&mut self) {
        self.attached = None;
        if self.unwinding.is_under_way() {
            self.root.interrupt(Outcome::Panic);
        }
    }
}

impl fmt::Debug for RootSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.span.fmt(f)
    }
}
