//! A request whose answer is still an error when it passes the middleware.

use actix_web::http::StatusCode;

use super::root_span::Open;
use crate::record::ErrorClass;

/// The class that the application gives the error of a handler, if it gives one.
pub(super) type Class = Option<ErrorClass>;

/// An answer that is still an error; dropping it is the end of the request.
pub(super) struct Refused {
    pub(super) open: Box<Open>,
    pub(super) status: StatusCode,
    /// Message of the error.
    pub(super) error: String,
    pub(super) class: Class,
}

impl Drop for Refused {
    fn drop(&mut self) {
        self.open.settle(self.status, Some(&self.error), self.class);
        self.open.finish();
    }
}
