//! What an answer means.
//!
//! | answer | meaning |
//! |---|---|
//! | 2xx | delivered, but for the events that `rejectedLogEventsInfo` names |
//! | 2xx with a body that cannot be read | delivered, and worth a word |
//! | `DataAlreadyAcceptedException` | delivered: an earlier attempt was |
//! | 413, a code or an `InvalidParameterException` that says the upload is too large | too much at once: split |
//! | any other `InvalidParameterException` | an event or the request is invalid: isolate |
//! | `ThrottlingException` and its like, `ServiceUnavailableException`, `InternalFailure`, `RequestTimeout`, 429, 5xx | retry, when `Retry-After` says |
//! | bad, expired or insufficient credentials, a clock that is off, 401, 403 | retry after five minutes; the transport has tried new keys, where there are any |
//! | `ResourceNotFoundException` | group or stream is missing: retry, later if it is not for us to create it |
//! | a step before the request that stopped it all | retry |
//! | any other | refused |
//!
//! Credentials, rights and groups can be mended while the service runs, so what waits for that is
//! kept, as far as the queue reaches and until its batch is given up.
//! Sources: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html#API_PutLogEvents_Errors>,
//! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/CommonErrors.html>,
//! <https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html>.

use std::time::Duration;

use serde_json::Value;

use super::create::{CREATE_GROUP, MISSING, PUT_RETENTION};
use super::{Settings, item, request};
use crate::export::{AccessProblem, Batch, Refusal, Reply, Verdict, answer_text};

/// How long nothing is sent after the service has said no to who signs.
const ACCESS_WAIT: Duration = Duration::from_mins(5);

/// How long nothing is sent while what somebody else has to create is missing.
const MISSING_WAIT: Duration = Duration::from_secs(30);

/// The most of a refusal's message before what to do about it, in characters.
const MAX_HINTED_CHARS: usize = 70;

/// The most of what the service says about events in words that are not known, in characters.
const MAX_INFO_CHARS: usize = 500;

/// Start of the message about a batch of more than 1 MiB, as the service counts.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html>;
/// the words are those of the service's answers.
const TOO_LARGE_UPLOAD: &str = "Upload too large";

/// Start of the message about an event that is too large, as [`TOO_LARGE_UPLOAD`].
const TOO_LARGE_EVENT: &str = "Log event too large";

/// What is known when an answer is judged.
#[derive(Debug)]
pub(super) struct Judge {
    group: String,
    creates: bool,
}

impl Judge {
    pub(super) fn new(settings: &Settings) -> Self {
        Self { group: settings.group.to_string(), creates: settings.creates }
    }

    pub(super) fn verdict(&self, batch: &Batch, reply: &Reply) -> Verdict {
        if reply.is_success() && reply.stopped_at.is_none() {
            return success(batch, reply);
        }
        let refusal = Refusal::of(reply);
        let reason = || refusal.to_string();
        if let Some(operation) = reply.stopped_at {
            return self.stopped(operation, &refusal, reply);
        }
        if let Some(verdict) = access("PutLogEvents", &refusal) {
            return verdict;
        }
        match (refusal.code.as_str(), reply.status) {
            ("DataAlreadyAcceptedException", _) => Verdict::Delivered,
            (MISSING, _) => self.missing(&refusal),
            _ if is_too_large(&refusal) => Verdict::Split,
            ("InvalidParameterException", _) => {
                let is_too_large = refusal.message.starts_with(TOO_LARGE_EVENT);
                Verdict::Isolate { is_too_large, reason: reason() }
            }
            _ if is_passing(&refusal) => {
                Verdict::Retry { after: reply.retry_after, reason: reason() }
            }
            ("", 404) => {
                let hint = "the address is not that of CloudWatch Logs: see AWS_ENDPOINT_URL";
                Verdict::Refused { reason: hinted("", &refusal, hint) }
            }
            _ => Verdict::Refused { reason: reason() },
        }
    }

    /// A step that had to come first did not succeed.
    fn stopped(&self, operation: &str, refusal: &Refusal, reply: &Reply) -> Verdict {
        if let Some(verdict) = access(operation, refusal) {
            return verdict;
        }
        if is_passing(refusal) {
            let reason = format!("{operation}: {refusal}");
            return Verdict::Retry { after: reply.retry_after, reason };
        }
        let is_group_denied = reply.skipped.contains(&CREATE_GROUP);
        let hint = if refusal.code == MISSING && is_group_denied {
            let group = &self.group;
            format!("create the log group `{group}`, or allow logs:CreateLogGroup")
        } else {
            "it is tried again".to_owned()
        };
        let reason = hinted(operation, refusal, &hint);
        Verdict::Retry { after: Some(MISSING_WAIT), reason }
    }

    fn missing(&self, refusal: &Refusal) -> Verdict {
        if self.creates {
            // It was created a moment ago, and is not everywhere yet.
            return Verdict::Retry { after: None, reason: refusal.to_string() };
        }
        let hint = format!(
            "create the log group `{}` and the stream, or let CLOUDWATCH_LOG_CREATE be true",
            self.group
        );
        Verdict::Retry { after: Some(MISSING_WAIT), reason: hinted("", refusal, &hint) }
    }
}

/// True if the request has too many bytes, by its status, its code or its message.
fn is_too_large(refusal: &Refusal) -> bool {
    refusal.status == 413
        || refusal.code.contains("TooLarge")
        || refusal.message.starts_with(TOO_LARGE_UPLOAD)
}

/// Whether the same request may succeed a little later.
fn is_passing(refusal: &Refusal) -> bool {
    const PASSING: [&str; 7] = [
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "InternalFailure",
        "InternalServerError",
        "RequestTimeout",
        "RequestTimeoutException",
        "PriorRequestNotComplete",
    ];
    let is_named = PASSING.contains(&refusal.code.as_str());
    refusal.is_throttled() || is_named || (500..600).contains(&refusal.status)
}

/// The verdict about a request whose signer the service does not accept; `None` for other refusals.
fn access(operation: &str, refusal: &Refusal) -> Option<Verdict> {
    let hint = match refusal.access()? {
        AccessProblem::Clock => "the clock of this machine is off".to_owned(),
        AccessProblem::Region => {
            "the service at this address is of another region: see AWS_REGION".to_owned()
        }
        AccessProblem::WrongSecret => {
            "AWS_SECRET_ACCESS_KEY does not belong to AWS_ACCESS_KEY_ID".to_owned()
        }
        AccessProblem::Expired => {
            "the credentials have expired: renew AWS_SESSION_TOKEN and its keys".to_owned()
        }
        AccessProblem::UnknownKey | AccessProblem::Unsigned => {
            "AWS_ACCESS_KEY_ID, or what the chain of AWS credentials found, is not valid".to_owned()
        }
        AccessProblem::NotAllowed => format!("the AWS credentials need logs:{operation}"),
        AccessProblem::Unknown => {
            "the answer has no code of AWS: check the address, proxies, and then the AWS credentials"
                .to_owned()
        }
    };
    let prefix = if operation == "PutLogEvents" { "" } else { operation };
    Some(Verdict::Retry { after: Some(ACCESS_WAIT), reason: hinted(prefix, refusal, &hint) })
}

/// A refusal, and what to do about it, in the room that a line of ours has.
fn hinted(operation: &str, refusal: &Refusal, hint: &str) -> String {
    let mut refusal = refusal.clone();
    if let Some((end, _)) = refusal.message.char_indices().nth(MAX_HINTED_CHARS) {
        refusal.message.truncate(end);
        refusal.message.push('…');
    }
    let colon = if operation.is_empty() { "" } else { ": " };
    format!("{hint} ({operation}{colon}{refusal})")
}

fn success(batch: &Batch, reply: &Reply) -> Verdict {
    let Ok(answer) = serde_json::from_slice::<Value>(&reply.body) else {
        let message = "the answer says success, its body cannot be read".to_owned();
        return Verdict::Partial { rejected: 0, message };
    };
    let info = &answer["rejectedLogEventsInfo"];
    if !info.is_null() {
        return rejected(batch, info);
    }
    if reply.skipped.contains(&PUT_RETENTION) {
        let message = "the retention was not set: the AWS credentials need logs:PutRetentionPolicy";
        return Verdict::Partial { rejected: 0, message: message.to_owned() };
    }
    Verdict::Delivered
}

/// What the service has not taken, by its kinds. Its numbers count events in the order of a request;
/// an item is rejected if one of its events is, and counted once, whatever the kind.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_RejectedLogEventsInfo.html>.
fn rejected(batch: &Batch, info: &Value) -> Verdict {
    let index = |name: &str| info[name].as_u64().and_then(|index| usize::try_from(index).ok());
    let too_new_from = index("tooNewLogEventStartIndex").unwrap_or(usize::MAX);
    let too_old_until = index("tooOldLogEventEndIndex").unwrap_or(0);
    let expired_until = index("expiredLogEventEndIndex").unwrap_or(0);
    let (mut rejected, mut too_new, mut too_old, mut expired) = (0, 0, 0, 0);
    let mut first = 0;
    for item in request::in_order(batch) {
        let last = first + item::events(item) - 1;
        let kinds = [last >= too_new_from, first < too_old_until, first < expired_until];
        for (count, is_kind) in [&mut too_new, &mut too_old, &mut expired].into_iter().zip(kinds) {
            *count += usize::from(is_kind);
        }
        rejected += usize::from(kinds.contains(&true));
        first = last + 1;
    }
    let kinds = [
        (too_new, "too new, more than 2 h ahead"),
        (too_old, "too old, more than 14 days"),
        (expired, "older than the group keeps them"),
    ];
    let told = kinds.iter().filter(|(count, _)| *count > 0);
    let told: Vec<_> = told.map(|(count, kind)| format!("{count} {kind}")).collect();
    let unknown = || answer_text::line(info.to_string().as_bytes(), MAX_INFO_CHARS);
    let message = if told.is_empty() { unknown() } else { told.join("; ") };
    Verdict::Partial { rejected, message }
}

#[cfg(test)]
mod tests;
