//! Whether a request is signed by the key that the service knows, for it and for now.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>.

use std::time::{Duration, SystemTime};

use spanwright::aws::{Parts, Scope, Service, sign};
use spanwright::export::Header;
use spanwright::secret::Secret;

use super::{ACCESS_KEY_ID, REGION, Refusal, credentials};
use crate::http_server::Received;

/// How far the time of a signature may be from that of the service.
const MAX_SKEW: Duration = Duration::from_mins(5);

pub(super) fn check(received: &Received, now: SystemTime) -> Result<(), Refusal> {
    let header = |name: &str| received.header(name).unwrap_or_default();
    let authorization = header("authorization");
    let Some(rest) = authorization.strip_prefix("AWS4-HMAC-SHA256 Credential=") else {
        return Err(Refusal::new("MissingAuthenticationTokenException", "Missing token"));
    };
    let (scope, rest) = rest.split_once(", SignedHeaders=").unwrap_or_default();
    let (signed, _) = rest.split_once(", Signature=").unwrap_or_default();
    let parts: Vec<_> = scope.split('/').collect();
    let [key, date, region, service, "aws4_request"] = parts[..] else {
        return Err(Refusal::new("IncompleteSignatureException", scope));
    };
    if key != ACCESS_KEY_ID {
        let message = "The security token included in the request is invalid.";
        return Err(Refusal::new("UnrecognizedClientException", message));
    }
    if (region, service) != (REGION, "logs") {
        let message = format!("Credential should be scoped to a valid region, not '{region}'.");
        return Err(Refusal::new("InvalidSignatureException", message));
    }
    let is_signed = |name: &str| signed.split(';').any(|known| known == name);
    let has_to_be = |name: &str| name == "host" || name.starts_with("x-amz-");
    let mut names = received.headers.iter().map(|(name, _)| name.as_str());
    if !header("x-amz-date").starts_with(date) || names.any(|it| has_to_be(it) && !is_signed(it)) {
        let message =
            "'Host' and every 'X-Amz-…' must be a 'SignedHeader' in the AWS Authorization.";
        return Err(Refusal::new("InvalidSignatureException", message));
    }
    let time = time(header("x-amz-date"))
        .ok_or_else(|| Refusal::new("IncompleteSignatureException", "x-amz-date"))?;
    if time + MAX_SKEW < now || now + MAX_SKEW < time {
        let what = if time < now { "expired" } else { "not yet current" };
        let message = format!("Signature {what}: {}", header("x-amz-date"));
        return Err(Refusal::new("InvalidSignatureException", message));
    }
    if expected(received, signed, time) == authorization {
        return Ok(());
    }
    let message = "The request signature we calculated does not match the signature you provided.";
    Err(Refusal::new("InvalidSignatureException", message))
}

/// What the signature has to be, worked out from what arrived.
fn expected(received: &Received, signed: &str, time: SystemTime) -> String {
    let of_signature = ["authorization", "x-amz-date", "x-amz-security-token"];
    let is_signed = |name: &str| signed.split(';').any(|known| known == name);
    let headers: Vec<_> = received
        .headers
        .iter()
        .filter(|(name, _)| is_signed(name) && !of_signature.contains(&&**name))
        .map(|(name, value)| Header { name: name.clone().into(), value: Secret::new(value) })
        .collect();
    let host = received.header("host").unwrap_or_default();
    let url = Secret::new(format!("http://{host}{}", received.path));
    let body = [received.raw_body.clone().into()];
    let parts = Parts { method: &received.method, url: &url, headers: &headers, body: &body };
    let credentials = credentials();
    let service = Service::LOGS.name();
    let scope = Scope { credentials: &credentials, region: REGION, service, time };
    let headers = sign(&parts, &scope).expect("what arrived can be signed");
    let found = headers.iter().find(|header| header.name == "authorization");
    found.map_or_else(String::new, |header| header.value.reveal().to_owned())
}

/// Reads `20261120T100000Z`.
fn time(text: &str) -> Option<SystemTime> {
    let digits = |range: std::ops::Range<usize>| text.get(range)?.parse::<u64>().ok();
    let (mut year, month, day) = (digits(0..4)?, digits(4..6)?, digits(6..8)?);
    let (hour, minute, second) = (digits(9..11)?, digits(11..13)?, digits(13..15)?);
    // Years that begin in March.
    let month = if month > 2 {
        month - 3
    } else {
        year -= 1;
        month + 9
    };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1;
    let days = days.checked_sub(719_468)?;
    let seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
    Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}
