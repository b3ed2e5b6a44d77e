//! What others wrote about the user.

use spanwright::{report_errors, traced, xray_subsegment};

use super::feed::{self, feed_query};
use crate::{
    db::{Db, Query},
    error::AppError,
    model::{Activity, Timestamp, User},
};

const MENTIONS: Query = feed_query!(
    "SELECT mentions",
    "a.user_uuid <> $2 AND LOWER(a.message) LIKE LOWER($3) ESCAPE '!'"
);

/// Returns the live activities of others that mention the user as `@handle`.
#[traced(
    "notifications-activities",
    fields(app.user_handle = user.handle),
    ok(fields(#[annotation] app.result_length = ok.len())),
)]
#[xray_subsegment("activities_notifications")]
#[report_errors(person(id = user.id, username = user.handle))]
pub(crate) async fn run(db: &Db, user: &User) -> Result<Vec<Activity>, AppError> {
    tracing::info!(app.user_handle = user.handle, "NotificationsActivities");
    let pattern = feed::containing(&format!("@{}", user.handle));
    let values = [Timestamp::now().into(), (&user.id).into(), (&pattern).into()];
    let mut activities = feed::fetch(db, &MENTIONS, &values).await?;
    activities.retain(|activity| mentions(&activity.message, &user.handle));
    Ok(activities)
}

/// Whether `message` holds `@handle` as a whole word; `LIKE` alone would find `@ann` in `@anna`.
fn mentions(message: &str, handle: &str) -> bool {
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    message.split('@').skip(1).any(|rest| {
        rest.split(|character| !is_word(character))
            .next()
            .is_some_and(|word| word.eq_ignore_ascii_case(handle))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_handle_is_a_mention() {
        for (message, expected) in [
            ("@worf", true),
            ("see you, @Worf!", true),
            ("(@a and @worf)", true),
            ("@worfling", false),
            ("@worf_2", false),
            ("worf", false),
            ("", false),
        ] {
            assert_eq!(mentions(message, "worf"), expected, "{message}");
        }
    }
}
