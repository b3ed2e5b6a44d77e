//! Keeps our current span the one of the context that is attached through the API.
//!
//! In: the API's word that a context was attached or detached on this thread. Out: our current
//! span, set and restored.
//! Never: calls the API's context functions, whose state is borrowed meanwhile.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use opentelemetry::Context;
use opentelemetry::context::{ContextObserver, GlobalContextObserver};
use opentelemetry::trace::TraceContextExt;

use super::parent;
use crate::record::SpanContext;
use crate::span::{Entered, Parent, SpanRef, current, parent::look_beside};

/// One attached context.
struct Level {
    /// The span of the context below.
    below: SpanContext,
    /// The span of this context.
    span: SpanContext,
    /// Whether that span is not one of ours.
    is_foreign: bool,
    /// Keeps our current span the one of this context.
    _entered: Entered<'static>,
}

thread_local! {
    static LEVELS: RefCell<Vec<Level>> = const { RefCell::new(Vec::new()) };
}

/// Begins to follow the API's contexts, on all threads, for good.
pub(super) fn begin() {
    // Not a `Once`: a child that was forked while another thread ran it would wait for ever. To set
    // them twice changes nothing.
    static HAS_BEGUN: AtomicBool = AtomicBool::new(false);
    if !HAS_BEGUN.load(Ordering::Acquire) {
        GlobalContextObserver::set(Arc::new(Observer));
        look_beside(foreign);
        HAS_BEGUN.store(true, Ordering::Release);
    }
}

/// Our current span, if it began below the attached context whose span this is.
pub(super) fn deeper_than(span: SpanContext) -> Option<SpanRef> {
    let is_attached = with_levels(|levels| levels.last().is_some_and(|top| top.span == span));
    let current = current();
    let is_deeper = is_attached == Some(true) && !current.is_none() && !is(current, span);
    is_deeper.then_some(current)
}

/// Whether a reference names the span of a context.
pub(super) fn is(span: SpanRef, context: SpanContext) -> bool {
    let own = span.context();
    own.span_id == context.span_id && own.trace_id == context.trace_id
}

/// The span of the attached context where it is not one of ours.
fn foreign() -> Option<SpanContext> {
    with_levels(|levels| levels.last().filter(|top| top.is_foreign).map(|top| top.span)).flatten()
}

#[derive(Debug)]
struct Observer;

impl ContextObserver for Observer {
    fn on_context_enter(&self, from: &Context, to: &Context) {
        let (below, span) = (span_context(from), span_context(to));
        let before = current();
        let (now, is_foreign) = if !span.is_valid() || span == below {
            // Only values of the context changed.
            (before, span.is_valid() && foreign().is_some())
        } else {
            match parent::of_valid(to, span) {
                Parent::Local(span) => (span, false),
                Parent::Remote(_) | Parent::Root => (SpanRef::default(), true),
            }
        };
        let level = Level { below, span, is_foreign, _entered: now.enter() };
        // A thread that is being torn down attaches nothing any more that could be missed.
        let _ = with_levels(|levels| levels.push(level));
    }

    fn on_context_exit(&self, _from: &Context, to: &Context) {
        let span = span_context(to);
        // Contexts that were detached out of order are not reported; they lie above.
        while let Some(Some(level)) = with_levels(Vec::pop) {
            if level.below == span {
                return;
            }
        }
    }
}

fn span_context(context: &Context) -> SpanContext {
    context.span().span_context().into()
}

fn with_levels<R>(visit: impl FnOnce(&mut Vec<Level>) -> R) -> Option<R> {
    LEVELS
        .try_with(|levels| levels.try_borrow_mut().ok().map(|mut levels| visit(&mut levels)))
        .ok()?
}
