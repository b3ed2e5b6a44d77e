//! The trace context in the headers of one request, in the formats that are installed.

use crate::propagate::{Carrier, Context, Injector, Propagator};
use crate::span::{outgoing_now, tracer};

/// Reads the context of the caller from the headers of a request.
///
/// Never blocks. Without an installation, and from headers without a context, the context is empty.
pub fn extract(headers: &dyn Carrier) -> Context {
    let mut context = Context::default();
    if let Some(tracer) = tracer::here() {
        tracer.propagator.extract(headers, &mut context);
    }
    context
}

/// Calls `set` with the name and value of each header that a call made now must carry: the current
/// span, and the trace state and baggage of its request.
///
/// An unsampled trace is carried on too, so that the next service does not record either; each call
/// in it has a span id of its own. So is the caller's trace where nothing is recorded, because
/// telemetry is disabled, has no destination, or the request is below the level. Without a current
/// trace `set` is not called. Takes a short lock while any request has a trace state, baggage or a user.
///
/// The host of the call is unknown here, so propagation targets are not checked: see [`inject_for`].
/// Code that sends headers of another request removes [`propagation_fields`] from them first.
///
/// ```
/// let mut headers = Vec::new();
/// spanwright::inject(|name, value| headers.push((name.to_owned(), value.to_owned())));
/// assert!(headers.is_empty(), "nothing is installed here");
/// ```
pub fn inject(mut set: impl FnMut(&str, &str)) {
    if let Some(context) = outgoing_now()
        && let Some(tracer) = tracer::here()
    {
        tracer.propagator.inject(&context, &mut set);
    }
}

/// As [`inject`], for a call to this host and port; `set` is not called if the host is not one of the
/// [propagation targets](crate::Config::propagation_targets).
///
/// ```
/// # let mut headers = Vec::<(String, String)>::new();
/// spanwright::inject_for("api.cruddur.example", Some(443), |name, value| {
///     headers.push((name.to_owned(), value.to_owned()));
/// });
/// ```
pub fn inject_for(host: &str, port: Option<u16>, set: impl FnMut(&str, &str)) {
    if is_target(host, port) {
        inject(set);
    }
}

/// Header names of the formats that are installed, in lower case; none without an installation. Formats
/// whose header names hold data, such as [`Jaeger`](crate::propagate::Jaeger)'s baggage, have more of them,
/// which [`inject_into`] removes.
pub fn propagation_fields() -> &'static [&'static str] {
    tracer::here().map_or(&[], |tracer| tracer.propagator.fields())
}

/// Sets the headers that a call made now must carry in a map, such as a `HashMap<String, String>` or the
/// headers of a request: those that [`inject`] gives. Headers of the same formats that belong to another
/// trace are [removed](Injector::retain).
///
/// ```
/// use std::collections::HashMap;
///
/// let mut headers = HashMap::<String, String>::new();
/// spanwright::inject_into(&mut headers);
/// assert_eq!(spanwright::extract(&headers), Default::default());
/// ```
pub fn inject_into(headers: &mut dyn Injector) {
    if let Some(context) = outgoing_now()
        && let Some(tracer) = tracer::here()
    {
        tracer.propagator.replace(&context, headers);
    }
}

/// As [`inject_into`], for a call to this host and port; the headers stay as they are if the host is not
/// one of the [propagation targets](crate::Config::propagation_targets).
///
/// ```
/// # let mut headers = std::collections::HashMap::<String, String>::new();
/// spanwright::inject_into_for("api.cruddur.example", Some(443), &mut headers);
/// ```
pub fn inject_into_for(host: &str, port: Option<u16>, headers: &mut dyn Injector) {
    if is_target(host, port) {
        inject_into(headers);
    }
}

/// Returns true if context may be sent to this host.
fn is_target(host: &str, port: Option<u16>) -> bool {
    tracer::here().is_some_and(|tracer| tracer.propagation_targets.contains(host, port))
}

/// Returns true if a host was sent context and another must not get it.
#[cfg_attr(not(feature = "http-client"), expect(dead_code, reason = "for a client"))]
pub(crate) fn leaves_targets(from: (&str, Option<u16>), to: (&str, Option<u16>)) -> bool {
    is_target(from.0, from.1) && !is_target(to.0, to.1)
}
