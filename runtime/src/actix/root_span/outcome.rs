//! The outcome of a request, by its response and the error that this was made of.
//!
//! Never: judges a status below 500, but for an error whose class the application has named.

use actix_web::http::StatusCode;

use super::Open;
use crate::actix::callsite::Key;
use crate::actix::refused::KnownError;
use crate::record::ErrorClass;
use crate::report::Builder;
use crate::span::{Attributes, Recorder, fail, takes_reports};

impl Open {
    /// Records the status of the response, and what is known of the error that it was made of.
    pub(in crate::actix) fn settle(
        &mut self,
        status: StatusCode,
        error: Option<&str>,
        known: &KnownError,
    ) {
        self.status = Some(status);
        self.report(status, error, known);
        if self.frame.is_recording() {
            self.judge(status, error, known);
        }
    }

    /// Returns true if errors are reported; without a span there is no request to report them of.
    pub(super) fn reports(&self) -> bool {
        takes_reports() && !self.frame.reference().is_none()
    }

    /// Reports a fault of the service, unless an annotated function that the error comes from has
    /// reported it. Without a class, the status decides.
    fn report(&self, status: StatusCode, error: Option<&str>, known: &KnownError) {
        let is_fault = known.class.map_or(status.is_server_error(), |it| it == ErrorClass::Fault);
        let is_reporting = self.reports() && !self.shared.settings.leaves_errors;
        if let Some(message) = error.filter(|_| is_fault && is_reporting) {
            let report = Builder::bare(known.type_name.as_deref(), message).unless_reported();
            self.frame.reference().in_scope(|| report.send());
        }
    }

    /// Records the outcome. The status stands for a type of error that the application has not named.
    fn judge(&mut self, status: StatusCode, error: Option<&str>, known: &KnownError) {
        let (class, type_name) = (known.class, known.type_name.as_deref());
        self.frame.record(Key::STATUS_CODE, &status.as_u16());
        self.frame.set_error_class(class);
        if class == Some(ErrorClass::Ignored) {
            return;
        }
        if status.as_u16() >= 500 || class == Some(ErrorClass::Fault) {
            let message = error.unwrap_or_default();
            fail(&mut self.frame, type_name.unwrap_or(status.as_str()), message);
        } else if let Some(message) = error {
            let attributes: &Attributes<'_> =
                &[("exception.type", &type_name), ("exception.message", &message)];
            self.frame.reference().add_event("exception", attributes);
        }
    }
}
