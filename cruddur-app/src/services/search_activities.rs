//! Full-text search, the simple way.

use spanwright::{report_errors, traced, xray_subsegment};

use super::feed::{self, feed_query};
use crate::{
    body::Field,
    db::{Db, Query},
    error::AppError,
    model::{Activity, Timestamp},
    rules,
};

const SEARCH: Query = feed_query!("SELECT search", "LOWER(a.message) LIKE LOWER($2) ESCAPE '!'");

/// Returns the newest live activities whose message contains the term, whatever its case.
///
/// SQLite folds the case of ASCII letters only.
#[traced("search-activities", ok(fields(#[annotation] app.result_length = ok.len())))]
#[xray_subsegment("activities_search")]
#[report_errors]
pub(crate) async fn run(db: &Db, term: Field) -> Result<Vec<Activity>, AppError> {
    let pattern = feed::containing(&rules::term(term)?);
    let values = [Timestamp::now().into(), (&pattern).into()];
    Ok(feed::fetch(db, &SEARCH, &values).await?)
}
