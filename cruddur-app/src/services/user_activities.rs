//! The cruds of one user.

use serde_json::json;
use spanwright::{record, report_errors, traced, xray_subsegment};

use super::{
    feed::{self, feed_query},
    find_user,
};
use crate::{
    db::{self, Db, Query},
    error::AppError,
    model::{Activity, Timestamp, User},
};

const USER_FEED: Query =
    feed_query!("SELECT user feed", "a.reply_to_activity_uuid IS NULL AND a.user_uuid = $2");

/// Returns the newest live cruds of the user with this handle, each with its replies.
#[traced(
    "user-activities",
    fields(app.handle = handle),
    ok(fields(#[annotation] app.result_length = ok.len())),
)]
#[xray_subsegment("activities_users")]
#[report_errors]
pub(crate) async fn run(db: &Db, handle: &str) -> Result<Vec<Activity>, AppError> {
    if handle.is_empty() {
        return Err(AppError::Invalid("blank_user_handle"));
    }
    let author = find_user::or_not_found(db, handle).await?;
    Ok(cruds_of(db, &author).await?)
}

/// What the course calls mock data is rows here; the subsegment and its metadata are the course's.
#[xray_subsegment("mock-data")]
async fn cruds_of(db: &Db, author: &User) -> Result<Vec<Activity>, db::Error> {
    let now = Timestamp::now();
    let cruds = feed::fetch(db, &USER_FEED, &[now.into(), (&author.id).into()]).await?;
    record!(metadata("namespace", key = json!({ "now": now, "results-size": cruds.len() })));
    Ok(cruds)
}
