//! What an application says about its requests' spans.
//!
//! In: names, exclusions and closures. Out: the [`Tracing`] middleware.
//! Never: looks at a request by itself.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use actix_web::dev::{ResponseHead, ServiceRequest};
use actix_web::{HttpRequest, ResponseError};

use crate::guard::guard;
use crate::span::{ClassifyError, SpanRef, class_by};
use crate::type_name;

use super::refused::KnownError;

/// Makes a server span for every request; the middleware for [`App::wrap`](actix_web::App::wrap).
///
/// Wrap it last, so that it is outermost and its spans cover the other middleware too. A request has
/// one span: around a scope of an application that is wrapped, it does nothing, and its settings have
/// no effect.
///
/// The span is named `METHOD /route/{template}`, or `METHOD` where no route matched, and it is
/// current while the handler and the body of the response run. The parent comes from the
/// headers, by the formats that are installed. It ends when the body of the response does; for an
/// upgraded connection, when the connection is handed over. Its outcome:
///
/// | what happened | outcome | status |
/// |---|---|---|
/// | a response below 500 | ok | unset |
/// | a response from 500 on | error | error, with the message of the handler's `Err` |
/// | the body failed | error | error, with its message |
/// | the handler or the body panicked | panic | error |
/// | the client went away before the end of the body | cancelled | unset |
///
/// Attributes:
///
/// | key | value |
/// |---|---|
/// | `http.request.method` | the method; `_OTHER` and `http.request.method_original` for one that is not known |
/// | `url.path` | as it came |
/// | `url.scheme` | `http` or `https`: as [trusted proxies](Tracing::trusted_proxies) pass it on, or that of the connection |
/// | `url.query` | as it came, but for the values of keys that are secrets, which are `REDACTED`: `AWSAccessKeyId`, `Signature`, `sig`, `X-Amz-Credential`, `X-Amz-Security-Token`, `X-Amz-Signature`, `X-Goog-Signature`, `password`, `token`, `access_token`, `api_key`, `secret`, in either case; **a secret under another key is recorded** |
/// | `http.route` | the pattern of the resource that handled the request; see [below](Self#the-route) |
/// | `http.response.status_code` | the status |
/// | `http.response.body.size` | how many bytes of the body were sent, which for a client that went away are not all |
/// | `server.address`, `server.port` | the host that the client asked for: as [trusted proxies](Tracing::trusted_proxies) pass it on, or the header `Host` |
/// | `client.address` | the address of the client: as [trusted proxies](Tracing::trusted_proxies) pass it on, or that of the peer |
/// | `network.peer.address`, `network.peer.port` | the other end of the connection |
/// | `network.protocol.name`, `network.protocol.version` | `http` and `1.0`, `1.1`, `2` or `3` |
/// | `user_agent.original` | the header `User-Agent` |
/// | `spanwright.request_id` | the [`RequestId`](super::RequestId); no convention has a key for it |
/// | `error.type` | where the status is error: the type of an error named by [`classify_errors`](Tracing::classify_errors), else the status code; `panic` for a panic; for a body that failed, the type of its error if that is one of the standard library, else `_OTHER` |
///
/// An error that the handler returned where the status is not error, such as one with a 404, is an
/// event `exception` with `exception.message`, and `exception.type` if its type was named. actix-web hands
/// errors over without their types: others have none in the span and the report; an annotated handler
/// knows it.
///
/// Source: <https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server-span>.
///
/// As a segment of AWS X-Ray, it is found by its route, in the annotation `http_route`.
///
/// Where the format of [AWS X-Ray](crate::propagate::Xray) is installed, every response says in
/// `X-Amzn-Trace-Id` which trace the request belongs to, and with a `Sampled=?` in the request
/// whether it is recorded; a header that a handler has set stays as it is. A page of another origin
/// reads it, as well as `x-request-id`, only if `Access-Control-Expose-Headers` names it. If the
/// request came with two traces, the span has a link to the one that does not go on.
///
/// Where reports of errors are taken, those of a request tell how it came in: method, URL, route and
/// its parameters, all headers, the address of the client, and on demand the
/// [body](Tracing::capture_body).
///
/// # The route
///
/// actix-web passes on which resource has handled a request with the response alone. Without one, where
/// the client went away or the handler panicked, and where a middleware answered before the request was
/// routed, the route is the resource that matches the path. If several do, such as `/purl/{key}` for GET
/// and `/purl/recommend` for POST, guards decide, which cannot be called from outside: the route is the
/// first one that has answered the same method before, if none that is tried earlier can take the
/// request. As long as that is not certain, the request has no route and is named by its method. Default
/// services are assumed to answer; a resource whose guards look at more than the method is recognized
/// once it has both taken and refused requests of the method.
///
/// # The access log
///
/// With the feature `tracing`, every request that is over is an event of [`tracing`] with the target
/// `spanwright::access`, while its span is current; so it has the trace and the user, and every
/// subscriber sees it, installed by this crate or not, which may filter it
/// (`info,spanwright::access=warn`). Its message is a line
///
/// ```text
/// [2026-Nov-20 09:16] 127.0.0.1 GET http /api/activities/home? 500 INTERNAL SERVER ERROR
/// ```
///
/// with the time of the end in UTC, the client, the method, the scheme, path and query, secrets hidden as in
/// `url.query`, and the status. Control characters, spaces and all that is not ASCII are escaped by
/// `%`, and of a path or a query that has more than 1,024 characters the rest is `…`.
///
/// | what happened | level | end of the line |
/// |---|---|---|
/// | a response below 400 | info | `200 OK` |
/// | a response below 500 | warn | `404 NOT FOUND` |
/// | a response from 500 on | error | `500 INTERNAL SERVER ERROR` |
/// | the body failed, or panicked | error | `200 OK (error)`, `200 OK (panic)` |
/// | the handler panicked, and nobody answered for it | error | `- (panic)` |
/// | the client went away before the end of the body | as the status, at least warn | `200 OK (cancelled)` |
/// | the client went away before there was an answer | warn | `- (cancelled)` |
///
/// Beside it the event has the fields `http.request.method`, `url.path`, `http.route`,
/// `http.response.status_code`, `http.response.body.size`, `client.address` and
/// `user_agent.original`, as the span has them, `duration_ms` until the end of the body, and
/// `spanwright.outcome` where it was cut off. It is no event of the span, which says all of this
/// itself. Excluded requests have no line, nor have any after
/// [`Tracing::without_access_log`].
///
/// # Where nothing is recorded
///
/// Without an installation a request costs a few checks and goes through untouched, without a request
/// id in its response; its line in the access log is written all the same. Where telemetry is installed
/// and disabled, has no destination, or records no spans of this level, the context of the caller also
/// goes on to the calls that the request makes. With the feature `off` nothing is read or sent.
///
/// In tests, read the body of a response (`test::call_and_read_body`): one that is dropped unread
/// looks like a client that went away.
#[derive(Clone, Default)]
#[must_use = "the middleware does nothing until an `App` is wrapped in it"]
pub struct Tracing {
    excluded_paths: Vec<Cow<'static, str>>,
    is_excluded: Option<Arc<Predicate>>,
    /// Number of proxies before this service whose headers are trusted.
    pub(super) trusted_proxies: usize,
    is_trusted_caller: Option<Arc<Predicate>>,
    /// Whether errors that a handler answers with are left to others to report.
    pub(super) leaves_errors: bool,
    /// Functions that look at an error of a type that was named, one for each type.
    known_errors: Vec<fn(&actix_web::Error) -> Option<KnownError>>,
    /// How much of a body reports of errors tell.
    pub(super) max_body_bytes: usize,
    /// Whether requests have no line in the log.
    pub(super) omits_access_log: bool,
    name: Option<Arc<Naming>>,
    on_request: Vec<Arc<OnRequest>>,
    on_response: Vec<Arc<OnResponse>>,
}

type Predicate = dyn Fn(&ServiceRequest) -> bool + Send + Sync;
type Naming = dyn Fn(&ServiceRequest) -> Option<Cow<'static, str>> + Send + Sync;
type OnRequest = dyn Fn(&ServiceRequest, SpanRef) + Send + Sync;
type OnResponse = dyn Fn(&HttpRequest, &ResponseHead, SpanRef) + Send + Sync;

impl Tracing {
    /// Makes a span for every request, with the names and attributes above.
    pub fn new() -> Self {
        Self::default()
    }

    /// Leaves out requests for exactly these paths, without their queries: neither they nor
    /// anything below them is recorded, their calls carry no context, and their responses get no
    /// request id.
    pub fn exclude<P: Into<Cow<'static, str>>>(
        mut self,
        paths: impl IntoIterator<Item = P>,
    ) -> Self {
        self.excluded_paths.extend(paths.into_iter().map(Into::into));
        self
    }

    /// Leaves out requests for which this is true, besides those of [`Tracing::exclude`].
    pub fn exclude_if(
        self,
        is_excluded: impl Fn(&ServiceRequest) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self { is_excluded: Some(Arc::new(is_excluded)), ..self }
    }

    /// Sets the number of trusted proxies before this service; default 0.
    ///
    /// Each proxy adds an element to the end of `X-Forwarded-For`, or of `Forwarded` (RFC 7239).
    /// With `count` proxies, the peer of the connection is the first of them, and the client is the
    /// `count`-th element from the end, or the first one of a shorter list; everything before it is
    /// text that the client may have written, and is not read. Access log, span, segment and reports
    /// of errors all have the same address. With 0, no header is read: the client is the peer.
    ///
    /// - Only IP addresses count, with or without a port. Where an element is `unknown` or an
    ///   identifier that hides the node, the client is the next element behind it that is an
    ///   address, or else the peer.
    /// - Scheme and host are those of the same element: `X-Forwarded-Proto` and `X-Forwarded-Host`,
    ///   or `proto` and `host` in `Forwarded`. Without them, scheme and host are those of the request
    ///   itself.
    /// - `Forwarded` is read where there is no `X-Forwarded-For`, because most proxies write the
    ///   latter and pass on `Forwarded` as the client sent it.
    /// - At most 64 proxies count.
    ///
    /// **Proxies must write the header that is read**, or remove it: what a proxy passes on as it
    /// came is text of the client. This holds for `X-Forwarded-For` too where proxies write
    /// `Forwarded`.
    ///
    /// ```
    /// use spanwright::actix::Tracing;
    ///
    /// // A load balancer before the service, and a content delivery network before that.
    /// let tracing = Tracing::new().trusted_proxies(2);
    /// ```
    pub fn trusted_proxies(self, count: usize) -> Self {
        Self { trusted_proxies: count, ..self }
    }

    /// Trusts the callers for whose requests this is true: their baggage, and the free pairs of their
    /// `X-Amzn-Trace-Id`, go on with the calls that the request makes. By default no caller is trusted, as
    /// for a service that anyone can reach: handlers read the baggage, and it is not sent on. Trace context
    /// goes on in any case.
    ///
    /// ```
    /// use spanwright::actix::Tracing;
    ///
    /// // Every request comes from a service of our own.
    /// let internal = Tracing::new().trust_callers_if(|_| true);
    /// // Only the gateway is trusted.
    /// let tracing = Tracing::new().trust_callers_if(|request| {
    ///     request.peer_addr().is_some_and(|peer| peer.ip().is_loopback())
    /// });
    /// ```
    pub fn trust_callers_if(
        self,
        is_trusted: impl Fn(&ServiceRequest) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self { is_trusted_caller: Some(Arc::new(is_trusted)), ..self }
    }

    /// Leaves it to annotated functions, and calls by hand, to report errors. Where this is not called,
    /// an error that a handler answers with and a status from 500 on is reported if no failure in the
    /// request was, even one that an annotated function was told to ignore.
    pub fn leave_errors(self) -> Self {
        Self { leaves_errors: true, ..self }
    }

    /// Classifies errors of the type `E` that a handler or middleware answers with, by
    /// [`ClassifyError`].
    ///
    /// A fault is reported and any other class is not, and the segment in AWS X-Ray has the flags of the
    /// class. A fault fails the span whatever the status, an ignored error never does, and a client
    /// error or a throttle does with a status from 500 on. The type's name is the `error.type` of the span
    /// (otherwise the status is), the type of the exception in X-Ray, and that of the report.
    /// Call it once for each error type of the application; other errors keep to the status.
    ///
    /// ```
    /// use spanwright::actix::Tracing;
    /// # use spanwright::{ClassifyError, ErrorClass};
    /// # #[derive(Debug)]
    /// # struct AppError;
    /// # impl std::fmt::Display for AppError {
    /// #     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str("no") }
    /// # }
    /// # impl actix_web::ResponseError for AppError {}
    /// # impl ClassifyError for AppError {
    /// #     fn error_class(&self) -> ErrorClass { ErrorClass::Error }
    /// # }
    ///
    /// let tracing = Tracing::new().classify_errors::<AppError>();
    /// # drop(tracing);
    /// ```
    pub fn classify_errors<E: ClassifyError + ResponseError + 'static>(mut self) -> Self {
        self.known_errors.push(|error| {
            let error = error.as_error::<E>()?;
            let class = class_by(error, E::error_class);
            Some(KnownError { class, type_name: type_name::of_type(std::any::type_name::<E>()) })
        });
        self
    }

    /// Returns what is known of an error of a type that was named.
    pub(super) fn known(&self, error: &actix_web::Error) -> Option<KnownError> {
        self.known_errors.iter().find_map(|known| known(error))
    }

    /// Tells the beginning of a request's body, at most `max_bytes` of it, in reports of errors in
    /// the request. Where this is not called they tell nothing of it.
    ///
    /// Only what the handler has read by then is told, and only of JSON, forms and texts
    /// (`application/json`, `application/*+json`, `application/x-www-form-urlencoded`, `text/*`)
    /// that are not compressed. It is kept in memory until the request is over. **A body holds what people
    /// write, passwords too.**
    ///
    /// ```
    /// use spanwright::actix::Tracing;
    ///
    /// let tracing = Tracing::new().capture_body(4_096);
    /// ```
    pub fn capture_body(self, max_bytes: usize) -> Self {
        Self { max_body_bytes: max_bytes, ..self }
    }

    /// Writes no line in the log about a request that is over; what these lines say is
    /// [above](Self#the-access-log).
    pub fn without_access_log(self) -> Self {
        Self { omits_access_log: true, ..self }
    }

    /// Names spans; where it answers `None` the name is the usual one.
    ///
    /// Called before the request is routed: [`ServiceRequest::match_pattern`] names the first resource
    /// that matches the path then, which may not be the one that handles the request. A name must not
    /// contain what differs from request to request, such as the path.
    ///
    /// ```
    /// use spanwright::actix::Tracing;
    ///
    /// let tracing = Tracing::new().name(|request| {
    ///     let operation = request.headers().get("x-operation")?.to_str().ok()?;
    ///     (operation == "import").then(|| "import".into())
    /// });
    /// ```
    pub fn name(
        self,
        name: impl Fn(&ServiceRequest) -> Option<Cow<'static, str>> + Send + Sync + 'static,
    ) -> Self {
        Self { name: Some(Arc::new(name)), ..self }
    }

    /// Calls this for each recorded request before it is handled; may be given several times.
    ///
    /// ```
    /// use spanwright::actix::Tracing;
    ///
    /// let tracing = Tracing::new().on_request(|request, span| {
    ///     if let Some(tenant) = request.headers().get("x-tenant").and_then(|id| id.to_str().ok()) {
    ///         span.set_attribute("app.tenant", tenant);
    ///     }
    /// });
    /// ```
    pub fn on_request(
        mut self,
        visit: impl Fn(&ServiceRequest, SpanRef) + Send + Sync + 'static,
    ) -> Self {
        self.on_request.push(Arc::new(visit));
        self
    }

    /// Calls this for each recorded request that was answered, before the body is sent; may be
    /// given several times. The request has what handlers left in its extensions.
    ///
    /// Not called where a middleware answered with `Err`: then there is no request any more.
    pub fn on_response(
        mut self,
        visit: impl Fn(&HttpRequest, &ResponseHead, SpanRef) + Send + Sync + 'static,
    ) -> Self {
        self.on_response.push(Arc::new(visit));
        self
    }

    pub(super) fn excludes(&self, request: &ServiceRequest) -> bool {
        let path = request.path();
        self.excluded_paths.iter().any(|excluded| excluded == path)
            || is_true("`exclude_if`", self.is_excluded.as_deref(), request)
    }

    pub(super) fn trusts_caller(&self, request: &ServiceRequest) -> bool {
        is_true("`trust_callers_if`", self.is_trusted_caller.as_deref(), request)
    }

    pub(super) fn name_of(&self, request: &ServiceRequest) -> Option<Cow<'static, str>> {
        let name = self.name.as_deref()?;
        guard("`name` of `Tracing`", || name(request)).flatten()
    }

    pub(super) fn visit_request(&self, request: &ServiceRequest, span: SpanRef) {
        for visit in &self.on_request {
            guard("`on_request`", || visit(request, span));
        }
    }

    pub(super) fn visit_response(&self, request: &HttpRequest, head: &ResponseHead, span: SpanRef) {
        for visit in &self.on_response {
            guard("`on_response`", || visit(request, head, span));
        }
    }
}

/// Asks a predicate of the application; a panic in it is a no.
fn is_true(name: &str, predicate: Option<&Predicate>, request: &ServiceRequest) -> bool {
    predicate.is_some_and(|predicate| guard(name, || predicate(request)).unwrap_or(false))
}

impl fmt::Debug for Tracing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tracing")
            .field("excluded_paths", &self.excluded_paths)
            .field("trusted_proxies", &self.trusted_proxies)
            .field("leaves_errors", &self.leaves_errors)
            .field("max_body_bytes", &self.max_body_bytes)
            .field("omits_access_log", &self.omits_access_log)
            .finish_non_exhaustive()
    }
}
