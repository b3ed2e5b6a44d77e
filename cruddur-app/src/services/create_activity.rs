//! Writes a crud.

use serde::Deserialize;
use spanwright::{report_errors, traced, xray_subsegment};
use uuid::Uuid;

use crate::{
    body::Field,
    db::{Db, Query},
    error::AppError,
    model::{Activity, Timestamp, User},
    rules,
};

const INSERT_ACTIVITY: Query = Query {
    summary: "INSERT activity",
    operation: "INSERT",
    table: "activities",
    text: "INSERT INTO activities (uuid, user_uuid, message, expires_at, created_at) \
           VALUES ($1, $2, $3, $4, $5)",
};

/// What the caller sends.
#[derive(Debug, Deserialize)]
pub(crate) struct NewActivity {
    #[serde(default)]
    message: Field,
    #[serde(default)]
    ttl: Field,
}

/// Stores a crud of the user, which lives for the asked time. A bad message is told before a bad lifetime.
#[traced(
    "create-activity",
    fields(app.user_handle = user.handle),
    ok(fields(app.activity_uuid = ok.uuid)),
)]
#[xray_subsegment("activities_create")]
#[report_errors(person(id = user.id, username = user.handle))]
pub(crate) async fn run(db: &Db, user: &User, new: NewActivity) -> Result<Activity, AppError> {
    let message = rules::message(new.message, rules::MAX_CRUD_CHARS)?;
    let ttl_seconds = rules::ttl_seconds(&new.ttl)?;
    let uuid = Uuid::new_v4().to_string();
    let created_at = Timestamp::now();
    let expires_at = created_at.plus_seconds(ttl_seconds);
    let values = [
        (&uuid).into(),
        (&user.id).into(),
        (&message).into(),
        expires_at.into(),
        created_at.into(),
    ];
    db.execute(&INSERT_ACTIVITY, &values).await?;
    Ok(Activity { expires_at: Some(expires_at), ..Activity::new(uuid, user, message, created_at) })
}
