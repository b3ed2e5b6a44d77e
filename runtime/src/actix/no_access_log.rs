//! Stands in for the access log in a build without `tracing`.

use actix_web::dev::ServiceRequest;
use actix_web::http::{StatusCode, Uri};

use super::request_facts::Origin;
use super::settings::Tracing;
use crate::record::Outcome;
use crate::span::SpanRef;

/// No line of a request.
pub(super) struct AccessLog;

impl AccessLog {
    pub(super) const fn is_wanted(_settings: &Tracing) -> bool {
        false
    }

    pub(super) const fn begin(
        _request: &ServiceRequest,
        _origin: &Origin<'_>,
        _settings: &Tracing,
    ) -> Self {
        Self
    }

    #[expect(clippy::unused_self, reason = "the other form may be on")]
    pub(super) const fn is_on(&self) -> bool {
        false
    }

    #[expect(clippy::unused_self, reason = "the other form keeps it")]
    pub(super) const fn set_route(&mut self, _route: Option<&str>) {}

    #[expect(clippy::unused_self, reason = "the other form keeps the request")]
    pub(super) const fn write(
        &mut self,
        _span: SpanRef,
        _uri: &Uri,
        _status: Option<StatusCode>,
        _body_bytes: Option<u64>,
        _cut_off: Option<Outcome>,
    ) {
    }
}
