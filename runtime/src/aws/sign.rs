//! Signature Version 4.
//!
//! In: the parts of a request, credentials, region, service and time. Out: the headers that sign
//! it. A pure function: the same input makes the same headers.
//! Never: reads a clock, prints a secret.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>.

use std::fmt::Write as _;
use std::time::SystemTime;

use aws_sigv4::http_request::{
    SignableBody, SignableRequest, SigningError, SigningSettings, sign as sign_request,
};
use aws_sigv4::sign::v4;
use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use super::Credentials;
use crate::export::Header;
use crate::secret::Secret;
use crate::turns;

/// After how many bytes of a body other threads get a turn on the processor, some 50 µs: a megabyte
/// takes long enough for a request of the application to be late.
const PIECE_BYTES: usize = 64 * 1024;

/// What a signature covers.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a> {
    /// The method, in upper case.
    pub method: &'a str,
    /// The whole address, query included.
    pub url: &'a Secret,
    /// The headers; `Host` is added from the address where it is missing.
    pub headers: &'a [Header],
    /// The body as it is sent, in parts.
    pub body: &'a [Bytes],
}

/// Where and when a signature counts.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// Who signs.
    pub credentials: &'a Credentials,
    /// The region's name.
    pub region: &'a str,
    /// The service's name, as in [`Service::name`](super::Service::name).
    pub service: &'a str,
    /// When; AWS refuses what is more than five minutes away from its own clock.
    pub time: SystemTime,
}

/// Why a request cannot be signed.
#[derive(Debug, thiserror::Error)]
#[error("cannot sign the request: {0}")]
pub struct SignError(String);

/// The headers that a request needs on top of its own: `x-amz-date`, `authorization`, and
/// `x-amz-security-token` for credentials that end.
///
/// # Errors
/// The address or a header is not one that could be sent.
pub fn sign(parts: &Parts<'_>, scope: &Scope<'_>) -> Result<Vec<Header>, SignError> {
    let url = parts.url.reveal();
    let (_, rest) = url.split_once("://").unwrap_or_default();
    if rest.is_empty() || rest.starts_with(['/', '?', '#']) {
        return Err(SignError("the address has no host".to_owned()));
    }
    let identity = scope.credentials.inner().clone().into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(scope.region)
        .name(scope.service)
        .time(scope.time)
        .settings(SigningSettings::default())
        .build()
        .map_err(|error| SignError(error.to_string()))?
        .into();
    let headers = parts.headers.iter().map(|header| (&*header.name, header.value.reveal()));
    let body = SignableBody::Precomputed(sha256(parts.body));
    let request = SignableRequest::new(parts.method, url, headers, body).map_err(unsignable)?;
    let (instructions, _) = sign_request(request, &params).map_err(unsignable)?.into_parts();
    let header = |(name, value): (&str, &str)| Header {
        name: name.to_owned().into(),
        value: Secret::new(value),
    };
    Ok(instructions.headers().map(header).collect())
}

/// The hash of a body in lower-case hexadecimal digits; the parts stay where they are.
fn sha256(parts: &[Bytes]) -> String {
    let mut hash = Sha256::new();
    for piece in parts.iter().flat_map(|part| part.chunks(PIECE_BYTES)) {
        hash.update(piece);
        turns::give_way();
    }
    let mut text = String::with_capacity(64);
    for byte in hash.finalize() {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The library's own text says nothing but that signing failed; its source holds no values.
#[expect(clippy::needless_pass_by_value, reason = "the shape `map_err` wants")]
fn unsignable(error: SigningError) -> SignError {
    use std::error::Error as _;
    SignError(error.source().map_or_else(|| error.to_string(), ToString::to_string))
}

#[cfg(test)]
mod tests;
