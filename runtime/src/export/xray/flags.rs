//! Whose fault it was.
//!
//! | what happened | `error` | `throttle` | `fault` |
//! |---|---|---|---|
//! | status 400 to 499 | yes | of 429 | |
//! | status 500 to 599 | | | yes |
//! | no such status, but an error | | | yes |
//! | a panic | | | yes |
//!
//! What the code said about the failure counts more than the status.
//! In: a span. Out: the flags of its segment or subsegment.
//! Never: hands a flag on to the levels above.
//!
//! Source:
//! <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html#api-segmentdocuments-errors>.

use super::facts::{Fact, Facts};
use super::forest::Node;
use super::json::Object;
use crate::record::{ErrorClass, Outcome, Status};

/// The three flags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flags {
    error: bool,
    throttle: bool,
    pub(super) fault: bool,
}

impl Flags {
    pub(super) fn of(node: &Node<'_>, facts: &Facts<'_>) -> Self {
        let span = node.span;
        let is_failure =
            span.outcome == Outcome::Error || matches!(span.status, Status::Error { .. });
        let status = match node.segment.error_class {
            Some(ErrorClass::Fault) => Some(500),
            Some(ErrorClass::Error) => Some(400),
            Some(ErrorClass::Throttle) => Some(429),
            Some(ErrorClass::Ignored) => Some(200),
            None => match facts.integer(Fact::Status) {
                Some(status @ 400..=599) => Some(status),
                _ => is_failure.then_some(500),
            },
        };
        let flags = match status {
            Some(429) => Self { error: true, throttle: true, fault: false },
            Some(400..=499) => Self { error: true, ..Self::default() },
            Some(500..=599) => Self { fault: true, ..Self::default() },
            _ => Self::default(),
        };
        Self { fault: flags.fault || span.outcome == Outcome::Panic, ..flags }
    }

    pub(super) fn write(self, document: &mut Object<'_>) {
        document.flag("error", self.error);
        document.flag("throttle", self.throttle);
        document.flag("fault", self.fault);
    }
}
