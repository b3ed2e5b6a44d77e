//! Stands in for the web edge in a build without it.

use actix_web::middleware::Identity;

use crate::model::User;

pub(crate) fn middleware() -> Identity {
    Identity::default()
}

pub(crate) const fn knows_user(_user: &User) {}
