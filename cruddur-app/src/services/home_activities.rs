//! The home feed: everybody's cruds.

use spanwright::{report_errors, traced, xray_subsegment};

use super::feed::{self, feed_query};
use crate::{
    db::{Db, Query},
    error::AppError,
    model::{Activity, Timestamp, User},
};

const HOME_FEED: Query = feed_query!("SELECT home feed", "a.reply_to_activity_uuid IS NULL");

/// Returns the newest live cruds of all users, each with its replies.
#[traced(
    "home-activities",
    fields(app.user_handle = user.handle),
    ok(fields(#[annotation] app.result_length = ok.len())),
)]
#[xray_subsegment("activities_home")]
#[report_errors(person(id = user.id, username = user.handle))]
pub(crate) async fn run(db: &Db, user: &User) -> Result<Vec<Activity>, AppError> {
    tracing::info!(app.user_handle = user.handle, "HomeActivities");
    let now = Timestamp::now();
    spanwright::record!(app.now = now);
    let activities = feed::fetch(db, &HOME_FEED, &[now.into()]).await?;
    feed::describe(&activities);
    Ok(activities)
}
