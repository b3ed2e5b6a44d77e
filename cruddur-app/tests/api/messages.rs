//! Conversations.

use actix_web::rt;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{TestApp, column, keys, scenarios, send};

scenarios!(
    groups_name_the_other_user_and_the_latest_comes_first,
    a_conversation_is_the_same_from_both_sides,
    a_conversation_needs_a_known_handle,
    a_message_is_created_with_200_and_appended,
    a_first_message_opens_one_group_for_both,
    a_conversation_shows_its_newest_twenty_messages,
    one_may_write_to_oneself,
    writing_at_once_loses_nothing_and_opens_one_group,
    a_refused_message_gets_exactly_one_code,
);

fn message(receiver: &str, text: &str) -> Value {
    json!({"user_receiver_handle": receiver, "message": text})
}

async fn groups_name_the_other_user_and_the_latest_comes_first(app: &TestApp) {
    let groups = app.get("/api/message_groups").await.assert_ok();
    assert_eq!(column(&groups, "handle"), ["worf", "londo"]);
    assert_eq!(keys(&groups[0]), ["created_at", "display_name", "handle", "uuid"]);
    let groups = app.get_as("worf", "/api/message_groups").await.assert_ok();
    assert_eq!(column(&groups, "handle"), ["andrewbrown"]);
    app.post("/api/messages", &message("londo", "calling")).await.assert_ok();
    let groups = app.get("/api/message_groups").await.assert_ok();
    assert_eq!(column(&groups, "handle"), ["londo", "worf"]);
}

async fn a_conversation_is_the_same_from_both_sides(app: &TestApp) {
    let ours = app.get("/api/messages/@worf").await.assert_ok();
    assert_eq!(column(&ours, "handle"), ["andrewbrown", "worf"]);
    assert_eq!(keys(&ours[0]), ["created_at", "display_name", "handle", "message", "uuid"]);
    let theirs = app.get_as("worf", "/api/messages/@andrewbrown").await.assert_ok();
    assert_eq!(ours, theirs);
    assert_eq!(app.get("/api/messages/@bayko").await.assert_ok(), json!([]));
}

async fn a_conversation_needs_a_known_handle(app: &TestApp) {
    app.get("/api/messages/@nobody").await.assert_refused(404, "user_not_found");
    app.get("/api/messages/worf").await.assert_refused(404, "not_found");
    app.get("/api/messages/@").await.assert_refused(404, "not_found");
}

async fn a_message_is_created_with_200_and_appended(app: &TestApp) {
    let created = app.post("/api/messages", &message("worf", "well done")).await.assert_ok();
    assert_eq!(keys(&created), ["created_at", "display_name", "handle", "message", "uuid"]);
    assert_eq!(created["handle"], "andrewbrown");
    let conversation = app.get("/api/messages/@worf").await.assert_ok();
    assert_eq!(conversation[2], created);
    assert_eq!(conversation.as_array().map(Vec::len), Some(3));
}

async fn a_first_message_opens_one_group_for_both(app: &TestApp) {
    app.post_as("bayko", "/api/messages", &message("coco", "hi")).await.assert_ok();
    app.post_as("coco", "/api/messages", &message("bayko", "hi yourself")).await.assert_ok();
    for (user, other) in [("bayko", "coco"), ("coco", "bayko")] {
        let groups = app.get_as(user, "/api/message_groups").await.assert_ok();
        assert_eq!(column(&groups, "handle"), [other]);
        let messages = app.get_as(user, &format!("/api/messages/@{other}")).await.assert_ok();
        assert_eq!(column(&messages, "message"), ["hi", "hi yourself"]);
    }
}

async fn a_conversation_shows_its_newest_twenty_messages(app: &TestApp) {
    for number in 0..21 {
        let body = message("garek", &number.to_string());
        app.post("/api/messages", &body).await.assert_ok();
    }
    let messages = app.get("/api/messages/@garek").await.assert_ok();
    let texts = column(&messages, "message");
    assert_eq!((texts.len(), texts[0], texts[19]), (20, "1", "20"));
}

async fn one_may_write_to_oneself(app: &TestApp) {
    app.post_as("coco", "/api/messages", &message("coco", "buy milk")).await.assert_ok();
    let groups = app.get_as("coco", "/api/message_groups").await.assert_ok();
    assert_eq!(column(&groups, "handle"), ["coco"]);
    let messages = app.get_as("coco", "/api/messages/@coco").await.assert_ok();
    assert_eq!(column(&messages, "message"), ["buy milk"]);
}

async fn writing_at_once_loses_nothing_and_opens_one_group(app: &TestApp) {
    let writers: Vec<_> = (0..20)
        .map(|number| {
            let (sender, receiver) =
                if number % 2 == 0 { ("garek", "coco") } else { ("coco", "garek") };
            let request = app
                .request(Method::POST, "/api/messages")
                .header("x-cruddur-user", sender)
                .header("content-type", "application/json")
                .body(message(receiver, &number.to_string()).to_string());
            rt::spawn(send(request))
        })
        .collect();
    for writer in writers {
        writer.await.expect("the request ends").assert_ok();
    }
    let groups = app.get_as("coco", "/api/message_groups").await.assert_ok();
    assert_eq!(column(&groups, "handle"), ["garek"]);
    let messages = app.get_as("coco", "/api/messages/@garek").await.assert_ok();
    assert_eq!(messages.as_array().map(Vec::len), Some(20));
}

async fn a_refused_message_gets_exactly_one_code(app: &TestApp) {
    for (body, status, code) in [
        (json!({"message": "hi"}), 422, "user_reciever_handle_blank"),
        (message("", "hi"), 422, "user_reciever_handle_blank"),
        (json!({"user_receiver_handle": 7, "message": "hi"}), 422, "user_receiver_handle_not_text"),
        (message("nobody", "hi"), 404, "user_not_found"),
        (message("worf", ""), 422, "message_blank"),
        (json!({"user_receiver_handle": "worf"}), 422, "message_blank"),
        (json!({}), 422, "message_blank"),
        (json!({"user_receiver_handle": "worf", "message": {}}), 422, "message_not_text"),
        (message("worf", &"x".repeat(1025)), 422, "message_exceed_max_chars"),
        (message("nobody", &"x".repeat(1025)), 422, "message_exceed_max_chars"),
        (json!([]), 422, "json_not_object"),
    ] {
        app.post("/api/messages", &body).await.assert_refused(status, code);
    }
    let blank = app.post_as("", "/api/messages", &message("worf", "hi")).await;
    blank.assert_refused(422, "user_sender_handle_blank");
    let unknown = app.post_as("nobody", "/api/messages", &message("worf", "hi")).await;
    unknown.assert_refused(401, "user_unknown");
}
