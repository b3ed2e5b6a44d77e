//! The dialects: how a finished record looks on each vendor's wire.
//!
//! In: records, later the vendor's answers. Out: bytes, requests, verdicts, all plain data.
//! Never: opens a socket, sleeps, reads a clock, starts a thread; `pipeline` does all of that,
//! once for every dialect.
//!
//! ```text
//!  record ─ encode ─▶ item ─┐
//!  record ─ encode ─▶ item ─┼─ request ─▶ Request … Reply ─ verdict ─▶ delivered · sent · retry · split · isolate · reduce · refused
//!  record ─ encode ─▶ item ─┘
//! ```
//!
//! Encode comes before the batch, because every limit of every vendor is in bytes of the encoded
//! form: sizes are exact, an oversize record is refused alone, a batch is split by offsets, and a
//! retry resends the same bytes.

#[cfg(any(feature = "otlp", feature = "xray", feature = "aws", feature = "rollbar"))]
#[cfg_attr(
    not(any(feature = "otlp", feature = "aws", feature = "rollbar")),
    expect(dead_code, reason = "X-Ray alone asks only for the port of a proxy")
)]
pub(crate) mod address;
#[cfg(any(feature = "otlp", feature = "xray", feature = "aws", feature = "rollbar"))]
mod answer_text;
mod batch;
#[cfg(feature = "cloudwatch")]
pub mod cloudwatch;
#[cfg(feature = "console")]
pub mod console;
#[cfg(any(feature = "cloudwatch", feature = "console"))]
mod log_json;
#[cfg(feature = "otlp")]
pub mod otlp;
#[cfg(any(feature = "aws", feature = "xray"))]
mod refusal;
#[cfg(feature = "rollbar")]
pub mod rollbar;
#[cfg(any(feature = "otlp", feature = "xray", feature = "aws", feature = "rollbar"))]
mod tls;
#[cfg(any(feature = "cloudwatch", feature = "console"))]
mod utc;
#[cfg(feature = "xray")]
pub mod xray;

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;

pub use batch::Batch;
#[cfg(any(feature = "aws", feature = "xray"))]
pub use refusal::{AccessProblem, Refusal};
#[cfg(any(feature = "otlp", feature = "xray", feature = "aws", feature = "rollbar"))]
pub use tls::{PemFile, TlsFiles};

use crate::secret::Secret;

/// How one kind of record looks on one vendor's wire. Pure: the same record makes the same bytes.
pub trait Exporter: Send + 'static {
    /// What is exported.
    type Record: Send + Sync + 'static;

    /// The stable name used in counts and messages.
    const NAME: &'static str;

    /// About how many bytes a record occupies until it is encoded, at least the encoded size.
    ///
    /// The queue of a destination is bounded by it. Called on the collector thread.
    fn weigh(record: &Self::Record) -> usize;

    /// What one request may hold, after encoding.
    fn limits(&self) -> Limits;

    /// How many of [`Limits::items`] an encoded item takes; 0 counts as 1.
    fn count(_item: &[u8]) -> usize {
        1
    }

    /// How many of [`Limits::bytes`] an encoded item takes, overhead not included; all of its own
    /// unless the vendor counts something else, such as texts without their escapes.
    fn size(item: &[u8]) -> usize {
        item.len()
    }

    /// Whether an encoded item may be in one request with the one that began it.
    ///
    /// One that may not begins the next request.
    fn joins(&self, _first: &[u8], _item: &[u8]) -> bool {
        true
    }

    /// Appends exactly one item to `out`. What it left in `out` on an error is discarded.
    ///
    /// `&mut self` is for scratch memory only.
    ///
    /// # Errors
    /// The record has no form on this wire.
    fn encode(&mut self, record: &Self::Record, out: &mut Vec<u8>) -> Result<(), EncodeError>;

    /// Frames a batch of encoded items into one request; the same batch makes the same bytes.
    fn request(&self, batch: &Batch) -> Request;

    /// A smaller or plainer form of one item that the vendor has not taken; `None` when there is none.
    ///
    /// Asked after [`Verdict::Reduce`], after [`Verdict::Split`] of a single item, and for items as large as
    /// one that was refused so; `reply` is the answer to that, its body cut after 4 KiB. What it gives is
    /// sent in the place of the item, and may be asked for again: each form must be smaller than the one
    /// before, and one that is not counts as none.
    fn reduce(&self, _item: &[u8], _reply: &Reply) -> Option<Vec<u8>> {
        None
    }

    /// Reads the vendor's answer to the request of a batch; not called for a [`Reply`] that says
    /// [`sent`](Reply::sent), since nothing answered.
    fn verdict(&self, batch: &Batch, reply: &Reply) -> Verdict;
}

/// What one request may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most items of one request, as [`Exporter::count`] counts them; one item alone may be
    /// more.
    pub items: usize,
    /// The most bytes of one request's items together, as [`Exporter::size`] counts them, overhead
    /// included.
    pub bytes: usize,
    /// Bytes that the vendor counts on top of each item, for as many as it counts.
    pub overhead_bytes: usize,
}

/// A header of a request. The value never prints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The name.
    pub name: Cow<'static, str>,
    /// The value.
    pub value: Secret,
}

/// One request, ready to be sent; HTTP transports `POST` it.
#[derive(Clone, Debug)]
pub struct Request {
    /// Where to, with the scheme; may hold credentials, so it is printed by its host alone.
    pub url: Secret,
    /// The headers besides `Host` and `Content-Length`.
    pub headers: Vec<Header>,
    /// The body in parts, which are sent one behind the other; compressed when a header says so.
    pub body: Vec<Bytes>,
}

/// What came back for a [`Request`].
#[derive(Clone, Debug, Default)]
pub struct Reply {
    /// The HTTP status; 200 where a transport has no answers.
    pub status: u16,
    /// Set by a transport that gets no acknowledgements, such as datagrams; `status` is 200 then.
    pub sent: Option<Sent>,
    /// How long the server asks us to wait, from `Retry-After`.
    pub retry_after: Option<Duration>,
    /// The other headers, their names in lower case; values that are not text are left out.
    pub headers: Vec<(String, String)>,
    /// The body, or its start where it is longer than the transport reads, or did not arrive as a whole.
    pub body: Bytes,
    /// Of which step this is the answer, where one that had to come before the request itself
    /// ended it all.
    pub stopped_at: Option<&'static str>,
    /// Steps before the request that were refused, and that it could do without.
    pub skipped: Vec<&'static str>,
}

/// Outcome of a request that was sent and that nothing acknowledges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Number of datagrams that the kernel dropped because the receiver's buffer was full, as far as
    /// its counters show: only where the receiver is on this host, and drops of other senders at the
    /// same time cannot be told from ours. Never more than were sent.
    pub dropped: usize,
}

impl Reply {
    /// Whether the status is one of a success.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The first header of this name, in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// What a destination needs before it takes a request, for instance a place to put it.
pub trait Prepare: Send + Sync + 'static {
    /// What to do before this request is sent once more, in order; nothing when its answer stands.
    fn steps(&self, request: &Request, reply: &Reply) -> Vec<Step>;

    /// What the answer to the step of this name means for those behind it.
    fn outcome(&self, step: &'static str, reply: &Reply) -> StepOutcome;
}

/// One thing to do before a request.
#[derive(Clone, Debug)]
pub struct Step {
    /// What it is called in [`Reply::stopped_at`] and [`Reply::skipped`].
    pub name: &'static str,
    /// What does it.
    pub request: Request,
}

/// What the answer to a step means for those behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepOutcome {
    /// It is as it should be.
    Done,
    /// It was refused; what follows may do without.
    Skip,
    /// What follows is in vain.
    Stop,
}

/// Nothing.
impl Prepare for () {
    fn steps(&self, _: &Request, _: &Reply) -> Vec<Step> {
        Vec::new()
    }

    fn outcome(&self, _: &'static str, _: &Reply) -> StepOutcome {
        StepOutcome::Done
    }
}

/// What a vendor's answer means for the records of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// All have arrived.
    Delivered,
    /// All were sent, and nothing acknowledges them.
    Sent {
        /// Number of records dropped by the receiver's kernel.
        dropped: usize,
    },
    /// All have been looked at, and that is final.
    Partial {
        /// How many records the vendor did not take; 0 when it only has something to say.
        rejected: usize,
        /// What the vendor, or we, have to say about it.
        message: String,
    },
    /// Nothing was taken; the same request may succeed later.
    Retry {
        /// How long the vendor asks us to wait.
        after: Option<Duration>,
        /// What went wrong.
        reason: String,
    },
    /// Nothing was taken, because the request is too large; a smaller one may succeed.
    ///
    /// The size that passes is learned from these answers and kept for later batches.
    Split,
    /// Nothing was taken, because of one or more of the items; a request without them may succeed.
    ///
    /// They are searched for with a bounded number of requests.
    Isolate {
        /// True if the item is too large, false if it is invalid.
        is_too_large: bool,
        /// What went wrong.
        reason: String,
    },
    /// Nothing was taken; what [`Exporter::reduce`] makes of each item may be.
    Reduce {
        /// What went wrong.
        reason: String,
    },
    /// Nothing was taken, and nothing of it ever will be.
    Refused {
        /// What went wrong.
        reason: String,
    },
}

/// Why a record has no form on a vendor's wire.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// A field holds what the wire cannot say.
    #[error("field `{field}` cannot be encoded: {problem}")]
    Field {
        /// The field.
        field: Cow<'static, str>,
        /// What is wrong with it.
        problem: Cow<'static, str>,
    },
}
