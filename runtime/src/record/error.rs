//! Failures worth telling people about.

use std::borrow::Cow;
use std::fmt;

use super::{Attribute, Source, SpanContext};

/// One failure, with all that helps to find where it comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct ErrorRecord {
    /// Names the report, whatever becomes of its delivery.
    pub id: ReportId,
    /// When it happened, in nanoseconds since the Unix epoch.
    pub unix_ns: u64,
    /// How bad it is.
    pub severity: Severity,
    /// What is told.
    pub subject: Subject,
    /// What people call it, where somebody said.
    pub title: Option<String>,
    /// What makes it the same as another one, where somebody said.
    pub fingerprint: Option<String>,
    /// The part of the application, where somebody said.
    pub context: Option<String>,
    /// The stack where it was noticed first, the outermost call first.
    pub stack: Vec<StackFrame>,
    /// The annotated functions that it left, the outermost first.
    pub path: Vec<&'static Source>,
    /// The names of the spans around it, the outermost first, as far as they are known.
    pub spans: Vec<Cow<'static, str>>,
    /// The innermost span around it.
    pub span: Option<SpanContext>,
    /// The request that it belongs to.
    pub request: Option<RequestRecord>,
    /// Whom it happened to.
    pub person: Person,
    /// Values that the application adds; each key once.
    pub custom: Vec<Attribute>,
    /// What happened before in the same request, the oldest first.
    pub breadcrumbs: Vec<Breadcrumb>,
    /// The name of the thread that noticed it, if it has one.
    pub thread: Option<String>,
}

/// Names one report: a random number, version 4 of a UUID.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReportId(u128);

/// What a report tells.
#[derive(Clone, Debug, PartialEq)]
pub enum Subject {
    /// An error: first as it was known last, then each that caused the one before. Never empty.
    Error(Vec<Cause>),
    /// A panic.
    Panic(Cause),
    /// What somebody wanted to be known.
    Message(String),
}

/// One error of a chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cause {
    /// The name of its type, with its path where that is known; `None` where nothing is known.
    pub type_name: Option<Cow<'static, str>>,
    /// What it says, without what its sources say behind it; may be empty.
    pub message: String,
}

/// One call on a stack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StackFrame {
    /// The function with its path; `None` where there are no symbols.
    pub function: Option<String>,
    /// The file as the compiler was given it; `None` where there is no debug information.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The column, from 1.
    pub column: Option<u32>,
    /// Whether the code is of the application, not of the language or a library.
    pub is_in_app: bool,
    /// The line of code, and what stands around it, where the file is there.
    pub code: Option<CodeLines>,
}

/// A line of code and its surroundings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodeLines {
    /// The lines before, in order.
    pub before: Vec<String>,
    /// The line itself.
    pub line: String,
    /// The lines behind, in order.
    pub after: Vec<String>,
}

/// Whom a failure happened to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// The id of the user.
    pub id: Option<String>,
    /// What the user is called.
    pub username: Option<String>,
    /// Where the user reads mail.
    pub email: Option<String>,
}

/// A request as it came in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestRecord {
    /// The method, as it was sent.
    pub method: String,
    /// The whole URL with its query.
    pub url: String,
    /// The pattern that the path has matched; `None` where none has, or none is known yet.
    pub route: Option<String>,
    /// The parts of the path that the pattern names, in order.
    pub params: Vec<(String, String)>,
    /// The headers, their names in lower case; the values of one name in the order they came.
    pub headers: Vec<(String, String)>,
    /// The address of the client, without a port.
    pub client_address: Option<String>,
    /// The beginning of the body, where it is captured.
    pub body: Option<String>,
}

/// Something that happened before a failure.
#[derive(Clone, Debug, PartialEq)]
pub struct Breadcrumb {
    /// When, in nanoseconds since the Unix epoch.
    pub unix_ns: u64,
    /// How bad it was.
    pub severity: Severity,
    /// What happened.
    pub what: Happening,
}

/// What can have happened before a failure.
#[derive(Clone, Debug, PartialEq)]
pub enum Happening {
    /// A line of the log.
    Log {
        /// What it says.
        message: String,
    },
    /// A span ended.
    Span {
        /// Its name.
        name: Cow<'static, str>,
        /// How long it took, in nanoseconds.
        duration_ns: u64,
        /// What went wrong in it; `None` where nothing did.
        error: Option<String>,
    },
    /// A call of another service ended.
    Call {
        /// The method of the request.
        method: String,
        /// Where it went.
        url: String,
        /// The status of the answer; `None` where there was none.
        status: Option<u16>,
    },
    /// What somebody wanted to be known.
    Note {
        /// What it says.
        message: String,
    },
}

/// How bad a failure is.
///
/// Source: <https://docs.rollbar.com/reference/create-item>, where these five are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Severity {
    /// Of interest to whoever looks for a mistake.
    Debug = 0,
    /// A regular event.
    Info = 1,
    /// Something to look after.
    Warning = 2,
    /// Something failed.
    #[default]
    Error = 3,
    /// The service cannot go on as it is.
    Critical = 4,
}

impl ErrorRecord {
    /// A failure of which no more is known than must be.
    pub const fn new(id: ReportId, unix_ns: u64, severity: Severity, subject: Subject) -> Self {
        Self {
            id,
            unix_ns,
            severity,
            subject,
            title: None,
            fingerprint: None,
            context: None,
            stack: Vec::new(),
            path: Vec::new(),
            spans: Vec::new(),
            span: None,
            request: None,
            person: Person { id: None, username: None, email: None },
            custom: Vec::new(),
            breadcrumbs: Vec::new(),
            thread: None,
        }
    }
}

impl ReportId {
    /// Makes an id of any random number: six of its bits say that it is random.
    ///
    /// Source: <https://www.rfc-editor.org/rfc/rfc9562#section-5.4>.
    pub const fn from_random(random: u128) -> Self {
        const VERSION: u128 = 0xF << 76;
        const VARIANT: u128 = 0b11 << 62;
        Self(random & !(VERSION | VARIANT) | 4 << 76 | 0b10 << 62)
    }

    /// The number.
    pub const fn to_u128(self) -> u128 {
        self.0
    }
}

impl Subject {
    /// The errors of it, the outermost first; none of a message.
    pub fn causes(&self) -> &[Cause] {
        match self {
            Self::Error(causes) => causes,
            Self::Panic(cause) => std::slice::from_ref(cause),
            Self::Message(_) => &[],
        }
    }
}

impl Severity {
    /// The word that goes over the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for ReportId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = format!("{:032x}", self.0);
        let (first, rest) = digits.split_at(8);
        write!(f, "{first}-{}-{}-{}-{}", &rest[..4], &rest[4..8], &rest[8..12], &rest[12..])
    }
}

impl fmt::Debug for ReportId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReportId({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_uuid_of_version_four() {
        let id = ReportId::from_random(u128::MAX);
        assert_eq!(id.to_string(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(ReportId::from_random(0).to_string(), "00000000-0000-4000-8000-000000000000");
    }
}
