//! Handlers of `/api/users`.

use actix_web::web::{Data, Json, Path};

use crate::{db::Db, error::AppError, model::User, services::find_user};

pub(super) async fn short(db: Data<Db>, handle: Path<String>) -> Result<Json<User>, AppError> {
    find_user::or_not_found(&db, &handle).await.map(Json)
}
