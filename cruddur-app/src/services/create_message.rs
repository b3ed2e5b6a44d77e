//! Writes to another user.

use serde::Deserialize;
use spanwright::{report_errors, traced, xray_subsegment};
use sqlx::FromRow;
use uuid::Uuid;

use super::{find_user, messages::pair};
use crate::{
    body::Field,
    db::{Db, Query},
    error::AppError,
    model::{Message, Timestamp, User},
    notifier::{MessageCreated, Notifier},
    rules,
};

/// Returns the group of the pair whether it is new or not; the update changes nothing.
const UPSERT_GROUP: Query = Query {
    summary: "INSERT message group",
    operation: "INSERT",
    table: "message_groups",
    text: "INSERT INTO message_groups (uuid, first_user_uuid, second_user_uuid, created_at) \
           VALUES ($1, $2, $3, $4) ON CONFLICT (first_user_uuid, second_user_uuid) \
           DO UPDATE SET first_user_uuid = excluded.first_user_uuid RETURNING uuid",
};

const INSERT_MESSAGE: Query = Query {
    summary: "INSERT message",
    operation: "INSERT",
    table: "messages",
    text: "INSERT INTO messages (uuid, message_group_uuid, user_uuid, message, created_at) \
           VALUES ($1, $2, $3, $4, $5)",
};

/// What the caller sends.
#[derive(Debug, Deserialize)]
pub(crate) struct NewMessage {
    #[serde(default)]
    message: Field,
    #[serde(default)]
    user_receiver_handle: Field,
}

#[derive(FromRow)]
struct Group {
    uuid: String,
}

/// Stores a message of the user, opening the conversation if it is the first.
/// A bad message is told before a bad receiver. Whoever wants to know of new messages is told.
#[traced(
    "create-message",
    fields(app.user_sender_handle = sender.handle),
    ok(fields(app.message_uuid = ok.uuid)),
)]
#[xray_subsegment("messages_create")]
#[report_errors(person(id = sender.id, username = sender.handle))]
pub(crate) async fn run(
    db: &Db,
    notifier: &Notifier,
    sender: &User,
    new: NewMessage,
) -> Result<Message, AppError> {
    let message = rules::message(new.message, rules::MAX_MESSAGE_CHARS)?;
    let handle = rules::receiver(new.user_receiver_handle)?;
    spanwright::record!(app.user_receiver_handle = handle);
    let receiver = find_user::or_not_found(db, &handle).await?;
    let created_at = Timestamp::now();
    let group = group_of(db, sender, &receiver, created_at).await?;
    let uuid = Uuid::new_v4().to_string();
    let values = [
        (&uuid).into(),
        (&group).into(),
        (&sender.id).into(),
        (&message).into(),
        created_at.into(),
    ];
    db.execute(&INSERT_MESSAGE, &values).await?;
    let created = MessageCreated {
        message_uuid: &uuid,
        sender: &sender.handle,
        receiver: &receiver.handle,
        created_at,
    };
    notifier.tell(&created).await;
    Ok(Message {
        uuid,
        display_name: sender.display_name.clone(),
        handle: sender.handle.clone(),
        text: message,
        created_at,
    })
}

async fn group_of(
    db: &Db,
    sender: &User,
    receiver: &User,
    now: Timestamp,
) -> Result<String, AppError> {
    let (first, second) = pair(sender, receiver);
    let uuid = Uuid::new_v4().to_string();
    let values = [(&uuid).into(), first.into(), second.into(), now.into()];
    let existing: Option<Group> = db.fetch_optional(&UPSERT_GROUP, &values).await?;
    Ok(existing.map_or(uuid, |group| group.uuid))
}
