//! What takes failures, and the thread that tells them.

use std::sync::Arc;

use super::InstallError;
use super::outlets::Parts;
use crate::config::Config;
use crate::report::{self, Sources, Teller};
use crate::span::tracer::Breadcrumbs;

/// Starts what takes failures, where anybody wants to know of them; with `tells_spans`, their spans do.
pub(super) fn start(
    config: &mut Config,
    tells_spans: bool,
    parts: &mut Parts,
) -> Result<Option<Arc<Teller>>, InstallError> {
    let mut processors = std::mem::take(&mut config.error_processors);
    processors.append(&mut parts.of_errors);
    if processors.is_empty() && !tells_spans {
        return Ok(None);
    }
    let has_records = !processors.is_empty();
    let settings = config.reports.clone();
    let report::Parts { taker, teller, trail } = report::parts(
        settings,
        Arc::clone(&parts.redaction),
        tells_spans,
        Sources::Real,
        processors,
    );
    parts.failures = Some(taker);
    if !has_records {
        return Ok(None);
    }
    let breadcrumbs = Breadcrumbs { spans: Arc::clone(&trail) as _, logs: trail };
    parts.processors.breadcrumbs = Some(breadcrumbs);
    if !teller.start() {
        return Err(InstallError::NoThread);
    }
    Ok(Some(teller))
}
