//! One conversation.

use spanwright::{report_errors, traced, xray_subsegment};

use super::find_user;
use crate::{
    db::{Db, Query},
    error::AppError,
    model::{Message, User},
};

const CONVERSATION: Query = Query {
    summary: "SELECT messages",
    operation: "SELECT",
    table: "messages",
    text: "SELECT m.uuid, u.display_name, u.handle, m.message, m.created_at FROM messages m \
           JOIN message_groups g ON g.uuid = m.message_group_uuid \
           JOIN users u ON u.uuid = m.user_uuid \
           WHERE g.first_user_uuid = $1 AND g.second_user_uuid = $2 \
           ORDER BY m.created_at DESC, m.uuid LIMIT 20",
};

/// Returns the newest messages between the user and the one with this handle, oldest first.
#[traced(
    "messages",
    fields(app.user_sender_handle = user.handle, app.user_receiver_handle = handle),
    ok(fields(#[annotation] app.result_length = ok.len())),
)]
#[xray_subsegment("messages")]
#[report_errors(person(id = user.id, username = user.handle))]
pub(crate) async fn run(db: &Db, user: &User, handle: &str) -> Result<Vec<Message>, AppError> {
    tracing::info!(
        app.user_sender_handle = user.handle,
        app.user_receiver_handle = handle,
        "Messages"
    );
    let other = find_user::or_not_found(db, handle).await?;
    let (first, second) = pair(user, &other);
    let mut messages: Vec<Message> =
        db.fetch_all(&CONVERSATION, &[first.into(), second.into()]).await?;
    messages.reverse();
    Ok(messages)
}

/// The two users of a group in the order the table keeps them.
pub(super) fn pair<'a>(one: &'a User, other: &'a User) -> (&'a str, &'a str) {
    let (one, other) = (one.id.as_str(), other.id.as_str());
    if one <= other { (one, other) } else { (other, one) }
}
