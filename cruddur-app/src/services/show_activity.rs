//! One activity with its replies.

use spanwright::{report_errors, traced, xray_subsegment};
use uuid::Uuid;

use super::feed::{self, feed_query};
use crate::{
    db::{Db, Query},
    error::AppError,
    model::{Activity, Timestamp},
};

const ACTIVITY: Query = feed_query!("SELECT activity", "a.uuid = $2");

/// Returns the live activity with this id.
#[traced(
    "show-activity",
    fields(app.activity_uuid = activity_uuid),
    ok(fields(app.replies_count = ok.replies_count)),
)]
#[xray_subsegment("activities_show")]
#[report_errors]
pub(crate) async fn run(db: &Db, activity_uuid: &str) -> Result<Activity, AppError> {
    let uuid = parse_uuid(activity_uuid)?;
    let values = [Timestamp::now().into(), (&uuid).into()];
    let found = feed::fetch(db, &ACTIVITY, &values).await?.into_iter().next();
    found.ok_or(AppError::NotFound("activity_not_found"))
}

/// The id as the tables spell it; what is no id is not found.
pub(super) fn parse_uuid(text: &str) -> Result<String, AppError> {
    Uuid::parse_str(text)
        .map(|uuid| uuid.to_string())
        .map_err(|_| AppError::NotFound("activity_not_found"))
}
