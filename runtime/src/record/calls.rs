//! How calls of one function went, in numbers.

use std::borrow::Cow;

/// Some calls of one function that ended in the same minute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallStatistics {
    /// The name of their spans; [`CallStatistics::OTHERS`] for calls of more functions than are told
    /// apart.
    pub function: Cow<'static, str>,
    /// When the last of them ended, in nanoseconds since the Unix epoch.
    pub unix_ns: u64,
    /// How many of them failed.
    pub errors: u64,
    /// How long each of them took, in nanoseconds; at most [`CallStatistics::MAX_CALLS`].
    pub durations_ns: Vec<u64>,
}

impl CallStatistics {
    /// The most calls that are told together.
    ///
    /// As many as fit one event of the embedded metric format, whose values have at most so many
    /// numbers.
    /// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>.
    pub const MAX_CALLS: usize = 100;

    /// The name of all functions that have none of their own.
    pub const OTHERS: &str = "other";
}
