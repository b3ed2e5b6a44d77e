//! Sample rows, so that a new database has something to show.
//!
//! In: the time of the start. Out: six users, their cruds and two conversations, dated relative to that time.
//! Planting twice changes nothing but the dates, so a kept database never shows an old feed.
//! Never: touches rows that people wrote.

use super::{Db, Error, Query, Value};
use crate::model::Timestamp;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

const ANDREW: &str = "5c2a6a1e-58ab-4bd0-a6b5-2f6b7a4e0d01";
const BAYKO: &str = "5c2a6a1e-58ab-4bd0-a6b5-2f6b7a4e0d02";
const WORF: &str = "5c2a6a1e-58ab-4bd0-a6b5-2f6b7a4e0d03";
const GAREK: &str = "5c2a6a1e-58ab-4bd0-a6b5-2f6b7a4e0d04";
const COCO: &str = "5c2a6a1e-58ab-4bd0-a6b5-2f6b7a4e0d05";
const LONDO: &str = "5c2a6a1e-58ab-4bd0-a6b5-2f6b7a4e0d06";

const ANDREWS_CRUD: &str = "68f126b0-1ceb-4a33-88be-d90fa7109eee";
const COCOS_CRUD: &str = "9a4c7a52-6f0e-4b8e-9c7b-3a2f1d5e6c01";
const GROUP_WITH_WORF: &str = "417c360e-c4e6-4fce-873b-d2d71469b4ac";
const GROUP_WITH_LONDO: &str = "24b95582-9e7b-4e0a-9ad1-639773ab7552";

/// `(uuid, handle, display name)`.
const USERS: [(&str, &str, &str); 6] = [
    (ANDREW, "andrewbrown", "Andrew Brown"),
    (BAYKO, "bayko", "Andrew Bayko"),
    (WORF, "worf", "Worf"),
    (GAREK, "garek", "Garek"),
    (COCO, "coco", "Coco"),
    (LONDO, "londo", "Londo Mollari"),
];

struct Crud {
    uuid: &'static str,
    user: &'static str,
    message: &'static str,
    likes: i64,
    reply_to: Option<&'static str>,
    age_seconds: i64,
    /// From the start of the service; negative is already over.
    expires_in_seconds: Option<i64>,
}

const CRUDS: [Crud; 7] = [
    Crud {
        uuid: ANDREWS_CRUD,
        user: ANDREW,
        message: "Shipping the backend to the clouds today, traces and all.",
        likes: 5,
        reply_to: None,
        age_seconds: 2 * DAY,
        expires_in_seconds: Some(5 * DAY),
    },
    Crud {
        uuid: "26e12864-1c26-5c3a-9658-97a10f8fea67",
        user: WORF,
        message: "A trace without a parent has no honour.",
        likes: 0,
        reply_to: Some(ANDREWS_CRUD),
        age_seconds: 2 * DAY - HOUR,
        expires_in_seconds: None,
    },
    Crud {
        uuid: "66e12864-8c26-4c3a-9658-95a10f8fea67",
        user: WORF,
        message: "Today is a good day to deploy.",
        likes: 0,
        reply_to: None,
        age_seconds: 7 * DAY,
        expires_in_seconds: Some(9 * DAY),
    },
    Crud {
        uuid: "248959df-3079-4947-b847-9e0892d1bab4",
        user: GAREK,
        message: "I am only a simple tailor, but even I read the logs.",
        likes: 0,
        reply_to: None,
        age_seconds: HOUR,
        expires_in_seconds: Some(12 * HOUR),
    },
    Crud {
        uuid: COCOS_CRUD,
        user: COCO,
        message: "Lunch by the dashboard, @andrewbrown?",
        likes: 2,
        reply_to: None,
        age_seconds: 2 * DAY + HOUR,
        expires_in_seconds: Some(5 * DAY),
    },
    Crud {
        uuid: "9a4c7a52-6f0e-4b8e-9c7b-3a2f1d5e6c02",
        user: WORF,
        message: "I will bring the gagh.",
        likes: 0,
        reply_to: Some(COCOS_CRUD),
        age_seconds: 2 * DAY,
        expires_in_seconds: None,
    },
    Crud {
        uuid: "9a4c7a52-6f0e-4b8e-9c7b-3a2f1d5e6c03",
        user: LONDO,
        message: "This offer was gone before you saw it.",
        likes: 0,
        reply_to: None,
        age_seconds: 3 * DAY,
        expires_in_seconds: Some(-DAY),
    },
];

/// `(uuid, first user, second user, age in seconds)`; the smaller user uuid comes first.
const GROUPS: [(&str, &str, &str, i64); 2] =
    [(GROUP_WITH_WORF, ANDREW, WORF, 3 * DAY), (GROUP_WITH_LONDO, ANDREW, LONDO, DAY)];

/// `(uuid, group, author, text, age in seconds)`.
const MESSAGES: [(&str, &str, &str, &str, i64); 3] = [
    (
        "4e81c06a-db0f-4281-b4cc-98208537772a",
        GROUP_WITH_WORF,
        ANDREW,
        "Did the deployment survive the night?",
        3 * HOUR,
    ),
    ("66e12864-8c26-4c3a-9658-95a10f8fea67", GROUP_WITH_WORF, WORF, "It fought well.", 2 * HOUR),
    (
        "9a4c7a52-6f0e-4b8e-9c7b-3a2f1d5e6c04",
        GROUP_WITH_LONDO,
        LONDO,
        "Call me when the graphs go up again.",
        DAY,
    ),
];

const INSERT_USER: Query = Query {
    summary: "INSERT sample user",
    operation: "INSERT",
    table: "users",
    text: "INSERT INTO users (uuid, handle, display_name, email, created_at) \
           VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
};

const INSERT_CRUD: Query = Query {
    summary: "INSERT sample activity",
    operation: "INSERT",
    table: "activities",
    text: "INSERT INTO activities (uuid, user_uuid, message, likes_count, \
               reply_to_activity_uuid, expires_at, created_at) \
           VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (uuid) DO UPDATE \
           SET created_at = excluded.created_at, expires_at = excluded.expires_at",
};

const INSERT_GROUP: Query = Query {
    summary: "INSERT sample message group",
    operation: "INSERT",
    table: "message_groups",
    text: "INSERT INTO message_groups (uuid, first_user_uuid, second_user_uuid, created_at) \
           VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
};

const INSERT_MESSAGE: Query = Query {
    summary: "INSERT sample message",
    operation: "INSERT",
    table: "messages",
    text: "INSERT INTO messages (uuid, message_group_uuid, user_uuid, message, created_at) \
           VALUES ($1, $2, $3, $4, $5) ON CONFLICT (uuid) DO UPDATE \
           SET created_at = excluded.created_at",
};

/// Adds the sample rows, or moves their dates when they are there already.
pub(super) async fn plant(db: &Db) -> Result<(), Error> {
    let now = Timestamp::now();
    for (uuid, handle, display_name) in USERS {
        let email = format!("{handle}@example.com");
        let values = [uuid.into(), handle.into(), display_name.into(), (&email).into(), now.into()];
        db.execute(&INSERT_USER, &values).await?;
    }
    for crud in &CRUDS {
        plant_crud(db, crud, now).await?;
    }
    for (uuid, first, second, age) in GROUPS {
        let values = [uuid.into(), first.into(), second.into(), now.plus_seconds(-age).into()];
        db.execute(&INSERT_GROUP, &values).await?;
    }
    for (uuid, group, author, text, age) in MESSAGES {
        let values =
            [uuid.into(), group.into(), author.into(), text.into(), now.plus_seconds(-age).into()];
        db.execute(&INSERT_MESSAGE, &values).await?;
    }
    Ok(())
}

async fn plant_crud(db: &Db, crud: &Crud, now: Timestamp) -> Result<(), Error> {
    let expires_at = crud.expires_in_seconds.map(|seconds| now.plus_seconds(seconds));
    let values = [
        crud.uuid.into(),
        crud.user.into(),
        crud.message.into(),
        crud.likes.into(),
        crud.reply_to.into(),
        Value::Integer(expires_at.map(Timestamp::as_microseconds)),
        now.plus_seconds(-crud.age_seconds).into(),
    ];
    db.execute(&INSERT_CRUD, &values).await
}
