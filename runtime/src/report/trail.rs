//! Stand-in.
use crate::record::*;
use std::borrow::Cow;
use std::sync::Arc;
#[derive(Debug)]
pub(super) struct Trail;
#[derive(Default)]
pub(super) struct Around {
    pub(super) spans: Vec<Cow<'static, str>>,
    pub(super) breadcrumbs: Vec<Breadcrumb>,
}
impl Trail {
    pub(super) fn new(_: usize) -> Self {
        Self
    }
    pub(super) fn around(&self, _: TraceId, _: SpanId, _: u64) -> Around {
        Around::default()
    }
}
impl Processor<SpanRecord> for Trail {
    fn process(&self, _: &Arc<[SpanRecord]>) {}
}
