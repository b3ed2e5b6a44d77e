//! Handlers of `/api/message_groups` and `/api/messages`.

use actix_web::web::{Data, Json, Path};

use crate::{
    body::Body,
    db::Db,
    error::AppError,
    identity::Sender,
    model::{Message, MessageGroup, User},
    notifier::Notifier,
    services::{
        create_message::{self, NewMessage},
        message_groups, messages,
    },
};

pub(super) async fn groups(db: Data<Db>, user: User) -> Result<Json<Vec<MessageGroup>>, AppError> {
    message_groups::run(&db, &user).await.map(Json)
}

pub(super) async fn conversation(
    db: Data<Db>,
    user: User,
    handle: Path<String>,
) -> Result<Json<Vec<Message>>, AppError> {
    messages::run(&db, &user, &handle).await.map(Json)
}

pub(super) async fn create(
    db: Data<Db>,
    notifier: Data<Notifier>,
    sender: Sender,
    body: Result<Body<NewMessage>, AppError>,
) -> Result<Json<Message>, AppError> {
    let Body(new) = body?;
    create_message::run(&db, &notifier, &sender, new).await.map(Json)
}
