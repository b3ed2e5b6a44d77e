//! Guards that make a span current on their thread until they are dropped, in any order.
//!
//! The guards of a thread are a stack, and the current span carries the number of guards beneath it
//! (its depth). So annotated functions need no look at the stack: whatever they restore has the depth of
//! before, and guards above that are over. A guard that is dropped beneath something that still runs
//! only marks its place; what runs above it skips the place when it ends.
//!
//! Never: allocates or locks where an annotated function begins or ends.

use std::cell::RefCell;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};

use super::IS_LIVE;
use super::current::{self, Current, Local};
use super::frame::Frame;
use super::handle::{Span, SpanRef};
use super::unwinding::Unwinding;

/// The guards of a thread. All above the depth of the current span are over.
struct Stack {
    guards: Vec<Guard>,
    next_serial: u64,
}

/// An open guard, or the place of one that was dropped beneath something that still runs.
struct Guard {
    /// Tells it from earlier guards at the same place.
    serial: u64,
    is_open: bool,
    /// The span that was current before.
    below: Current,
}

thread_local! {
    static STACK: RefCell<Stack> =
        const { RefCell::new(Stack { guards: Vec::new(), next_serial: 0 }) };
}

/// The place of a guard in the stack of its thread.
#[derive(Debug)]
pub(crate) struct Place {
    index: usize,
    serial: u64,
    unwinding: Unwinding,
    not_send: PhantomData<*const ()>,
}

/// Makes a span current on this thread until it is dropped; from [`Span::enter`] or
/// [`SpanRef::enter`].
///
/// Guards may be dropped in any order: current is always the span of the newest one that is open.
/// A guard that outlives the annotated function, the poll of a future or the closure of
/// [`SpanRef::in_scope`] in which it was made has no effect after that.
#[must_use = "the span is current only until this guard is dropped"]
pub struct Entered<'a> {
    /// `None` where nothing could be recorded.
    place: Option<Place>,
    /// Set when a panic leaves the guard.
    has_panicked: Option<&'a AtomicBool>,
}

/// A span that is current on this thread until it is dropped, which ends it; from [`Span::entered`].
///
/// As to the order of guards and their limits, see [`Entered`].
#[must_use = "the span ends when this guard is dropped"]
pub struct EnteredSpan {
    place: Option<Place>,
    span: Span,
}

impl Place {
    /// Makes `span` current on this thread; `None` while the thread is torn down.
    pub(crate) fn enter(span: SpanRef) -> Option<Self> {
        let span = span.to_current();
        let unwinding = Unwinding::begin();
        let (index, serial) = with_stack(|stack| {
            current::with(|local| {
                let below = local.current.get();
                // Further ones were made in functions that are over.
                stack.guards.truncate(below.traits.depth());
                let index = stack.guards.len();
                // The limit that `SpanRef::enter` documents.
                let guarded = span.guarded(u16::try_from(index + 1).ok()?);
                let serial = stack.next_serial;
                stack.next_serial += 1;
                stack.guards.push(Guard { serial, is_open: true, below });
                local.current.set(guarded);
                Some((index, serial))
            })
        })??;
        Some(Self { index, serial, unwinding, not_send: PhantomData })
    }

    /// Takes the guard off the stack; returns true if a panic ends its code.
    pub(crate) fn leave(&self) -> bool {
        let was_open = with_stack(|stack| stack.close(self)).unwrap_or(false);
        was_open && self.unwinding.is_under_way()
    }
}

impl Stack {
    /// Closes a guard; returns true if it was open and not over.
    fn close(&mut self, place: &Place) -> bool {
        let Some(guard) = self.guards.get_mut(place.index) else { return false };
        if guard.serial != place.serial {
            return false;
        }
        guard.is_open = false;
        let below = guard.below;
        current::with(|local| {
            let current = local.current.get();
            let depth = current.traits.depth();
            if current.traits.is_guarded() && depth == place.index + 1 {
                local.current.set(self.newest_open(below));
            }
            place.index < depth
        })
    }

    /// The newest span that is still current: `current`, unless its guard was dropped. Forgets the
    /// guards above it.
    fn newest_open(&mut self, mut current: Current) -> Current {
        while current.traits.is_guarded() {
            let index = current.traits.depth().checked_sub(1);
            match index.and_then(|index| self.guards.get(index)) {
                Some(guard) if guard.is_open => break,
                Some(guard) => current = guard.below,
                None => return Current::NONE,
            }
        }
        self.guards.truncate(current.traits.depth());
        current
    }
}

/// Makes current again what was so before a function, a poll or a closure.
#[inline]
pub(super) fn restore(local: &Local, previous: Current) {
    if previous.traits.is_guarded() {
        restore_guarded(local, previous);
    } else {
        local.current.set(previous);
    }
}

/// The guard may have been dropped meanwhile.
#[cold]
fn restore_guarded(local: &Local, previous: Current) {
    let newest = with_stack(|stack| stack.newest_open(previous));
    local.current.set(newest.unwrap_or(previous));
}

fn with_stack<R>(visit: impl FnOnce(&mut Stack) -> R) -> Option<R> {
    STACK
        .try_with(|stack| stack.try_borrow_mut().ok().map(|mut stack| visit(&mut stack)))
        .ok()
        .flatten()
}

impl SpanRef {
    /// Makes the span current on this thread until the guard is dropped, for instance on another
    /// thread than the span's own.
    ///
    /// Never blocks. The guard cannot be sent to another thread; for a future there is
    /// [`FutureExt::in_context`](super::FutureExt::in_context). At most 65,535 guards of a thread
    /// are open at a time; further ones do nothing.
    pub fn enter(&self) -> Entered<'static> {
        Entered { place: enter(*self), has_panicked: None }
    }
}

fn enter(span: SpanRef) -> Option<Place> {
    if IS_LIVE { Place::enter(span) } else { None }
}

impl Span {
    /// Makes the span current on this thread until the guard is dropped.
    ///
    /// The guard borrows the span, so the span cannot end before it; [`Span::entered`] owns it. If a
    /// panic leaves the guard, the span's outcome is `panic`. Never blocks; see [`SpanRef::enter`].
    ///
    /// ```
    /// let span = spanwright::Span::new("import");
    /// let entered = span.enter();
    /// // Annotated functions called here become children of `import`.
    /// drop(entered);
    /// ```
    ///
    /// ```compile_fail,E0716
    /// let entered = spanwright::Span::new("import").enter(); // the span would end here
    /// drop(entered);
    /// ```
    pub fn enter(&self) -> Entered<'_> {
        Entered { place: enter(**self), has_panicked: Some(self.has_panicked()) }
    }

    /// Makes the span current on this thread until the guard is dropped, which ends the span.
    ///
    /// ```
    /// let _import = spanwright::Span::new("import").entered();
    /// // Annotated functions called here become children of `import`.
    /// ```
    pub fn entered(self) -> EnteredSpan {
        EnteredSpan { place: enter(*self), span: self }
    }

    /// Runs `body` with the span current on this thread. If `body` panics, the span's outcome is `panic`.
    pub fn in_scope<R>(&self, body: impl FnOnce() -> R) -> R {
        let _running = Running { span: self, unwinding: Unwinding::begin() };
        SpanRef::in_scope(self, body)
    }
}

/// Code that runs in a span.
struct Running<'a> {
    span: &'a Span,
    unwinding: Unwinding,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if self.unwinding.is_under_way() {
            self.span.has_panicked().store(true, Ordering::Relaxed);
        }
    }
}

impl EnteredSpan {
    /// Makes current again what was so before, and returns the span, which runs on.
    #[must_use = "the span ends when it is dropped"]
    pub fn exit(mut self) -> Span {
        std::mem::replace(&mut self.span, Span::of(Frame::new()))
    }
}

impl Deref for EnteredSpan {
    type Target = Span;

    fn deref(&self) -> &Span {
        &self.span
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        if self.place.as_ref().is_some_and(Place::leave)
            && let Some(has_panicked) = self.has_panicked
        {
            has_panicked.store(true, Ordering::Relaxed);
        }
    }
}

impl Drop for EnteredSpan {
    fn drop(&mut self) {
        if self.place.as_ref().is_some_and(Place::leave) {
            self.span.has_panicked().store(true, Ordering::Relaxed);
        }
    }
}

impl fmt::Debug for Entered<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entered").finish_non_exhaustive()
    }
}

impl fmt::Debug for EnteredSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EnteredSpan").field(&self.span).finish()
    }
}
