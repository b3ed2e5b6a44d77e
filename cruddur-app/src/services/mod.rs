//! The use cases: one file each, one function `run` each.
//!
//! In: the database, the user and what was asked. Out: what the caller gets, or an [`crate::error::AppError`].
//! Never: knows about HTTP.

pub(crate) mod create_activity;
pub(crate) mod create_message;
pub(crate) mod create_reply;
mod feed;
pub(crate) mod find_user;
pub(crate) mod home_activities;
pub(crate) mod message_groups;
pub(crate) mod messages;
pub(crate) mod notifications_activities;
pub(crate) mod rollbar_test;
pub(crate) mod search_activities;
pub(crate) mod show_activity;
pub(crate) mod user_activities;
