//! Looks a user up by handle.

use spanwright::{report_errors, traced, xray_subsegment};

use crate::{
    db::{Db, Query},
    error::AppError,
    model::User,
};

const USER_BY_HANDLE: Query = Query {
    summary: "SELECT user by handle",
    operation: "SELECT",
    table: "users",
    text: "SELECT uuid AS id, handle, display_name FROM users WHERE handle = $1",
};

/// Returns the user with this handle, if there is one.
#[traced("find-user", fields(app.handle = handle), ok(fields(app.is_known = ok.is_some())))]
#[xray_subsegment("find_user")]
#[report_errors]
pub(crate) async fn run(db: &Db, handle: &str) -> Result<Option<User>, AppError> {
    // PostgreSQL refuses a text with a NUL in it, and no handle has one.
    if handle.contains('\0') {
        return Ok(None);
    }
    Ok(db.fetch_optional(&USER_BY_HANDLE, &[handle.into()]).await?)
}

/// Returns the user with this handle.
///
/// # Errors
/// [`AppError::NotFound`] when there is none.
pub(crate) async fn or_not_found(db: &Db, handle: &str) -> Result<User, AppError> {
    run(db, handle).await?.ok_or(AppError::NotFound("user_not_found"))
}
