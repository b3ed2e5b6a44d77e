//! Reports made by hand, where no attribute stands.
//!
//! In: errors, texts, and what is known about them. Out: the same reports as attributes make.
//! Never: blocks, or fails.

use std::any::{Any, type_name};
use std::error::Error;
use std::fmt;
use std::panic::Location;

use super::chain;
use super::draft::{Nature, Said};
use super::reporter::{Reporter, once};
use super::telling::Telling;
use crate::diagnostics;
use crate::record::{Attribute, Cause, ReportId, Severity, StackFrame, Value};
use crate::span;

/// Reports an error and everything that it came from; gives the name of the report.
///
/// `None` where nobody takes reports, or where it is one too many and only counted. Does not block.
/// An error that the annotated functions around report too is reported once.
///
/// ```
/// if let Err(error) = "seven".parse::<u8>() {
///     spanwright::report_error(&error);
/// }
/// ```
#[track_caller]
#[inline]
pub fn report_error<E: Error>(error: &E) -> Option<ReportId> {
    if span::takes_reports() { Builder::error(error).send() } else { None }
}

/// Reports a text; gives the name of the report.
///
/// `None` where nobody takes reports, or where it is one too many and only counted. Does not block.
///
/// ```
/// use spanwright::record::Severity;
///
/// spanwright::report_message("Hello World!", Severity::Warning);
/// ```
#[track_caller]
#[inline]
pub fn report_message(text: impl Into<String>, severity: Severity) -> Option<ReportId> {
    if span::takes_reports() { Builder::message(text).severity(severity).send() } else { None }
}

/// Adds a breadcrumb, which is sent with the failures in the same trace that follow.
///
/// Does not block, but for a short lock. At most 8 KiB of the message are kept, and the newest breadcrumbs of
/// the process, which take 1 MiB.
///
/// ```
/// use spanwright::record::Severity;
/// use spanwright::report;
///
/// report::note("the cache is cold", Severity::Info);
/// ```
#[inline]
pub fn note(message: impl Into<String>, severity: Severity) {
    if let Some(reporter) = reporter() {
        reporter.note(message.into(), severity);
    }
}

/// Who takes reports that are made here.
fn reporter() -> Option<&'static Reporter> {
    if !span::takes_reports() || diagnostics::suppressed() {
        return None;
    }
    let taker: &dyn Any = span::taker()?;
    taker.downcast_ref()
}

/// A report that is made step by step.
///
/// ```
/// use spanwright::report::Builder;
///
/// # fn pay() -> Result<(), std::io::Error> { Err(std::io::ErrorKind::TimedOut.into()) }
/// if let Err(error) = pay() {
///     Builder::error(&error)
///         .title("Payment failed")
///         .person("andrew")
///         .custom("order.id", 42)
///         .send();
/// }
/// ```
#[must_use = "a report is made by `send`"]
#[derive(Debug)]
pub struct Builder {
    nature: Nature,
    causes: Vec<Cause>,
    said: Said,
    /// Where it is made; `None` for what comes from elsewhere.
    place: Option<StackFrame>,
    is_last_resort: bool,
}

impl Builder {
    /// A report of an error and everything that it came from.
    #[track_caller]
    pub fn error<E: Error>(error: &E) -> Self {
        let causes = Self::causes(|| chain::causes(type_name::<E>(), error));
        Self::new(Nature::Error, causes)
    }

    /// A report of an error whose type is not known, such as what `anyhow::Error` holds.
    #[track_caller]
    pub fn dyn_error(error: &dyn Error) -> Self {
        let causes = Self::causes(|| chain::causes(type_name::<dyn Error>(), error));
        Self::new(Nature::Error, causes)
    }

    /// A report of what is no error by its type, but says what went wrong.
    #[track_caller]
    pub fn display(failure: &impl fmt::Display) -> Self {
        let causes = Self::causes(|| vec![chain::cause("", failure)]);
        Self::new(Nature::Error, causes)
    }

    /// A report of an error of which a name and a text are all that is left, for instance where a
    /// request is answered with it: without a stack, since it comes from elsewhere.
    pub fn bare(type_name: Option<&str>, message: impl Into<String>) -> Self {
        let type_name = type_name.map(|name| chain::kept(name.to_owned()).into());
        let causes = vec![Cause { type_name, message: chain::kept(message.into()) }];
        Self { place: None, ..Self::new(Nature::Bare, causes) }
    }

    /// A report of a text, of which at most 8 KiB are kept, as of every text of a report.
    #[track_caller]
    pub fn message(text: impl Into<String>) -> Self {
        let cause = Cause { type_name: None, message: chain::kept(text.into()) };
        Self::new(Nature::Message, vec![cause])
    }

    /// How bad it is; an error where nothing is said, information of a message.
    pub fn severity(mut self, severity: Severity) -> Self {
        self.said.severity = Some(severity);
        self
    }

    /// What people call it; at most 255 characters are kept.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.said.title = Some(chain::kept(title.into()));
        self
    }

    /// What makes it the same as another one.
    pub fn fingerprint(mut self, fingerprint: impl Into<String>) -> Self {
        self.said.fingerprint = Some(chain::kept(fingerprint.into()));
        self
    }

    /// The part of the application that it belongs to; the route of the request where nothing is said.
    pub fn context(mut self, context: impl Into<String>) -> Self {
        self.said.context = Some(chain::kept(context.into()));
        self
    }

    /// The id of the user that it happened to; that of the request where nothing is said.
    pub fn person(mut self, id: impl Into<String>) -> Self {
        self.said.person.id = Some(chain::kept(id.into()));
        self
    }

    /// What the user is called.
    pub fn username(mut self, username: impl Into<String>) -> Self {
        self.said.person.username = Some(chain::kept(username.into()));
        self
    }

    /// Where the user reads mail.
    pub fn email(mut self, email: impl Into<String>) -> Self {
        self.said.person.email = Some(chain::kept(email.into()));
        self
    }

    /// A further value; a later one of the same key replaces the earlier.
    pub fn custom(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.said.set(span::Use::Custom, Attribute::new(key.into(), value));
        self
    }

    /// Reports it only if no failure in the current request was reported before: for edges of the
    /// process, which see errors last and know least of them.
    pub fn unless_reported(mut self) -> Self {
        self.is_last_resort = true;
        self
    }

    /// Reports it; gives the name of the report.
    ///
    /// `None` where nobody takes reports, or where it is one too many and only counted. Does not
    /// block.
    pub fn send(self) -> Option<ReportId> {
        let reporter = reporter()?;
        let Self { nature, causes, said, place, is_last_resort } = self;
        let is_reported = || span::request::of(span::current()).is_some_and(|it| it.is_reported);
        if is_last_resort && is_reported() {
            return None;
        }
        reporter.tell(Telling { nature, causes, said, source: None, place, confirms: true })
    }

    #[track_caller]
    fn new(nature: Nature, causes: Vec<Cause>) -> Self {
        let place = Some(super::place(Location::caller()));
        Self { nature, causes, said: Said::default(), place, is_last_resort: false }
    }

    /// Formats an error, where anybody takes reports. A panic meanwhile is the error's own.
    fn causes(format: impl FnOnce() -> Vec<Cause>) -> Vec<Cause> {
        if span::takes_reports() { once(format).unwrap_or_default() } else { Vec::new() }
    }
}
