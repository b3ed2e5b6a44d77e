//! Which spans of `tracing` this thread is in, and what was current before each.
//!
//! In: the word that a span was entered or left. Out: our current span, set and restored.
//! Never: takes it that spans are left in the opposite order.

use std::cell::{Cell, RefCell};
use std::ptr;

use tracing::span::Id;

use super::Layer;
use crate::span::{self, SpanRef};

/// A span that was entered.
struct Level {
    id: u64,
    /// What has been made current, if anything was.
    span: Option<SpanRef>,
    /// What was current before.
    before: SpanRef,
}

thread_local! {
    /// The span that this thread has begun last, until it enters one: most often that one.
    static EXPECTED: Cell<(Name, SpanRef)> = const { Cell::new(((0, 0), SpanRef::NONE)) };
    static LEVELS: RefCell<Vec<Level>> = const { RefCell::new(Vec::new()) };
}

/// What tells a span from all others that are open: where the layer is that was told of it, since two
/// registries may have one of the same id, and its id.
pub(super) type Name = (usize, u64);

/// Names a span to this layer.
pub(super) fn name(layer: &Layer, id: &Id) -> Name {
    (ptr::from_ref(layer).addr(), id.into_u64())
}

/// Notes a span that has begun, so that it need not be looked up if it is entered next.
pub(super) fn expect(name: Name, span: SpanRef) {
    EXPECTED.set((name, span));
}

/// Notes that what has begun is no span of ours. Its id may be that of one that has ended.
pub(super) fn forget() {
    EXPECTED.take();
}

/// The span that is entered, if it is the one that has begun last.
pub(super) fn expected(name: Name) -> Option<SpanRef> {
    let (expected, span) = EXPECTED.take();
    (expected == name).then_some(span)
}

/// Makes a span current, or leaves current what is where it is none of ours: that one is left, too, and
/// its id may be that of one in another registry.
pub(super) fn enter(id: &Id, span: Option<SpanRef>) {
    // A thread that is being torn down could not leave it again.
    let _ = LEVELS.try_with(|levels| {
        if let Ok(mut levels) = levels.try_borrow_mut() {
            let before = span.map_or_else(span::current, SpanRef::replace_current);
            levels.push(Level { id: id.into_u64(), span, before });
        }
    });
}

/// Makes current what was before a span. One that lies below others is taken out from under them.
/// Returns true if the span is one of ours, or stands for one.
pub(super) fn leave(id: &Id) -> bool {
    // See above.
    let left = LEVELS.try_with(|levels| {
        let mut levels = levels.try_borrow_mut().ok()?;
        let at = levels.iter().rposition(|level| level.id == id.into_u64())?;
        let Level { span, before, .. } = levels.remove(at);
        if let Some(above) = levels.get_mut(at) {
            above.before = before;
        } else if span.is_some_and(|span| span.is_same(span::current())) {
            // Where it is not current, a guard of ours that is around it was dropped before.
            before.replace_current();
        }
        span
    });
    left.ok().flatten().is_some()
}
