//! The conversations of the user.

use spanwright::{report_errors, traced, xray_subsegment};

use crate::{
    db::{Db, Query},
    error::AppError,
    model::{MessageGroup, User},
};

const GROUPS: Query = Query {
    summary: "SELECT message groups",
    operation: "SELECT",
    table: "message_groups",
    text: "SELECT g.uuid, u.display_name, u.handle, COALESCE((SELECT MAX(m.created_at) \
               FROM messages m WHERE m.message_group_uuid = g.uuid), g.created_at) AS created_at \
           FROM message_groups g JOIN users u ON u.uuid = CASE \
               WHEN g.first_user_uuid = $1 THEN g.second_user_uuid ELSE g.first_user_uuid END \
           WHERE g.first_user_uuid = $1 OR g.second_user_uuid = $1 \
           ORDER BY 4 DESC, g.uuid LIMIT 40",
};

/// Returns the user's conversations, the most recently used first, dated by their last message.
#[traced(
    "message-groups",
    fields(app.user_handle = user.handle),
    ok(fields(#[annotation] app.result_length = ok.len())),
)]
#[xray_subsegment("message_groups")]
#[report_errors(person(id = user.id, username = user.handle))]
pub(crate) async fn run(db: &Db, user: &User) -> Result<Vec<MessageGroup>, AppError> {
    tracing::info!(app.user_handle = user.handle, "MessageGroups");
    Ok(db.fetch_all(&GROUPS, &[(&user.id).into()]).await?)
}
