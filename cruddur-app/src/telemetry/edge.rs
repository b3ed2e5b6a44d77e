//! Requests as spans.

use spanwright::actix::Tracing;

use crate::model::User;

/// One span per request; the health check would only be noise.
pub(crate) fn middleware() -> Tracing {
    Tracing::new().exclude(["/api/health-check"])
}

/// From here on the spans of the request tell whose it is.
pub(crate) fn knows_user(user: &User) {
    spanwright::set_user(user.id.as_str());
}
