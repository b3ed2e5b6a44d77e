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
use crate::record::{Failure, Outcome, Status};

/// The three flags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flags {
    error: bool,
    throttle: bool,
    pub(super) fault: bool,
}

impl Flags {
    const FAULT: Self = Self { error: false, throttle: false, fault: true };
    const ERROR: Self = Self { error: true, throttle: false, fault: false };
    const THROTTLE: Self = Self { error: true, throttle: true, fault: false };

    pub(super) fn of(node: &Node<'_>, facts: &Facts<'_>) -> Self {
        let span = node.span;
        let is_failure =
            span.outcome == Outcome::Error || matches!(span.status, Status::Error { .. });
        let flags = match (node.segment.failure, facts.integer(Fact::Status)) {
            (Some(Failure::Fault), _) => Self::FAULT,
            (Some(Failure::Error), _) => Self::ERROR,
            (Some(Failure::Throttle), _) => Self::THROTTLE,
            (Some(Failure::Ignored), _) => Self::default(),
            (None, Some(429)) => Self::THROTTLE,
            (None, Some(400..=499)) => Self::ERROR,
            (None, Some(500..=599)) => Self::FAULT,
            (None, _) if is_failure => Self::FAULT,
            (None, _) => Self::default(),
        };
        Self { fault: flags.fault || span.outcome == Outcome::Panic, ..flags }
    }

    pub(super) fn write(self, document: &mut Object<'_>) {
        document.flag("error", self.error);
        document.flag("throttle", self.throttle);
        document.flag("fault", self.fault);
    }
}
