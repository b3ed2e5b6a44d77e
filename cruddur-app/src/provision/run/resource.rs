//! Something that has to be there.

use serde_json::Value;
use spanwright::aws::{Call, Service};

/// How a resource was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum State {
    Missing,
    /// With what is different, for people.
    Different(String),
    Same,
}

/// Something that has to be there, and the calls that look at it and make it so.
pub(super) trait Resource {
    /// Kind and name, for people.
    fn title(&self) -> String;

    /// Who has it.
    fn service(&self) -> Service;

    /// Asks for a page of the list it should be in.
    fn find(&self, next_token: Option<&str>) -> Call;

    /// How it is on such a page; `None` when it is not on it.
    fn look(&self, page: &Value) -> Option<State>;

    /// Makes it, where it is missing.
    fn create(&self) -> Vec<Call>;

    /// Makes it as it should be, where it is there.
    fn update(&self) -> Vec<Call>;
}
