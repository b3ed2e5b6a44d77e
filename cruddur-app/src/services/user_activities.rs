//! The cruds of one user.

use spanwright::traced;

use super::{
    feed::{self, feed_query},
    find_user,
};
use crate::{
    db::{Db, Query},
    error::AppError,
    model::{Activity, Timestamp},
};

const USER_FEED: Query =
    feed_query!("SELECT user feed", "a.reply_to_activity_uuid IS NULL AND a.user_uuid = $2");

/// Returns the newest live cruds of the user with this handle, each with its replies.
#[traced(
    name = "user-activities",
    fields(app.handle = handle),
    ok(fields(app.result_length = ok.len())),
)]
pub(crate) async fn run(db: &Db, handle: &str) -> Result<Vec<Activity>, AppError> {
    if handle.is_empty() {
        return Err(AppError::Invalid("blank_user_handle"));
    }
    let author = find_user::or_not_found(db, handle).await?;
    let values = [Timestamp::now().into(), (&author.id).into()];
    Ok(feed::fetch(db, &USER_FEED, &values).await?)
}
