//! The spans of one local root.

use super::{SpanId, SpanRecord};

/// Spans that belong together in this process: those below one local root, often a request.
#[derive(Clone, Debug)]
pub struct LocalTrace {
    /// The first span of this process in the trace's branch.
    pub root_id: SpanId,
    /// The spans in the order they ended. The root is among them, except in what came after it.
    pub spans: Vec<SpanRecord>,
}
