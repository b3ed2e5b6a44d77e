//! A request as it came in, for reports of errors.
//!
//! Most requests do not fail, so what they are is copied as it stands and put into words later, on
//! a thread of ours.
//! In: the head of a request, the route once it is known, what the handler reads of the body. Out: a
//! [`RequestRecord`].
//! Never: formats or decodes anything on the application's threads; leaves a secret out, which is
//! for whoever sends it.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use actix_web::HttpRequest;
use actix_web::dev::ServiceRequest;
use actix_web::http::header::HeaderMap;
use actix_web::http::{Method, Uri};

use super::request_facts::Origin;
use crate::record::RequestRecord;
use crate::span::SpanRef;
use crate::span::request::{Describe, reweigh, set_details};

/// Room for the headers of a usual request, in bytes.
const HEADER_BYTES: usize = 1_024;

/// What is kept of one request.
pub(super) struct Details {
    /// Span of the request.
    span: SpanRef,
    method: Method,
    uri: Uri,
    scheme: &'static str,
    host: Option<Box<str>>,
    client: Option<IpAddr>,
    headers: HeaderLines,
    routed: OnceLock<Routed>,
    /// The beginning of the body, as far as it was read.
    body: Mutex<Vec<u8>>,
}

/// What is known by the response.
struct Routed {
    route: Option<String>,
    params: Vec<(String, String)>,
}

impl Routed {
    fn weight_bytes(&self) -> usize {
        let of_param = |(name, value): &(String, String)| {
            size_of::<(String, String)>() + name.len() + value.len()
        };
        self.route.as_ref().map_or(0, String::len) + self.params.iter().map(of_param).sum::<usize>()
    }
}

impl Details {
    /// Keeps a request for reports of errors under its span.
    pub(super) fn keep(request: &ServiceRequest, origin: &Origin<'_>, span: SpanRef) -> Arc<Self> {
        let details = Arc::new(Self {
            span,
            method: request.method().clone(),
            uri: request.uri().clone(),
            scheme: origin.scheme,
            host: origin.host.map(Into::into),
            client: origin.client,
            headers: HeaderLines::of(request.headers()),
            routed: OnceLock::new(),
            body: Mutex::default(),
        });
        set_details(span, details.clone());
        details
    }

    /// Notes where a request went; what it says itself is not there where a middleware has used it
    /// up. Only the first time counts.
    pub(super) fn set_route(&self, route: Option<String>, request: Option<&HttpRequest>) {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        // A scope that matched alone has parameters, but no route.
        let routed = request.filter(|_| route.is_some());
        let params = routed.map(|request| request.match_info().iter().map(owned).collect());
        // A route that is looked up again is the same one.
        let _ = self.routed.set(Routed { route, params: params.unwrap_or_default() });
    }

    /// Keeps what was read of the body. Takes a short lock.
    pub(super) fn add_to_body(&self, bytes: &[u8]) {
        self.body().extend_from_slice(bytes);
        reweigh(self.span);
    }

    fn body(&self) -> MutexGuard<'_, Vec<u8>> {
        self.body.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The whole URL; without a host in the request, its path and query alone.
    fn url(&self) -> String {
        let path = self.uri.path_and_query().map_or("/", |path| path.as_str());
        let Some(host) = &self.host else { return path.to_owned() };
        // `*` is the path of a request about the server as a whole.
        let slash = if path.starts_with('/') { "" } else { "/" };
        format!("{}://{host}{slash}{path}", self.scheme)
    }
}

impl Describe for Details {
    fn describe(&self) -> RequestRecord {
        let routed = self.routed.get();
        RequestRecord {
            method: self.method.to_string(),
            url: self.url(),
            route: routed.and_then(|routed| routed.route.clone()),
            params: routed.map(|routed| routed.params.clone()).unwrap_or_default(),
            headers: self.headers.to_pairs(),
            client_address: self.client.map(|client| client.to_string()),
            body: Some(beginning(&self.body())).filter(|body| !body.is_empty()),
        }
    }

    fn weight_bytes(&self) -> usize {
        let path = self.uri.path_and_query().map_or(0, |path| path.as_str().len());
        // Until they are known, parameters count as the path that they are parts of.
        let routed_bytes = self.routed.get().map_or(path, Routed::weight_bytes);
        size_of::<Self>()
            + path
            + self.host.as_ref().map_or(0, |host| host.len())
            + self.headers.0.capacity()
            + routed_bytes
            + self.body().capacity()
    }
}

/// The text of a body that may have been cut within a character.
fn beginning(bytes: &[u8]) -> String {
    let whole = match str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => &bytes[..error.valid_up_to()],
        _ => bytes,
    };
    String::from_utf8_lossy(whole).into_owned()
}

/// Headers as `name:value` lines: neither has a line feed, and a name no colon.
///
/// A copy in one piece is cheaper than a reference to each value, and keeps no buffer of a
/// connection alive.
struct HeaderLines(Vec<u8>);

impl HeaderLines {
    fn of(headers: &HeaderMap) -> Self {
        let mut lines = Vec::with_capacity(HEADER_BYTES);
        for (name, value) in headers {
            lines.extend_from_slice(name.as_str().as_bytes());
            lines.push(b':');
            lines.extend_from_slice(value.as_bytes());
            lines.push(b'\n');
        }
        Self(lines)
    }

    fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.0.split(|byte| *byte == b'\n').filter_map(|line| {
            let (name, value) = line.split_at_checked(line.iter().position(|b| *b == b':')?)?;
            Some((name, value.get(1..)?))
        })
    }

    /// By name, since the server has forgotten in which order they came; the values of one name
    /// stay in theirs.
    fn to_pairs(&self) -> Vec<(String, String)> {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        let mut pairs: Vec<_> =
            self.iter().map(|(name, value)| (text(name), text(value))).collect();
        pairs.sort_by(|(one, _), (other, _)| one.cmp(other));
        pairs
    }
}
