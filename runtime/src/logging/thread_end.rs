//! A subscriber that leaves out spans of `tracing` on a thread whose thread-local values are gone.
//!
//! The registry of `tracing-subscriber` (0.3.23) has thread-local values and panics without them, as in
//! the destructor of another one, where a panic ends the process. Events go through, unless the filter
//! depends on spans.
//! Source: <https://github.com/tokio-rs/tracing/issues/3239>.

use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Dispatch, Event, Metadata, Subscriber};
use tracing_core::span::Current;

/// Id of every span that is left out; no registry has so many.
const LEFT_OUT: u64 = u64::MAX;

/// A subscriber around a registry.
#[derive(Debug)]
pub(super) struct ThreadEnd<S> {
    pub(super) subscriber: S,
    /// True if its filter has a directive with a span, which accesses the thread's stack of spans.
    pub(super) filters_by_span: bool,
}

/// A value with a destructor: once that has run, it cannot be accessed any more.
struct Sentinel;

impl Drop for Sentinel {
    fn drop(&mut self) {}
}

// Values are destroyed in the reverse order of their first access. Each of these is accessed right
// before one of the registry, so no value of the application is destroyed between the two.
thread_local! {
    /// Goes with the place of the thread in the memory of spans.
    static MEMORY: Sentinel = const { Sentinel };
    /// Goes with the stack of the spans that the thread is in.
    static STACK: Sentinel = const { Sentinel };
}

fn has_memory() -> bool {
    MEMORY.try_with(|_| ()).is_ok()
}

fn has_stack() -> bool {
    STACK.try_with(|_| ()).is_ok()
}

fn is_left_out(id: &Id) -> bool {
    id.into_u64() == LEFT_OUT
}

impl<S: Subscriber> Subscriber for ThreadEnd<S> {
    fn on_register_dispatch(&self, subscriber: &Dispatch) {
        self.subscriber.on_register_dispatch(subscriber);
    }

    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        self.subscriber.register_callsite(metadata)
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // Accessed in any case, for its order.
        let has_stack = has_stack();
        (!self.filters_by_span || has_stack) && self.subscriber.enabled(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        self.subscriber.max_level_hint()
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        if !has_memory() || attributes.parent().is_some_and(is_left_out) {
            return Id::from_u64(LEFT_OUT);
        }
        self.subscriber.new_span(attributes)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        if !is_left_out(span) {
            self.subscriber.record(span, values);
        }
    }

    fn record_follows_from(&self, span: &Id, follows: &Id) {
        if !is_left_out(span) && !is_left_out(follows) {
            self.subscriber.record_follows_from(span, follows);
        }
    }

    fn event_enabled(&self, event: &Event<'_>) -> bool {
        self.subscriber.event_enabled(event)
    }

    fn event(&self, event: &Event<'_>) {
        self.subscriber.event(event);
    }

    fn enter(&self, span: &Id) {
        if has_stack() && !is_left_out(span) {
            self.subscriber.enter(span);
        }
    }

    fn exit(&self, span: &Id) {
        if has_stack() && !is_left_out(span) {
            self.subscriber.exit(span);
        }
    }

    fn clone_span(&self, id: &Id) -> Id {
        if is_left_out(id) { id.clone() } else { self.subscriber.clone_span(id) }
    }

    fn try_close(&self, id: Id) -> bool {
        // Accessed for its order alone: spans are closed without it, too.
        let _ = has_memory();
        !is_left_out(&id) && self.subscriber.try_close(id)
    }

    fn current_span(&self) -> Current {
        self.subscriber.current_span()
    }
}
