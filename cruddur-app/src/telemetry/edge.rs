//! Requests as spans.

use spanwright::actix::Tracing;

use crate::error::AppError;
use crate::model::User;

/// One span per request.
pub(crate) fn middleware() -> Tracing {
    Tracing::new().classify_errors::<AppError>().exclude(super::UNOBSERVED)
}

/// From here on the spans of the request tell whose it is.
pub(crate) fn knows_user(user: &User) {
    spanwright::set_user(user.id.as_str());
}
