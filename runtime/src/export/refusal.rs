//! What a service of AWS says when it says no.
//!
//! In: status, error header and body of an answer. Out: the code and the message.
//! Never: believes that a body is JSON, keeps more than a few lines of one.

use std::fmt;

use serde_json::Value;

use super::Reply;

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

/// The codes with which services of AWS do not take who signed.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/CommonErrors.html>.
const OF_CREDENTIALS: [&str; 6] = [
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "ExpiredToken",
    "ExpiredTokenException",
];

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
            Some(message) => message.into(),
            None if json.is_none() => String::from_utf8_lossy(body),
            None => "".into(),
        };
        // A page of a proxy has many lines, and whoever is told of it has one.
        let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
        let message = message.chars().take(MAX_MESSAGE_CHARS).collect();
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

    /// Whether it is about who signed, so that other credentials may do.
    pub fn is_of_credentials(&self) -> bool {
        self.is_denied() || OF_CREDENTIALS.contains(&self.code.as_str())
    }

    /// Whether who signed may not do this, or is not who they say.
    pub fn is_denied(&self) -> bool {
        matches!(self.status, 401 | 403) || self.code.starts_with("AccessDenied")
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
            (
                502,
                None,
                "<html>\n bad gateway\r\n</html>\n",
                "<html> bad gateway </html> (status 502)",
            ),
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
        assert_eq!(refusal.message.chars().count(), MAX_MESSAGE_CHARS);
    }
}
