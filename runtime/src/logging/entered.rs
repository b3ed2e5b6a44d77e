//! The spans of `tracing` that this thread is in.
//!
//! `tracing` names a span that is left, which need not be the one that was entered last. In: ids of
//! spans that are entered and left. Out: guards in the stack of this thread, see [`Place`].

use std::cell::{Cell, RefCell};
use std::ptr;

use tracing::span::Id;

use super::Layer;
use crate::span::{Place, SpanRef};

/// A span that was entered.
struct Level {
    id: u64,
    /// `None` where the span is none of ours: it is left, too, and its id may be that of one in another
    /// registry.
    place: Option<Place>,
}

thread_local! {
    /// The span that this thread has begun last, until it enters one: most often that one.
    static EXPECTED: Cell<(Name, SpanRef)> = const { Cell::new(((0, 0), SpanRef::NONE)) };
    static LEVELS: RefCell<Vec<Level>> = const { RefCell::new(Vec::new()) };
}

/// Tells a span from all others that are open: the address of the layer that has seen it, since two
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

/// Makes a span current, if it is one of ours.
pub(super) fn enter(id: &Id, span: Option<SpanRef>) {
    // A thread that is being torn down could not leave it again.
    let _ = LEVELS.try_with(|levels| {
        if let Ok(mut levels) = levels.try_borrow_mut() {
            levels.push(Level { id: id.into_u64(), place: span.and_then(Place::enter) });
        }
    });
}

/// Takes a span from the stack of this thread. Returns `None` if it is none of ours, else true if a
/// panic ends its code.
pub(super) fn leave(id: &Id) -> Option<bool> {
    let taken = LEVELS.try_with(|levels| {
        let mut levels = levels.try_borrow_mut().ok()?;
        let at = levels.iter().rposition(|level| level.id == id.into_u64())?;
        levels.remove(at).place
    });
    taken.ok().flatten().map(|place| place.leave())
}
