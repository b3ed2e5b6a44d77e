//! A request whose answer is still an error when it passes the middleware.

use std::borrow::Cow;

use actix_web::http::StatusCode;

use super::root_span::Open;
use crate::record::ErrorClass;

/// Class and type of an error that a handler answers with, as far as the application has named its type.
#[derive(Debug, Default)]
pub(super) struct KnownError {
    pub(super) class: Option<ErrorClass>,
    pub(super) type_name: Option<Cow<'static, str>>,
}

/// An answer that is still an error; dropping it is the end of the request.
pub(super) struct Refused {
    pub(super) open: Box<Open>,
    pub(super) status: StatusCode,
    /// Message of the error.
    pub(super) error: String,
    pub(super) known: KnownError,
}

impl Drop for Refused {
    fn drop(&mut self) {
        self.open.settle(self.status, Some(&self.error), &self.known);
        self.open.finish();
    }
}
