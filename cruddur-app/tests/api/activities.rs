//! Writing cruds and replies.

use serde_json::{Value, json};

use crate::support::{TestApp, column, keys, scenarios};

const GAREKS_CRUD: &str = "248959df-3079-4947-b847-9e0892d1bab4";

scenarios!(
    a_crud_is_created_with_200_and_shown_first_at_home,
    a_crud_lives_as_long_as_its_ttl,
    a_crud_belongs_to_the_signed_in_user,
    a_refused_crud_gets_exactly_one_code,
    a_crud_may_have_280_code_points_and_is_not_trimmed,
    a_reply_is_created_with_200_and_counted,
    a_reply_may_be_answered,
    a_refused_reply_gets_exactly_one_code,
    a_reply_needs_a_live_activity,
    nobody_can_write_without_a_known_user,
);

fn crud(message: impl Into<Value>, ttl: impl Into<Value>) -> Value {
    json!({"message": message.into(), "ttl": ttl.into()})
}

async fn a_crud_is_created_with_200_and_shown_first_at_home(app: &TestApp) {
    let created = app.post("/api/activities", &crud("hello <b>🦀</b>", "1-day")).await.assert_ok();
    assert_eq!(created["message"], "hello <b>🦀</b>");
    assert_eq!(created["display_name"], "Andrew Brown");
    for count in ["replies_count", "reposts_count", "likes_count"] {
        assert_eq!(created[count], 0);
    }
    let home = app.get("/api/activities/home").await.assert_ok();
    assert_eq!(home[0], created);
}

async fn a_crud_lives_as_long_as_its_ttl(app: &TestApp) {
    for (ttl, hours) in [
        ("30-days", 720),
        ("7-days", 168),
        ("3-days", 72),
        ("1-day", 24),
        ("12-hours", 12),
        ("3-hours", 3),
        ("1-hour", 1),
    ] {
        let created = app.post("/api/activities", &crud("tick", ttl)).await.assert_ok();
        let time = |key: &str| -> jiff::Timestamp {
            created[key].as_str().expect("a text").parse().expect("a time")
        };
        assert_eq!(time("expires_at").duration_since(time("created_at")).as_hours(), hours);
    }
}

async fn a_crud_belongs_to_the_signed_in_user(app: &TestApp) {
    let created = app.post_as("bayko", "/api/activities", &crud("mine", "1-day")).await;
    assert_eq!(created.assert_ok()["handle"], "bayko");
    let feed = app.get("/api/activities/@bayko").await.assert_ok();
    assert_eq!(column(&feed, "message"), ["mine"]);
}

async fn a_refused_crud_gets_exactly_one_code(app: &TestApp) {
    let long = "x".repeat(281);
    for (body, code) in [
        (crud("hi", "2-days"), "ttl_blank"),
        (crud("hi", Value::Null), "ttl_blank"),
        (crud("hi", 7), "ttl_blank"),
        (json!({"message": "hi"}), "ttl_blank"),
        (crud(Value::Null, "1-day"), "message_blank"),
        (crud("", "1-day"), "message_blank"),
        (json!({"ttl": "1-day"}), "message_blank"),
        (json!({}), "message_blank"),
        (crud("", "2-days"), "message_blank"),
        (crud(long, "2-days"), "message_exceed_max_chars"),
        (crud(42, "1-day"), "message_not_text"),
        (crud(json!(["hi"]), "1-day"), "message_not_text"),
        (crud("a\u{0}b", "1-day"), "message_not_text"),
        (json!([1, 2]), "json_not_object"),
        (json!("hi"), "json_not_object"),
        (Value::Null, "json_not_object"),
    ] {
        app.post("/api/activities", &body).await.assert_refused(422, code);
    }
    let home = app.get("/api/activities/home").await.assert_ok();
    assert_eq!(home.as_array().map(Vec::len), Some(4), "nothing was stored");
}

async fn a_crud_may_have_280_code_points_and_is_not_trimmed(app: &TestApp) {
    for message in ["🦀".repeat(280), "   ".to_owned(), "\n\"\\".to_owned()] {
        let created = app.post("/api/activities", &crud(&*message, "1-day")).await.assert_ok();
        assert_eq!(created["message"], message);
        let home = app.get("/api/activities/home").await.assert_ok();
        assert_eq!(home[0]["message"], message);
    }
}

async fn a_reply_is_created_with_200_and_counted(app: &TestApp) {
    let path = format!("/api/activities/{GAREKS_CRUD}/reply");
    let created = app.post_as("worf", &path, &json!({"message": "Qapla'"})).await.assert_ok();
    assert_eq!(created["handle"], "worf");
    assert_eq!(created["reply_to_activity_uuid"], GAREKS_CRUD);
    assert!(!keys(&created).contains(&"expires_at"));
    app.post(&path, &json!({"message": "indeed"})).await.assert_ok();
    let home = app.get("/api/activities/home").await.assert_ok();
    assert_eq!(home[0]["uuid"], GAREKS_CRUD);
    assert_eq!(home[0]["replies_count"], 2);
    assert_eq!(column(&home[0]["replies"], "message"), ["Qapla'", "indeed"]);
    assert_eq!(home.as_array().map(Vec::len), Some(4), "a reply is no crud of its own");
}

async fn a_reply_may_be_answered(app: &TestApp) {
    let reply = "26e12864-1c26-5c3a-9658-97a10f8fea67";
    let path = format!("/api/activities/{reply}/reply");
    app.post(&path, &json!({"message": "true"})).await.assert_ok();
    let shown = app.get(&format!("/api/activities/{reply}")).await.assert_ok();
    assert_eq!(column(&shown[0]["replies"], "message"), ["true"]);
}

async fn a_refused_reply_gets_exactly_one_code(app: &TestApp) {
    let path = format!("/api/activities/{GAREKS_CRUD}/reply");
    for (body, code) in [
        (json!({}), "message_blank"),
        (json!({"message": null}), "message_blank"),
        (json!({"message": ""}), "message_blank"),
        (json!({"message": false}), "message_not_text"),
        (json!({"message": "x".repeat(1025)}), "message_exceed_max_chars"),
        (json!(["message"]), "json_not_object"),
    ] {
        app.post(&path, &body).await.assert_refused(422, code);
    }
    app.post(&path, &json!({"message": "🦀".repeat(1024)})).await.assert_ok();
}

async fn a_reply_needs_a_live_activity(app: &TestApp) {
    for uuid in
        ["9a4c7a52-6f0e-4b8e-9c7b-3a2f1d5e6c03", "00000000-0000-0000-0000-000000000000", "x", "@"]
    {
        let path = format!("/api/activities/{uuid}/reply");
        let answer = app.post(&path, &json!({"message": "hello?"})).await;
        answer.assert_refused(404, "activity_not_found");
        app.post(&path, &json!({})).await.assert_refused(422, "message_blank");
    }
}

async fn nobody_can_write_without_a_known_user(app: &TestApp) {
    let reply = format!("/api/activities/{GAREKS_CRUD}/reply");
    for path in ["/api/activities", &reply] {
        for body in [crud("hi", "1-day"), json!({})] {
            app.post_as("", path, &body).await.assert_refused(422, "user_handle_blank");
            app.post_as("nobody", path, &body).await.assert_refused(401, "user_unknown");
        }
    }
}
