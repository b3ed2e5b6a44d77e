//! A batch of encoded spans to one `ExportTraceServiceRequest`.
//!
//! ```text
//!  ResourceSpans ── resource, schema_url
//!    ScopeSpans ─── scope, spans …, schema_url
//! ```
//!
//! All but the spans is encoded once; the two lengths are computed, so that no span is touched.
//!
//! Source: <https://opentelemetry.io/docs/specs/otlp/#otlphttp-request>.

use std::io::Write;

use flate2::write::GzEncoder;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::resource::v1::Resource as WireResource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans};
use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint, key_len};

use super::attributes;
use super::settings::{Compression, Settings};
use crate::export::{Batch, Header, Request};
use crate::secret::Secret;

/// The field of `ExportTraceServiceRequest` that holds its `ResourceSpans`.
const RESOURCE_SPANS_TAG: u32 = 1;

/// The field of `ResourceSpans` that holds its `ScopeSpans`.
const SCOPE_SPANS_TAG: u32 = 2;

/// The conventions our own attributes follow.
///
/// Source: <https://opentelemetry.io/docs/specs/otel/schemas/#schema-url>.
const SCHEMA_URL: &str = "https://opentelemetry.io/schemas/1.44.0";

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

    /// The most bytes a request has besides its spans.
    pub(super) fn overhead_bytes(&self) -> usize {
        // Two tags of one byte, two lengths of at most five.
        self.resource.len() + self.scope.len() + 12
    }

    pub(super) fn request(&self, batch: &Batch) -> Request {
        let (head, spans) = (self.head(batch.bytes().len()), batch.bytes());
        let body = match self.compression {
            Compression::None => vec![head.into(), spans.clone()],
            Compression::Gzip => vec![gzip(&head, spans).into()],
        };
        Request { url: self.url.clone(), headers: self.headers.clone(), body }
    }

    /// Everything before the spans.
    fn head(&self, spans_len: usize) -> Vec<u8> {
        let scope_len = self.scope.len() + spans_len;
        let scope_field = key_len(SCOPE_SPANS_TAG) + encoded_len_varint(scope_len as u64);
        let resource_len = self.resource.len() + scope_field + scope_len;
        let mut head = Vec::with_capacity(self.overhead_bytes());
        encode_key(RESOURCE_SPANS_TAG, WireType::LengthDelimited, &mut head);
        encode_varint(resource_len as u64, &mut head);
        head.extend_from_slice(&self.resource);
        encode_key(SCOPE_SPANS_TAG, WireType::LengthDelimited, &mut head);
        encode_varint(scope_len as u64, &mut head);
        head.extend_from_slice(&self.scope);
        head
    }
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
    headers.extend(settings.headers.iter().cloned());
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
