//! Handlers that are about the service itself.

use actix_web::web::{Html, Json};
use serde_json::{Value, json};

use crate::{error::AppError, services::rollbar_test};

pub(super) async fn health_check() -> Json<Value> {
    Json(json!({ "success": true, "ver": 1 }))
}

pub(super) async fn rollbar_test() -> Html {
    Html::new(rollbar_test::hello())
}

pub(super) async fn rollbar_test_error() -> Result<Html, AppError> {
    rollbar_test::fail().map(|hellos| Html::new(hellos.to_string()))
}

pub(super) async fn rollbar_test_panic() -> Html {
    rollbar_test::panic();
    Html::new(String::new())
}
