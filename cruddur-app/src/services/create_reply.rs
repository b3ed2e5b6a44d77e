//! Answers an activity.

use serde::Deserialize;
use spanwright::{report_errors, traced, xray_subsegment};
use sqlx::FromRow;
use uuid::Uuid;

use super::show_activity::parse_uuid;
use crate::{
    body::Field,
    db::{Db, Query},
    error::AppError,
    model::{Activity, Timestamp, User},
    rules,
};

/// Inserts nothing when the parent is missing or over, so that no look-up has to come first.
const INSERT_REPLY: Query = Query {
    summary: "INSERT reply",
    operation: "INSERT",
    table: "activities",
    text: "INSERT INTO activities (uuid, user_uuid, message, created_at, reply_to_activity_uuid) \
           SELECT $1, $2, $3, $4, parent.uuid FROM activities parent \
           WHERE parent.uuid = $5 AND (parent.expires_at IS NULL OR parent.expires_at > $4) \
           RETURNING uuid",
};

/// What the caller sends.
#[derive(Debug, Deserialize)]
pub(crate) struct NewReply {
    #[serde(default)]
    message: Field,
}

#[derive(FromRow)]
struct Inserted {
    uuid: String,
}

/// Stores a reply of the user to a live activity. A bad message is told before a missing activity.
#[traced(
    "create-reply",
    fields(app.user_handle = user.handle, app.activity_uuid = activity_uuid),
    ok(fields(app.reply_uuid = ok.uuid)),
)]
#[xray_subsegment("activities_reply")]
#[report_errors(person(id = user.id, username = user.handle))]
pub(crate) async fn run(
    db: &Db,
    user: &User,
    activity_uuid: &str,
    new: NewReply,
) -> Result<Activity, AppError> {
    let message = rules::message(new.message, rules::MAX_MESSAGE_CHARS)?;
    let parent = parse_uuid(activity_uuid)?;
    let uuid = Uuid::new_v4().to_string();
    let created_at = Timestamp::now();
    let values =
        [(&uuid).into(), (&user.id).into(), (&message).into(), created_at.into(), (&parent).into()];
    let Some(Inserted { uuid }) = db.fetch_optional(&INSERT_REPLY, &values).await? else {
        return Err(AppError::NotFound("activity_not_found"));
    };
    Ok(Activity {
        reply_to_activity_uuid: Some(parent),
        ..Activity::new(uuid, user, message, created_at)
    })
}
