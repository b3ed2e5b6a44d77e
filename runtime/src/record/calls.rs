//! How calls of one function went, in numbers.

use std::borrow::Cow;

/// Some calls of one function that ended in the same minute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallStatistics {
    /// Name of the annotated function's spans as its attribute gives it, whatever they are called at run
    /// time; of requests, and of spans without an annotated function, the name of the span. At most a
    /// hundred functions are told apart, those without a call for an hour make room for others; calls of
    /// the rest have [`CallStatistics::OTHERS`].
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

    /// Name for the calls of all functions that are not told apart.
    pub const OTHERS: &str = "other";
}
