//! What can be read: feeds, search, single activities, users.

use serde_json::{Value, json};

use crate::support::{TestApp, column, keys, scenarios};

const ACTIVITY_KEYS: [&str; 10] = [
    "created_at",
    "display_name",
    "expires_at",
    "handle",
    "likes_count",
    "message",
    "replies",
    "replies_count",
    "reposts_count",
    "uuid",
];
const REPLY_KEYS: [&str; 9] = [
    "created_at",
    "display_name",
    "handle",
    "likes_count",
    "message",
    "replies_count",
    "reply_to_activity_uuid",
    "reposts_count",
    "uuid",
];
const ANDREWS_CRUD: &str = "68f126b0-1ceb-4a33-88be-d90fa7109eee";

scenarios!(
    health_check_says_success,
    home_lists_live_cruds_newest_first_and_hides_expired_ones,
    home_nests_replies_under_their_crud,
    home_lists_at_most_forty_cruds,
    home_carries_at_most_four_hundred_replies_and_counts_all,
    times_have_microseconds_and_an_offset,
    notifications_are_mentions_by_others,
    a_longer_handle_is_no_mention,
    a_user_feed_has_the_cruds_of_that_user_only,
    a_user_feed_needs_a_known_handle,
    search_finds_text_in_any_case,
    search_takes_wildcards_literally,
    search_needs_a_usable_term,
    show_returns_an_array_of_one_with_replies,
    show_knows_only_live_activities,
    status_returns_the_activity_and_its_replies_apart,
    users_short_names_the_user,
    an_unknown_user_is_refused,
    a_blank_user_is_refused,
);

async fn health_check_says_success(app: &TestApp) {
    assert_eq!(app.get("/api/health-check").await.assert_ok(), json!({"success": true, "ver": 1}));
}

async fn home_lists_live_cruds_newest_first_and_hides_expired_ones(app: &TestApp) {
    let home = app.get("/api/activities/home").await.assert_ok();
    assert_eq!(column(&home, "handle"), ["garek", "andrewbrown", "coco", "worf"]);
    for activity in home.as_array().expect("checked above") {
        assert_eq!(keys(activity), ACTIVITY_KEYS);
    }
}

async fn home_nests_replies_under_their_crud(app: &TestApp) {
    let home = app.get("/api/activities/home").await.assert_ok();
    let crud = &home[1];
    assert_eq!(crud["uuid"], ANDREWS_CRUD);
    assert_eq!((&crud["likes_count"], &crud["replies_count"]), (&json!(5), &json!(1)));
    assert_eq!(column(&crud["replies"], "handle"), ["worf"]);
    assert_eq!(keys(&crud["replies"][0]), REPLY_KEYS);
    assert_eq!(crud["replies"][0]["reply_to_activity_uuid"], ANDREWS_CRUD);
    assert_eq!(home[0]["replies"], json!([]));
}

async fn home_lists_at_most_forty_cruds(app: &TestApp) {
    for number in 0..41 {
        let crud = json!({"message": format!("number {number}"), "ttl": "1-hour"});
        app.post("/api/activities", &crud).await.assert_ok();
    }
    let home = app.get("/api/activities/home").await.assert_ok();
    let messages = column(&home, "message");
    assert_eq!((messages.len(), messages[0], messages[39]), (40, "number 40", "number 1"));
}

async fn home_carries_at_most_four_hundred_replies_and_counts_all(app: &TestApp) {
    let path = format!("/api/activities/{ANDREWS_CRUD}/reply");
    for number in 0..400 {
        app.post(&path, &json!({"message": number.to_string()})).await.assert_ok();
    }
    let home = app.get("/api/activities/home").await.assert_ok();
    assert_eq!(home[1]["replies_count"], 401);
    let replies = column(&home[1]["replies"], "message");
    assert_eq!((replies.len(), replies[0], replies[399]), (400, "0", "399"));
    assert_eq!(home[2]["replies"], json!([]), "the older replies are left out");
}

async fn times_have_microseconds_and_an_offset(app: &TestApp) {
    let home = app.get("/api/activities/home").await.assert_ok();
    for key in ["created_at", "expires_at"] {
        let time = home[0][key].as_str().expect("a text");
        let shape: String =
            time.chars().map(|char| if char.is_ascii_digit() { '0' } else { char }).collect();
        assert_eq!(shape, "0000-00-00T00:00:00.000000+00:00");
    }
}

async fn notifications_are_mentions_by_others(app: &TestApp) {
    let notifications = app.get("/api/activities/notifications").await.assert_ok();
    assert_eq!(column(&notifications, "handle"), ["coco"]);
    assert_eq!(keys(&notifications[0]), ACTIVITY_KEYS);
    assert_eq!(column(&notifications[0]["replies"], "handle"), ["worf"]);
    let none = app.get_as("bayko", "/api/activities/notifications").await.assert_ok();
    assert_eq!(none, json!([]));
}

async fn a_longer_handle_is_no_mention(app: &TestApp) {
    for message in ["to @baykonur", "to @Bayko!"] {
        let crud = json!({"message": message, "ttl": "1-day"});
        app.post("/api/activities", &crud).await.assert_ok();
    }
    let own = json!({"message": "me, @bayko", "ttl": "1-day"});
    app.post_as("bayko", "/api/activities", &own).await.assert_ok();
    let notifications = app.get_as("bayko", "/api/activities/notifications").await.assert_ok();
    assert_eq!(column(&notifications, "message"), ["to @Bayko!"]);
}

async fn a_user_feed_has_the_cruds_of_that_user_only(app: &TestApp) {
    let feed = app.get("/api/activities/@worf").await.assert_ok();
    assert_eq!(column(&feed, "handle"), ["worf"]);
    assert_eq!(keys(&feed[0]), ACTIVITY_KEYS);
    assert_eq!(app.get("/api/activities/@londo").await.assert_ok(), json!([]));
}

async fn a_user_feed_needs_a_known_handle(app: &TestApp) {
    app.get("/api/activities/@").await.assert_refused(422, "blank_user_handle");
    for handle in ["nobody", "Worf", "worf%00", "%F0%9F%A6%80", "%FF"] {
        let path = format!("/api/activities/@{handle}");
        app.get(&path).await.assert_refused(404, "user_not_found");
    }
}

async fn search_finds_text_in_any_case(app: &TestApp) {
    let found = app.get("/api/activities/search?term=DEPLOY").await.assert_ok();
    assert_eq!(column(&found, "handle"), ["worf"]);
    assert_eq!(keys(&found[0]), ACTIVITY_KEYS);
    let crud = json!({"message": "Ärger mit 🦀", "ttl": "1-day"});
    app.post("/api/activities", &crud).await.assert_ok();
    let found = app.get("/api/activities/search?term=%C3%84rger+mit+%F0%9F%A6%80").await;
    assert_eq!(column(&found.assert_ok(), "message"), ["Ärger mit 🦀"]);
}

async fn search_takes_wildcards_literally(app: &TestApp) {
    let crud = json!({"message": "100% of a_b!", "ttl": "1-day"});
    app.post("/api/activities", &crud).await.assert_ok();
    for (term, expected) in [("%25", 1), ("a_b!", 1), ("!", 1), ("a_c", 0), ("1%25b", 0)] {
        let found = app.get(&format!("/api/activities/search?term={term}")).await.assert_ok();
        assert_eq!(column(&found, "message").len(), expected, "{term}");
    }
}

async fn search_needs_a_usable_term(app: &TestApp) {
    let long = format!("/api/activities/search?term={}", "x".repeat(60_000));
    for (path, status, code) in [
        ("/api/activities/search", 422, "search_term_blank"),
        ("/api/activities/search?term=", 422, "search_term_blank"),
        ("/api/activities/search?term=a%00b", 422, "search_term_not_text"),
        ("/api/activities/search?term=a&term=b", 400, "query_malformed"),
        (&long, 422, "search_term_exceed_max_chars"),
    ] {
        app.get(path).await.assert_refused(status, code);
    }
}

async fn show_returns_an_array_of_one_with_replies(app: &TestApp) {
    for spelling in [ANDREWS_CRUD.to_owned(), ANDREWS_CRUD.to_uppercase()] {
        let shown = app.get(&format!("/api/activities/{spelling}")).await.assert_ok();
        assert_eq!(column(&shown, "uuid"), [ANDREWS_CRUD]);
        assert_eq!(column(&shown[0]["replies"], "handle"), ["worf"]);
    }
}

async fn show_knows_only_live_activities(app: &TestApp) {
    for uuid in [
        "9a4c7a52-6f0e-4b8e-9c7b-3a2f1d5e6c03",
        "00000000-0000-0000-0000-000000000000",
        "home2",
        "worf%00",
    ] {
        let path = format!("/api/activities/{uuid}");
        app.get(&path).await.assert_refused(404, "activity_not_found");
    }
}

async fn status_returns_the_activity_and_its_replies_apart(app: &TestApp) {
    let path = |handle: &str| format!("/api/activities/@{handle}/status/{ANDREWS_CRUD}");
    let status: Value = app.get(&path("andrewbrown")).await.assert_ok();
    assert_eq!(keys(&status), ["activity", "replies"]);
    assert_eq!(status["activity"]["uuid"], ANDREWS_CRUD);
    assert_eq!(column(&status["replies"], "handle"), ["worf"]);
    app.get(&path("worf")).await.assert_refused(404, "activity_not_found");
}

async fn users_short_names_the_user(app: &TestApp) {
    let user = app.get("/api/users/@worf/short").await.assert_ok();
    assert_eq!(keys(&user), ["display_name", "handle", "uuid"]);
    assert_eq!((&user["handle"], &user["display_name"]), (&json!("worf"), &json!("Worf")));
    app.get("/api/users/@nobody/short").await.assert_refused(404, "user_not_found");
}

async fn an_unknown_user_is_refused(app: &TestApp) {
    for user in ["nobody", "' OR 1=1 --", "ANDREWBROWN", "\u{e9}"] {
        let answer = app.get_as(user, "/api/activities/home").await;
        answer.assert_refused(401, "user_unknown");
    }
}

async fn a_blank_user_is_refused(app: &TestApp) {
    app.get_as("", "/api/activities/home").await.assert_refused(422, "user_handle_blank");
    app.get_as("", "/api/message_groups").await.assert_refused(422, "user_handle_blank");
}
