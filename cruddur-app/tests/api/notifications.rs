//! The webhook that is told about new messages.

use serde_json::json;

use crate::{
    double::{Double, Reply},
    support::{TempFolder, TestApp, keys},
};

async fn app_that_tells(url: &str) -> TestApp {
    let folder = TempFolder::new();
    let data_dir = folder.0.display().to_string();
    let settings = [("CRUDDUR_DATA_DIR", &*data_dir), ("CRUDDUR_NOTIFICATION_WEBHOOK", url)];
    TestApp::start(&settings, Some(folder)).await
}

/// Posts a message, which must be stored and answered whatever the webhook does.
async fn post_with(
    hook: impl Fn() -> Reply + Send + Sync + 'static,
) -> Vec<crate::double::Received> {
    let double = Double::start(move |_| hook());
    let app = app_that_tells(&format!("{}/hook?token=1", double.url())).await;
    let body = json!({"user_receiver_handle": "worf", "message": "a secret between us"});
    let created = app.post("/api/messages", &body).await.assert_ok();
    let conversation = app.get("/api/messages/@worf").await.assert_ok();
    assert_eq!(conversation[2], created);
    app.stop().await;
    let received = double.received();
    double.stop().await;
    let notification = &received[0].body;
    assert_eq!(notification["message_uuid"], created["uuid"]);
    assert_eq!(notification["created_at"], created["created_at"]);
    received
}

#[actix_web::test]
async fn a_new_message_is_told_once_and_without_its_text() {
    let received = post_with(|| Some((200, json!({})))).await;
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].path, "/hook");
    assert_eq!(received[0].header("content-type"), Some("application/json"));
    let notification = &received[0].body;
    let expected = ["created_at", "event", "message_uuid", "receiver", "sender"];
    assert_eq!(keys(notification), expected);
    assert_eq!(notification["event"], "message_created");
    assert_eq!(notification["sender"], "andrewbrown");
    assert_eq!(notification["receiver"], "worf");
}

#[actix_web::test]
async fn a_webhook_that_says_no_or_nothing_costs_nobody_a_message() {
    assert_eq!(post_with(|| Some((500, json!({})))).await.len(), 1);
    assert_eq!(post_with(|| None).await.len(), 1);
}

#[actix_web::test]
async fn a_webhook_that_is_not_there_costs_nobody_a_message() {
    let double = Double::start(|_| None);
    let url = double.url();
    double.stop().await;
    let app = app_that_tells(&url).await;
    let body = json!({"user_receiver_handle": "worf", "message": "hi"});
    app.post("/api/messages", &body).await.assert_ok();
    app.stop().await;
}

#[actix_web::test]
async fn a_message_that_is_refused_is_not_told() {
    let double = Double::start(|_| Some((200, json!({}))));
    let app = app_that_tells(&double.url()).await;
    let body = json!({"user_receiver_handle": "nobody", "message": "hi"});
    app.post("/api/messages", &body).await.assert_refused(404, "user_not_found");
    app.stop().await;
    assert_eq!(double.received().len(), 0);
    double.stop().await;
}
