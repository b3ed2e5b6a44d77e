//! Handlers of `/api/activities`.

use actix_web::web::{Data, Json, Path, Query};
use serde::Deserialize;

use crate::{
    body::{Body, Field},
    db::Db,
    error::AppError,
    model::{Activity, ActivityStatus, User},
    services::{
        create_activity::{self, NewActivity},
        create_reply::{self, NewReply},
        home_activities, notifications_activities, search_activities, show_activity,
        user_activities,
    },
};

type Answer<T> = Result<Json<T>, AppError>;

#[derive(Deserialize)]
pub(super) struct Search {
    #[serde(default)]
    term: String,
}

pub(super) async fn home(db: Data<Db>, user: User) -> Answer<Vec<Activity>> {
    home_activities::run(&db, &user).await.map(Json)
}

pub(super) async fn notifications(db: Data<Db>, user: User) -> Answer<Vec<Activity>> {
    notifications_activities::run(&db, &user).await.map(Json)
}

pub(super) async fn search(
    db: Data<Db>,
    query: Result<Query<Search>, actix_web::Error>,
) -> Answer<Vec<Activity>> {
    let Ok(Query(Search { term })) = query else {
        return Err(AppError::Malformed("query_malformed"));
    };
    search_activities::run(&db, Field::from(term)).await.map(Json)
}

pub(super) async fn of_user(db: Data<Db>, handle: Path<String>) -> Answer<Vec<Activity>> {
    user_activities::run(&db, &handle).await.map(Json)
}

/// Answers with an array of one, as the course's API does.
pub(super) async fn show(db: Data<Db>, activity_uuid: Path<String>) -> Answer<[Activity; 1]> {
    show_activity::run(&db, &activity_uuid).await.map(|activity| Json([activity]))
}

pub(super) async fn status(db: Data<Db>, path: Path<(String, String)>) -> Answer<ActivityStatus> {
    let (handle, activity_uuid) = path.into_inner();
    let mut activity = show_activity::run(&db, &activity_uuid).await?;
    if activity.handle != handle {
        return Err(AppError::NotFound("activity_not_found"));
    }
    let replies = activity.replies.take().unwrap_or_default();
    Ok(Json(ActivityStatus { activity, replies }))
}

pub(super) async fn create(
    db: Data<Db>,
    user: User,
    body: Result<Body<NewActivity>, AppError>,
) -> Answer<Activity> {
    let Body(new) = body?;
    create_activity::run(&db, &user, new).await.map(Json)
}

pub(super) async fn reply(
    db: Data<Db>,
    user: User,
    activity_uuid: Path<String>,
    body: Result<Body<NewReply>, AppError>,
) -> Answer<Activity> {
    let Body(new) = body?;
    create_reply::run(&db, &user, &activity_uuid, new).await.map(Json)
}
