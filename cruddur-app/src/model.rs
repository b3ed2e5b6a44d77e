//! The nouns of Cruddur, as they leave the database and as they are sent.
//!
//! In: rows. Out: JSON with the key names of the course's API.
//! Never: queries, decides who may see what.

use serde::{Serialize, Serializer};
use sqlx::{Database, Decode, FromRow, Type, error::BoxDynError};

use crate::db::Value;

/// A point in time: microseconds since the Unix epoch, as the tables keep it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Timestamp(i64);

impl Timestamp {
    pub(crate) fn now() -> Self {
        Self(jiff::Timestamp::now().as_microsecond())
    }

    pub(crate) fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }

    pub(crate) fn as_microseconds(self) -> i64 {
        self.0
    }
}

impl<DB: Database> Type<DB> for Timestamp
where
    i64: Type<DB>,
{
    fn type_info() -> DB::TypeInfo {
        i64::type_info()
    }
}

/// A row with a time that nobody could write down fails where it is read, not where it is sent.
impl<'r, DB: Database> Decode<'r, DB> for Timestamp
where
    i64: Decode<'r, DB>,
{
    fn decode(value: DB::ValueRef<'r>) -> Result<Self, BoxDynError> {
        let microseconds = i64::decode(value)?;
        jiff::Timestamp::from_microsecond(microseconds)?;
        Ok(Self(microseconds))
    }
}

/// The time as users read it.
impl spanwright::ToAttribute for Timestamp {
    fn to_attribute(&self, sink: spanwright::Sink<'_>) {
        if let Ok(timestamp) = jiff::Timestamp::from_microsecond(self.0) {
            sink.display(&timestamp);
        }
    }
}

impl From<Timestamp> for Value<'_> {
    fn from(timestamp: Timestamp) -> Self {
        timestamp.0.into()
    }
}

/// ISO 8601 with microseconds and an offset, as the course's backend writes it.
impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let timestamp =
            jiff::Timestamp::from_microsecond(self.0).map_err(serde::ser::Error::custom)?;
        serializer.collect_str(&timestamp.strftime("%Y-%m-%dT%H:%M:%S%.6f+00:00"))
    }
}

/// Someone who can sign in.
#[derive(Clone, Debug, FromRow, Serialize)]
pub(crate) struct User {
    #[serde(rename = "uuid")]
    pub(crate) id: String,
    pub(crate) handle: String,
    pub(crate) display_name: String,
}

/// A crud, or a reply to one.
#[derive(Clone, Debug, FromRow, Serialize)]
pub(crate) struct Activity {
    pub(crate) uuid: String,
    pub(crate) display_name: String,
    pub(crate) handle: String,
    pub(crate) message: String,
    pub(crate) replies_count: i64,
    pub(crate) reposts_count: i64,
    pub(crate) likes_count: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reply_to_activity_uuid: Option<String>,
    pub(crate) created_at: Timestamp,
    /// `None` lives for ever, as replies do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expires_at: Option<Timestamp>,
    /// Oldest first. `None` on an activity that is itself listed as a reply.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[sqlx(skip)]
    pub(crate) replies: Option<Vec<Activity>>,
}

impl Activity {
    /// A new activity, which nobody has answered, reposted or liked.
    pub(crate) fn new(uuid: String, author: &User, message: String, created_at: Timestamp) -> Self {
        Self {
            uuid,
            display_name: author.display_name.clone(),
            handle: author.handle.clone(),
            message,
            replies_count: 0,
            reposts_count: 0,
            likes_count: 0,
            reply_to_activity_uuid: None,
            created_at,
            expires_at: None,
            replies: Some(Vec::new()),
        }
    }
}

/// An activity on a page of its own.
#[derive(Debug, Serialize)]
pub(crate) struct ActivityStatus {
    pub(crate) activity: Activity,
    pub(crate) replies: Vec<Activity>,
}

/// A conversation, named after the other user in it.
#[derive(Debug, FromRow, Serialize)]
pub(crate) struct MessageGroup {
    pub(crate) uuid: String,
    pub(crate) display_name: String,
    pub(crate) handle: String,
    pub(crate) created_at: Timestamp,
}

/// One message of a conversation, with its author.
#[derive(Debug, FromRow, Serialize)]
pub(crate) struct Message {
    pub(crate) uuid: String,
    pub(crate) display_name: String,
    pub(crate) handle: String,
    #[serde(rename = "message")]
    #[sqlx(rename = "message")]
    pub(crate) text: String,
    pub(crate) created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_with_six_digits_and_an_offset() {
        for (microseconds, expected) in [
            (0, r#""1970-01-01T00:00:00.000000+00:00""#),
            (1_763_632_800_000_042, r#""2025-11-20T10:00:00.000042+00:00""#),
        ] {
            let written = serde_json::to_string(&Timestamp(microseconds)).unwrap();
            assert_eq!(written, expected);
        }
    }
}
