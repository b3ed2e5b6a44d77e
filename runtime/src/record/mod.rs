//! The nouns: what a finished span is, before any vendor has a say.
//!
//! In: nothing. Out: plain values that every other room passes on.
//! Never: uses anything but `std`, derives serialisation, changes after it is finished.

mod attribute;
mod calls;
mod context;
mod destinations;
mod error;
mod id;
mod level;
mod local_trace;
mod log;
mod resource;
mod segment;
mod source;
mod span;
pub(crate) mod weight;

use std::sync::Arc;

pub use attribute::{Array, Attribute, Value};
pub use calls::CallStatistics;
pub use context::{SpanContext, TraceFlags};
pub use destinations::Destinations;
pub use error::{
    Breadcrumb, Cause, CodeLines, ErrorRecord, Happening, Person, ReportId, RequestRecord,
    Severity, StackFrame, Subject,
};
pub use id::{ParseIdError, SpanId, TraceId};
pub use level::{Level, ParseLevelError};
pub use local_trace::LocalTrace;
pub use log::{LogId, LogRecord};
pub use resource::Resource;
pub use segment::{ErrorClass, Metadata, Namespace, Segment};
pub use source::Source;
pub use span::{Dropped, EventRecord, LinkRecord, Outcome, SpanKind, SpanRecord, Status};

/// Takes finished records.
///
/// Called on one of our own threads, never on the application's. An implementation must not
/// block: it accepts the records or counts them as lost.
pub trait Processor<R>: Send + Sync + 'static {
    /// Takes one group of finished records, which all destinations share.
    fn process(&self, records: &Arc<[R]>);

    /// Name of the type, for diagnostics.
    #[doc(hidden)]
    fn type_name(&self) -> &'static str {
        std::any::type_name::<Self>()
    }
}
