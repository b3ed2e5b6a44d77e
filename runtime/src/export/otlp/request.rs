//! A batch of encoded items to one `ExportTraceServiceRequest` or `ExportLogsServiceRequest`.
//!
//! ```text
//!  ResourceSpans ── resource, schema_url
//!    ScopeSpans ─── scope, spans …, schema_url      one for each scope
//! ```
//!
//! The messages around log records have the same fields under the same numbers as those around
//! spans, so their bytes are the same, and the names here are those of spans.
//!
//! All but the items is encoded once; the lengths are computed, so that no item is touched. Items
//! of several scopes are copied once, to lie next to those of their own.
//!
//! Source: <https://opentelemetry.io/docs/specs/otlp/#otlphttp-request>.

use std::io::Write;

use bytes::Bytes;
use flate2::write::GzEncoder;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::resource::v1::Resource as WireResource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans};
use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint, key_len};

use super::scopes::{self, Group};
use super::settings::{Compression, Settings};
use super::{LIMITS, attributes};
use crate::export::{Batch, Header, Limits, Request};
use crate::secret::Secret;

/// The field of `ExportTraceServiceRequest` that holds its `ResourceSpans`.
const RESOURCE_SPANS_TAG: u32 = 1;

/// The field of `ResourceSpans` that holds its `ScopeSpans`.
const SCOPE_SPANS_TAG: u32 = 2;

/// The conventions our own attributes follow.
///
/// Source: <https://opentelemetry.io/docs/specs/otel/schemas/#schema-url>.
pub(super) const SCHEMA_URL: &str = "https://opentelemetry.io/schemas/1.44.0";

/// What is the same in every request.
#[derive(Debug)]
pub(super) struct Framing {
    url: Secret,
    headers: Vec<Header>,
    compression: Compression,
    /// The encoded fields of `ResourceSpans` but its `ScopeSpans`.
    resource: Vec<u8>,
    /// The encoded fields of `ScopeSpans` but its spans.
    scope: Vec<u8>,
}

impl Framing {
    pub(super) fn new(settings: &Settings, max_text_bytes: usize) -> Self {
        let attributes = attributes::messages(settings.resource.attributes(), max_text_bytes);
        let resource = ResourceSpans {
            resource: Some(WireResource { attributes, ..WireResource::default() }),
            scope_spans: Vec::new(),
            schema_url: SCHEMA_URL.to_owned(),
        };
        let scope = ScopeSpans {
            scope: Some(InstrumentationScope {
                name: env!("CARGO_PKG_NAME").to_owned(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                ..InstrumentationScope::default()
            }),
            spans: Vec::new(),
            schema_url: SCHEMA_URL.to_owned(),
        };
        Self {
            url: Secret::new(settings.endpoint.url()),
            headers: headers(settings),
            compression: settings.compression,
            resource: resource.encode_to_vec(),
            scope: scope.encode_to_vec(),
        }
    }

    /// The most bytes a request of so many items has besides them.
    fn overhead_bytes(&self, items: usize) -> usize {
        // A tag of one byte and a length of at most five: one for the resource, one for each scope.
        const FIELD: usize = 6;
        self.resource.len() + self.scope.len() + FIELD + items * FIELD
    }

    /// What one request may hold, the frame around the items being part of the body.
    pub(super) fn limits(&self) -> Limits {
        let frame = self.overhead_bytes(LIMITS.items);
        Limits { bytes: LIMITS.bytes - frame.min(LIMITS.bytes), ..LIMITS }
    }

    /// Frames items, of which some may be of other scopes than ours.
    pub(super) fn request(&self, batch: &Batch, has_scopes: bool) -> Request {
        // Grouping looks at every item, which nobody pays for who has one scope.
        if has_scopes { self.request_of_scopes(batch) } else { self.request_of_ours(batch) }
    }

    fn request_of_ours(&self, batch: &Batch) -> Request {
        let spans = batch.bytes();
        let mut head = self.head(field_len(self.scope.len() + spans.len()), 0);
        open_scope(&self.scope, spans.len(), &mut head);
        let body = match self.compression {
            Compression::None => vec![head.into(), spans.clone()],
            Compression::Gzip => vec![gzip(&head, spans).into()],
        };
        self.request_with(body)
    }

    fn request_of_scopes(&self, batch: &Batch) -> Request {
        let groups: Vec<_> = scopes::group(batch.items())
            .into_iter()
            .map(|Group { prefix, spans }| {
                let scope = if prefix.is_empty() { &*self.scope } else { prefix };
                let spans_len: usize = spans.iter().map(|span| span.len()).sum();
                (scope, spans, spans_len)
            })
            .collect();
        let fields_len: usize =
            groups.iter().map(|(scope, _, len)| field_len(scope.len() + len)).sum();
        let mut body = self.head(fields_len, fields_len);
        for (scope, spans, spans_len) in groups {
            open_scope(scope, spans_len, &mut body);
            for span in spans {
                body.extend_from_slice(span);
            }
        }
        let body = match self.compression {
            Compression::None => body,
            Compression::Gzip => gzip(&body, &[]),
        };
        self.request_with(vec![body.into()])
    }

    fn request_with(&self, body: Vec<Bytes>) -> Request {
        Request { url: self.url.clone(), headers: self.headers.clone(), body }
    }

    /// Everything before the first scope, with room for so many bytes more; `scopes_len` is the
    /// size of all scopes' fields.
    fn head(&self, scopes_len: usize, capacity: usize) -> Vec<u8> {
        let mut head = Vec::with_capacity(self.overhead_bytes(1) + capacity);
        encode_key(RESOURCE_SPANS_TAG, WireType::LengthDelimited, &mut head);
        encode_varint((self.resource.len() + scopes_len) as u64, &mut head);
        head.extend_from_slice(&self.resource);
        head
    }
}

/// Everything of a scope before its spans.
fn open_scope(scope: &[u8], spans_len: usize, out: &mut Vec<u8>) {
    encode_key(SCOPE_SPANS_TAG, WireType::LengthDelimited, out);
    encode_varint((scope.len() + spans_len) as u64, out);
    out.extend_from_slice(scope);
}

/// The size of a `ScopeSpans` as a field.
fn field_len(len: usize) -> usize {
    key_len(SCOPE_SPANS_TAG) + encoded_len_varint(len as u64) + len
}

/// Ours first, so that the settings have the last word; a later header replaces an earlier.
fn headers(settings: &Settings) -> Vec<Header> {
    let user_agent = concat!("spanwright-otlp-exporter-rust/", env!("CARGO_PKG_VERSION"));
    let ours = [("content-type", "application/x-protobuf"), ("user-agent", user_agent)];
    let ours = ours.map(|(name, value)| Header { name: name.into(), value: Secret::new(value) });
    let mut headers = Vec::from(ours);
    if settings.compression == Compression::Gzip {
        headers.push(Header { name: "content-encoding".into(), value: Secret::new("gzip") });
    }
    headers.extend(settings.all_headers());
    headers
}

/// The fastest level: spans repeat their keys, so even that makes them a fifth.
fn gzip(head: &[u8], spans: &[u8]) -> Vec<u8> {
    let buffer = Vec::with_capacity(spans.len() / 4);
    let mut encoder = GzEncoder::new(buffer, flate2::Compression::fast());
    encoder
        .write_all(head)
        .and_then(|()| encoder.write_all(spans))
        .and_then(|()| encoder.finish())
        .expect("writing to memory cannot fail")
}
