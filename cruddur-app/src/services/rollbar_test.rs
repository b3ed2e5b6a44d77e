//! Failures on purpose, to see how they are reported.

use std::num::ParseIntError;

use spanwright::{Severity, report_errors, traced, xray_subsegment};

use crate::{error::AppError, model::User};

/// The outer link of the demonstration's chain of causes.
#[derive(Debug, thiserror::Error)]
#[error("the hello could not be sent")]
pub(crate) struct DemoError(#[from] SettingError);

/// The middle link.
#[derive(Debug, thiserror::Error)]
#[error("the number of hellos is `{found}`, expected a whole number")]
pub(crate) struct SettingError {
    found: &'static str,
    source: ParseIntError,
}

/// Reports a text, as the course does to see that its token is right.
pub(crate) fn hello() -> &'static str {
    const HELLO: &str = "Hello World!";
    spanwright::report_message(HELLO, Severity::Warning);
    HELLO
}

/// Fails with an error that three others have caused, one below the other.
#[traced("rollbar-test-error", fields(app.user_handle = user.handle))]
#[xray_subsegment("rollbar_test_error")]
#[report_errors(title = "An error on purpose", person(id = user.id, username = user.handle))]
pub(crate) fn fail(user: &User) -> Result<u32, AppError> {
    Ok(hellos("many").map_err(DemoError)?)
}

/// Where it begins: what is said here and what is said above becomes one report.
#[report_errors(custom(demo.hellos = found))]
fn hellos(found: &'static str) -> Result<u32, SettingError> {
    found.parse().map_err(|source| SettingError { found, source })
}

/// Panics, always.
#[traced("rollbar-test-panic", fields(app.user_handle = user.handle))]
#[xray_subsegment("rollbar_test_panic")]
#[report_errors(
    panics,
    title = "A panic on purpose",
    person(id = user.id, username = user.handle),
)]
pub(crate) fn panic(user: &User) {
    panic!("a panic on purpose")
}
