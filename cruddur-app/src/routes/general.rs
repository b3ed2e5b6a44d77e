//! Handlers that are about the service itself.

use actix_web::web::{Html, Json};
use serde_json::{Value, json};

use crate::{error::AppError, model::User, services::rollbar_test};

pub(super) async fn health_check() -> Json<Value> {
    Json(json!({ "success": true, "ver": 1 }))
}

pub(super) async fn rollbar_test() -> Html {
    Html::new(rollbar_test::hello())
}

pub(super) async fn rollbar_test_error(user: User) -> Result<Html, AppError> {
    rollbar_test::fail(&user).map(|hellos| Html::new(hellos.to_string()))
}

pub(super) async fn rollbar_test_panic(user: User) -> Html {
    rollbar_test::panic(&user);
    Html::new(String::new())
}
