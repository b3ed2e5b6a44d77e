//! One line of a log.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::{Attribute, Level, SpanContext};

/// One event of the log: what some code wanted to be known.
#[derive(Clone, Debug, PartialEq)]
pub struct LogRecord {
    /// Names the event, whatever becomes of its delivery: what arrives twice has one id.
    pub id: LogId,
    /// When it happened, in nanoseconds since the Unix epoch.
    pub unix_ns: u64,
    /// The detail.
    pub level: Level,
    /// The module path of the code, or the target given by hand.
    pub target: Cow<'static, str>,
    /// The source file as the compiler names it, where it is known.
    pub file: Option<Cow<'static, str>>,
    /// The line of the code, from 1, where it is known.
    pub line: Option<u32>,
    /// What it says; may be empty where the attributes say it all.
    pub message: Cow<'static, str>,
    /// What else was recorded with it, in that order; each key once.
    pub attributes: Vec<Attribute>,
    /// The innermost span around it; without one it belongs to no trace.
    pub span: Option<SpanContext>,
    /// The id of the user whose request it belongs to, where that is known.
    pub user: Option<Arc<str>>,
}

impl LogRecord {
    /// The target of events that tell of a request that is over; their messages say to people what
    /// their attributes say to machines.
    pub const ACCESS_TARGET: &str = "spanwright::access";
}

/// Names one event of the log: its time in nanoseconds, then a random number. Sorted by it, events
/// are in the order of their times.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LogId(u128);

impl LogId {
    /// Joins the time of an event and a random number.
    pub const fn new(unix_ns: u64, random: u64) -> Self {
        Self((unix_ns as u128) << 64 | random as u128)
    }

    /// The number.
    pub const fn to_u128(self) -> u128 {
        self.0
    }
}

impl fmt::Display for LogId {
    /// 32 lower-case hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LogId({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time_and_tell_events_of_one_moment_apart() {
        let ids = [LogId::new(1, u64::MAX), LogId::new(2, 0), LogId::new(2, 1)];
        assert!(ids.is_sorted() && ids[1] != ids[2]);
        assert_eq!(LogId::new(1, 255).to_string(), "000000000000000100000000000000ff");
    }
}
