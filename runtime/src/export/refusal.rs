//! What a service of AWS says when it says no.
//!
//! In: status, error header and body of an answer. Out: the code and the message.
//! Never: believes that a body is JSON, keeps more than a few lines of one.

use std::fmt;

use serde_json::Value;

use super::{Reply, answer_text};

/// The most characters of a message that are kept.
const MAX_MESSAGE_CHARS: usize = 500;

/// The codes with which services of AWS ask for time, whatever the status.
///
/// Source: <https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html>.
const THROTTLED: [&str; 10] = [
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottledException",
    "RequestThrottled",
    "TooManyRequestsException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "BandwidthLimitExceeded",
    "SlowDown",
];

/// Codes of problems with who signed.
///
/// Sources: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/CommonErrors.html>,
/// <https://docs.aws.amazon.com/xray/latest/api/CommonErrors.html>,
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-troubleshooting.html>.
const BY_CODE: [(AccessProblem, &[&str]); 6] = [
    (
        AccessProblem::Unsigned,
        &[
            "MissingAuthenticationToken",
            "MissingAuthenticationTokenException",
            "IncompleteSignature",
            "IncompleteSignatureException",
        ],
    ),
    (
        AccessProblem::UnknownKey,
        &[
            "UnrecognizedClientException",
            "UnrecognizedClient",
            "InvalidClientTokenId",
            "InvalidAccessKeyId",
            "AuthFailure",
        ],
    ),
    (AccessProblem::WrongSecret, &["InvalidSignatureException", "SignatureDoesNotMatch"]),
    (AccessProblem::Expired, &["ExpiredToken", "ExpiredTokenException"]),
    (
        AccessProblem::Clock,
        &[
            "RequestTimeTooSkewed",
            "RequestExpired",
            "RequestInTheFuture",
            "RequestExpiredException",
        ],
    ),
    (
        AccessProblem::NotAllowed,
        &[
            "AccessDenied",
            "AccessDeniedException",
            "UnauthorizedOperation",
            "NotAuthorized",
            "NotAuthorizedException",
            "OptInRequired",
        ],
    ),
];

/// Words of the messages about the same, which count more than a code: that of a wrong secret is also
/// that of a wrong time.
const BY_WORDS: [(AccessProblem, &[&str]); 7] = [
    (AccessProblem::Clock, &["Signature expired", "Signature not yet current"]),
    (AccessProblem::Region, &["Credential should be scoped"]),
    (AccessProblem::Expired, &["security token included in the request is expired"]),
    (AccessProblem::UnknownKey, &["security token included in the request is invalid"]),
    (AccessProblem::WrongSecret, &["signature we calculated does not match"]),
    (AccessProblem::Unsigned, &["Missing Authentication Token", "NoCredentialProviders"]),
    (AccessProblem::NotAllowed, &["is not authorized", "explicit deny"]),
];

/// A reason for which a service of AWS does not accept who signed a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AccessProblem {
    /// The request has no signature, or not all of it.
    Unsigned,
    /// The access key does not exist.
    UnknownKey,
    /// The signature was made with another secret than that of the access key.
    WrongSecret,
    /// The credentials were temporary, and have expired.
    Expired,
    /// The signature is too old or of the future: a clock is wrong.
    Clock,
    /// The signature is for another region or service.
    Region,
    /// The key is valid, and may not do this.
    NotAllowed,
    /// Status 401 or 403 without a code of AWS, as of a proxy.
    Unknown,
}

/// An answer that is not a success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The name of the error, such as `AccessDeniedException`; empty when there is none.
    pub code: String,
    /// What the service says to people; cut after 500 characters.
    pub message: String,
}

impl Refusal {
    /// Reads an answer. The header is `x-amzn-ErrorType`.
    ///
    /// Source: <https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html#operation-error-serialization>:
    /// a code may come with a name space before a `#` and an address behind a `:`.
    pub(crate) fn read(status: u16, error_type: Option<&str>, body: &[u8]) -> Self {
        let json: Option<Value> = serde_json::from_slice(body).ok();
        let field = |names: &[&str]| {
            let json = json.as_ref()?;
            names.iter().find_map(|name| json.get(*name)?.as_str())
        };
        let code = error_type.or_else(|| field(&["__type", "code", "Code"])).unwrap_or_default();
        let code = code.split(':').next().unwrap_or_default();
        let code = code.rsplit('#').next().unwrap_or_default().trim();
        let message = match field(&["message", "Message", "errorMessage"]) {
            Some(message) => message.as_bytes(),
            None if json.is_none() => body,
            None => b"",
        };
        let message = answer_text::line(message, MAX_MESSAGE_CHARS);
        Self { status, code: code.to_owned(), message }
    }

    /// Reads the answer to a request.
    pub fn of(reply: &Reply) -> Self {
        Self::read(reply.status, reply.header("x-amzn-errortype"), &reply.body)
    }

    /// Whether the same request may succeed a little later, because there were too many.
    pub fn is_throttled(&self) -> bool {
        self.status == 429 || THROTTLED.contains(&self.code.as_str())
    }

    /// Returns the problem with who signed; `None` if the refusal is about something else.
    pub fn access(&self) -> Option<AccessProblem> {
        let named = BY_CODE.iter().find(|(_, codes)| codes.contains(&self.code.as_str()));
        let is_open = named.is_some() || self.code.is_empty();
        let says = |words: &&str| self.message.contains(words);
        let told = BY_WORDS.iter().find(|(_, words)| is_open && words.iter().any(says));
        let is_refused = self.code.is_empty() && matches!(self.status, 401 | 403);
        let unknown = is_refused.then_some(AccessProblem::Unknown);
        told.map(|(problem, _)| *problem).or(named.map(|(problem, _)| *problem)).or(unknown)
    }

    /// Returns true if other credentials may be accepted.
    pub fn is_of_credentials(&self) -> bool {
        !matches!(self.access(), None | Some(AccessProblem::Clock | AccessProblem::Region))
    }

    /// Returns true if the key is valid, and may not do this.
    pub fn is_denied(&self) -> bool {
        self.access() == Some(AccessProblem::NotAllowed)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, code, message } = self;
        match (code.is_empty(), message.is_empty()) {
            (false, false) => write!(f, "{code}: {message} (status {status})"),
            (false, true) => write!(f, "{code} (status {status})"),
            (true, false) => write!(f, "{message} (status {status})"),
            (true, true) => write!(f, "status {status}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_and_message_are_found_in_every_form() {
        for (status, header, body, expected) in [
            (
                400,
                Some("InvalidRequestException:http://internal.amazon.com/coral/x/"),
                r#"{"Message":"Group already exists"}"#,
                "InvalidRequestException: Group already exists (status 400)",
            ),
            (
                400,
                None,
                r#"{"__type":"com.amazonaws.logs#ResourceAlreadyExistsException","message":"it is there"}"#,
                "ResourceAlreadyExistsException: it is there (status 400)",
            ),
            (403, Some("AccessDeniedException"), "", "AccessDeniedException (status 403)"),
            (400, None, r#"{"code":"Throttling"}"#, "Throttling (status 400)"),
            (502, None, "<html>\n bad gateway\r\n</html>\n", "bad gateway (status 502)"),
            (500, None, r#"{"message":7}"#, "status 500"),
            (503, None, "", "status 503"),
        ] {
            assert_eq!(Refusal::read(status, header, body.as_bytes()).to_string(), expected);
        }
    }

    #[test]
    fn only_what_asks_for_time_is_throttled() {
        for (status, code, expected) in [
            (429, "", true),
            (400, "ThrottledException", true),
            (400, "ThrottlingException", true),
            (400, "LimitExceededException", false),
            (503, "", false),
        ] {
            let refusal = Refusal { status, code: code.to_owned(), message: String::new() };
            assert_eq!(refusal.is_throttled(), expected, "{refusal}");
        }
    }

    #[test]
    fn a_long_page_is_cut() {
        let refusal = Refusal::read(500, None, "ü".repeat(10_000).as_bytes());
        assert_eq!(refusal.message.chars().count(), MAX_MESSAGE_CHARS + 1);
    }

    #[test]
    fn refusal_of_who_signed_is_told_by_code_and_message() {
        use AccessProblem::*;
        for (status, code, message, expected) in [
            (403, "UnrecognizedClientException", "The security token is invalid", Some(UnknownKey)),
            (403, "", "The security token included in the request is invalid.", Some(UnknownKey)),
            (403, "InvalidSignatureException", "does not match", Some(WrongSecret)),
            (403, "SignatureDoesNotMatch", "", Some(WrongSecret)),
            (403, "InvalidSignatureException", "Signature expired: 2026 is now", Some(Clock)),
            (403, "SignatureDoesNotMatch", "Signature not yet current: 2026", Some(Clock)),
            (403, "RequestTimeTooSkewed", "", Some(Clock)),
            (400, "ExpiredTokenException", "", Some(Expired)),
            (403, "", "The security token included in the request is expired", Some(Expired)),
            (403, "InvalidSignatureException", "Credential should be scoped to x", Some(Region)),
            (403, "MissingAuthenticationTokenException", "", Some(Unsigned)),
            (403, "", "Missing Authentication Token", Some(Unsigned)),
            (400, "AccessDeniedException", "User is not authorized to perform", Some(NotAllowed)),
            (403, "", "User: a is not authorized to perform: b", Some(NotAllowed)),
            (403, "", "Forbidden", Some(Unknown)),
            (401, "", "", Some(Unknown)),
            (403, "SomethingElseException", "is not authorized to perform", None),
            (400, "InvalidParameterException", "Signature expired is no name", None),
            (500, "", "", None),
        ] {
            let (code, message) = (code.to_owned(), message.to_owned());
            let refusal = Refusal { status, code, message };
            assert_eq!(refusal.access(), expected, "{refusal}");
            let is_credentials = !matches!(expected, None | Some(Clock | Region));
            assert_eq!(refusal.is_of_credentials(), is_credentials, "{refusal}");
            assert_eq!(refusal.is_denied(), expected == Some(NotAllowed), "{refusal}");
        }
    }
}
