//! Lists of activities with their replies inside: what all feeds have in common.
//!
//! In: a query made with `feed_query!`. Out: at most 40 activities, newest first, with at most 400 replies in all.
//! Never: shows an activity whose time is over.

use sqlx::FromRow;

use crate::{
    db::{Db, Error, Query, Value},
    model::Activity,
};

/// A query for the 40 newest live activities that meet a condition on `a`, and for the 400 newest replies to them.
///
/// `$1` is always the current time; the condition's own values start at `$2`.
macro_rules! feed_query {
    ($summary:literal, $condition:literal) => {
        crate::db::Query {
            summary: $summary,
            operation: "SELECT",
            table: "activities",
            text: concat!(
                "WITH feed AS (SELECT a.uuid FROM activities a ",
                "WHERE (a.expires_at IS NULL OR a.expires_at > $1) AND ",
                $condition,
                " ORDER BY a.created_at DESC, a.uuid LIMIT 40), ",
                "replies AS (SELECT a.uuid FROM activities a ",
                "WHERE a.reply_to_activity_uuid IN (SELECT uuid FROM feed) ",
                "ORDER BY a.created_at DESC, a.uuid LIMIT 400) ",
                "SELECT a.uuid, u.display_name, u.handle, a.message, ",
                "(SELECT COUNT(*) FROM activities r WHERE r.reply_to_activity_uuid = a.uuid) ",
                "AS replies_count, a.reposts_count, a.likes_count, ",
                "a.reply_to_activity_uuid, a.created_at, a.expires_at, ",
                "CAST(CASE WHEN a.uuid IN (SELECT uuid FROM feed) THEN 1 ELSE 0 END AS BIGINT) ",
                "AS listed ",
                "FROM activities a JOIN users u ON u.uuid = a.user_uuid ",
                "WHERE a.uuid IN (SELECT uuid FROM feed) ",
                "OR a.uuid IN (SELECT uuid FROM replies) ",
                "ORDER BY a.created_at DESC, a.uuid",
            ),
        }
    };
}
pub(super) use feed_query;

#[derive(FromRow)]
struct Row {
    #[sqlx(flatten)]
    activity: Activity,
    /// 1 on an activity that meets the condition, 0 on one that is here only as a reply.
    listed: i64,
}

/// Runs a feed query.
pub(super) async fn fetch(
    db: &Db,
    query: &'static Query,
    values: &[Value<'_>],
) -> Result<Vec<Activity>, Error> {
    Ok(nest(&db.fetch_all(query, values).await?))
}

/// Puts each reply under its parent; an activity may be both listed and a reply.
fn nest(rows: &[Row]) -> Vec<Activity> {
    let listed = rows.iter().filter(|row| row.listed == 1);
    let with_replies = |row: &Row| {
        let parent = Some(&row.activity.uuid);
        let replies =
            rows.iter().rev().filter(|row| row.activity.reply_to_activity_uuid.as_ref() == parent);
        Activity {
            replies: Some(replies.map(|row| row.activity.clone()).collect()),
            ..row.activity.clone()
        }
    };
    listed.map(with_replies).collect()
}

/// How many activities of a feed are described on the span.
const MAX_DESCRIBED: usize = 10;

/// Tells of the first activities of a feed what they are, with keys that are known only now.
pub(super) fn describe(activities: &[Activity]) {
    let span = spanwright::current();
    if !span.is_recording() {
        return;
    }
    for (index, activity) in activities.iter().take(MAX_DESCRIBED).enumerate() {
        let key = |field: &str| format!("app.result.{index}.{field}");
        span.set_attribute(key("uuid"), &activity.uuid)
            .set_attribute(key("handle"), &activity.handle)
            .set_attribute(key("likes_count"), activity.likes_count)
            .set_attribute(key("replies_count"), activity.replies_count);
    }
}

/// A `LIKE` pattern, with `!` as its escape, for texts that contain `text` literally.
pub(super) fn containing(text: &str) -> String {
    let escaped = text.replace('!', "!!").replace('%', "!%").replace('_', "!_");
    format!("%{escaped}%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_in_a_pattern_stand_for_themselves() {
        for (text, pattern) in [("cloud", "%cloud%"), ("100%", "%100!%%"), ("a_b!", "%a!_b!!%")] {
            assert_eq!(containing(text), pattern);
        }
    }
}
