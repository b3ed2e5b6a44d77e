//! Every way a request can fail, and the answer it gets.
//!
//! In: failures of extractors and services. Out: a status and a JSON array with one code.
//! Never: sends a driver's text to the caller.

use actix_web::{HttpResponse, ResponseError, http::StatusCode};
use spanwright::{ClassifyError, ErrorClass};

use crate::{db, services::rollbar_test::DemoError};

/// A failed request. The `&'static str` of a variant is the code in the answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AppError {
    /// 422: the request is well formed, but a rule says no.
    #[error("invalid: {0}")]
    Invalid(&'static str),
    /// 400: the request cannot be read.
    #[error("malformed: {0}")]
    Malformed(&'static str),
    /// 401: the header names nobody.
    #[error("unknown user")]
    UserUnknown,
    /// 404
    #[error("not found: {0}")]
    NotFound(&'static str),
    /// 405; the `Allow` header is added where the methods are known.
    #[error("method not allowed")]
    MethodNotAllowed,
    /// 413
    #[error("body is larger than {} bytes", crate::MAX_BODY_BYTES)]
    BodyTooLarge,
    /// 415
    #[error("content type is not application/json")]
    NotJson,
    /// 500
    #[error("the database failed")]
    Database(#[from] db::Error),
    /// 500
    #[error("the demonstration failed")]
    Demo(#[from] DemoError),
    /// 500
    #[error("the handler panicked")]
    Panicked,
}

/// Classes an answer of 4xx as an error of the caller, which is not reported; all else is a fault.
impl ClassifyError for AppError {
    fn error_class(&self) -> ErrorClass {
        if self.status_code().is_client_error() { ErrorClass::Error } else { ErrorClass::Fault }
    }
}

impl AppError {
    fn code(&self) -> &'static str {
        match self {
            Self::Invalid(code) | Self::Malformed(code) | Self::NotFound(code) => code,
            Self::UserUnknown => "user_unknown",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::BodyTooLarge => "body_too_large",
            Self::NotJson => "content_type_not_json",
            Self::Database(_) | Self::Demo(_) | Self::Panicked => "internal_error",
        }
    }
}

impl ResponseError for AppError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::UserUnknown => StatusCode::UNAUTHORIZED,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Database(_) | Self::Demo(_) | Self::Panicked => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(self.status_code()).json([self.code()])
    }
}
