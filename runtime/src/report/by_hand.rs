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
use super::reporter::{Reporter, Telling};
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
pub fn report_error<E: Error + 'static>(error: &E) -> Option<ReportId> {
    Builder::error(error).send()
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
pub fn report_message(text: impl Into<String>, severity: Severity) -> Option<ReportId> {
    Builder::message(text).severity(severity).send()
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
    place: StackFrame,
}

impl Builder {
    /// A report of an error and everything that it came from.
    #[track_caller]
    pub fn error<E: Error + 'static>(error: &E) -> Self {
        let causes = Self::causes(|| chain::causes(type_name::<E>(), error));
        Self::new(Nature::Error, causes)
    }

    /// A report of an error whose type is not known, such as what `anyhow::Error` holds.
    #[track_caller]
    pub fn dyn_error(error: &(dyn Error + 'static)) -> Self {
        let causes = Self::causes(|| chain::causes(type_name::<dyn Error>(), error));
        Self::new(Nature::Error, causes)
    }

    /// A report of what is no error by its type, but says what went wrong.
    #[track_caller]
    pub fn display(failure: &impl fmt::Display) -> Self {
        let causes = Self::causes(|| vec![chain::cause("", failure)]);
        Self::new(Nature::Error, causes)
    }

    /// A report of a text.
    #[track_caller]
    pub fn message(text: impl Into<String>) -> Self {
        let cause = Cause { type_name: None, message: text.into() };
        Self::new(Nature::Message, vec![cause])
    }

    /// How bad it is; an error where nothing is said, information of a message.
    pub fn severity(mut self, severity: Severity) -> Self {
        self.said.severity = Some(severity);
        self
    }

    /// What people call it; at most 255 characters are kept.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.said.title = Some(title.into());
        self
    }

    /// What makes it the same as another one.
    pub fn fingerprint(mut self, fingerprint: impl Into<String>) -> Self {
        self.said.fingerprint = Some(fingerprint.into());
        self
    }

    /// The part of the application that it belongs to; the route of the request where nothing is said.
    pub fn context(mut self, context: impl Into<String>) -> Self {
        self.said.context = Some(context.into());
        self
    }

    /// The id of the user that it happened to; that of the request where nothing is said.
    pub fn person(mut self, id: impl Into<String>) -> Self {
        self.said.person.id = Some(id.into());
        self
    }

    /// What the user is called.
    pub fn username(mut self, username: impl Into<String>) -> Self {
        self.said.person.username = Some(username.into());
        self
    }

    /// Where the user reads mail.
    pub fn email(mut self, email: impl Into<String>) -> Self {
        self.said.person.email = Some(email.into());
        self
    }

    /// A further value; a later one of the same key replaces the earlier.
    pub fn custom(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.said.set(span::Use::Custom, Attribute::new(key.into(), value));
        self
    }

    /// Reports it; gives the name of the report.
    ///
    /// `None` where nobody takes reports, or where it is one too many and only counted. Does not
    /// block.
    pub fn send(self) -> Option<ReportId> {
        if !span::takes_reports() || diagnostics::suppressed() {
            return None;
        }
        let Self { nature, causes, said, place } = self;
        let taker: &dyn Any = span::taker()?;
        taker.downcast_ref::<Reporter>()?.tell(Telling {
            nature,
            causes,
            said,
            source: None,
            place: Some(place),
            confirms: true,
        })
    }

    #[track_caller]
    fn new(nature: Nature, causes: Vec<Cause>) -> Self {
        let place = super::place(Location::caller());
        Self { nature, causes, said: Said::default(), place }
    }

    /// Formats an error, where anybody takes reports.
    fn causes(format: impl FnOnce() -> Vec<Cause>) -> Vec<Cause> {
        if span::takes_reports() { format() } else { Vec::new() }
    }
}
