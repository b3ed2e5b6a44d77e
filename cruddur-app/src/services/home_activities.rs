//! The home feed: everybody's cruds.

use super::feed::{self, feed_query};
use crate::{
    db::{Db, Query},
    error::AppError,
    model::{Activity, Timestamp, User},
};

const HOME_FEED: Query = feed_query!("SELECT home feed", "a.reply_to_activity_uuid IS NULL");

/// Returns the newest live cruds of all users, each with its replies.
pub(crate) async fn run(db: &Db, _user: &User) -> Result<Vec<Activity>, AppError> {
    Ok(feed::fetch(db, &HOME_FEED, &[Timestamp::now().into()]).await?)
}
