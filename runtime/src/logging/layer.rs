//! The layer for a subscriber of `tracing`.
//!
//! In: what the subscriber is told. Out: events of the log, spans of ours.
//! Never: says what the subscriber should be told; a filter beside or around it does.

use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::{ExtensionsMut, LookupSpan, SpanRef as Known};

use super::span::Open;
use super::{entered, event};
use crate::diagnostics;
use crate::guard::guard;
use crate::span::{self, SpanRef, log};

/// Takes events of `tracing` as the log, and makes spans of `tracing` spans of ours.
///
/// It goes with any other layers, and serves whatever telemetry is installed at the moment; while
/// there is none, it does nothing.
///
/// - An event belongs to the innermost span, whoever began that, or to the parent it names.
/// - A span begins under the innermost span, and those of ours that begin in it are below it. Fields
///   are attributes, those recorded later too; `follows_from` is a link; `otel.name`, `otel.kind`,
///   `otel.status_code` and `otel.status_description` mean what they mean to `tracing-opentelemetry`.
/// - An event of level error with a field `error`, as `#[instrument(err)]` makes it, says that the span
///   around it has failed, if that is one of `tracing`.
/// - A span ends when it is left for the last time, though a child or a handle may keep it open for
///   longer. It has the attributes `busy_ns` and `idle_ns`, the time that it was entered and the time
///   that it was not; see [`Layer::with_tracked_inactivity`].
/// - What happens on threads of ours is not taken: sending the log makes no log.
///
/// A subscriber has one: with two, whose filters both let an event through, it is taken twice.
///
/// Never blocks: see [`Config::install`](crate::Config::install) for where events go.
#[derive(Clone, Copy, Debug)]
pub struct Layer {
    tracks_inactivity: bool,
}

/// Makes a layer; [`Config::install`](crate::Config::install) sets one up by itself where the
/// application has no subscriber of its own.
///
/// ```
/// use tracing_subscriber::layer::SubscriberExt as _;
///
/// let subscriber = tracing_subscriber::registry().with(spanwright::logging::layer());
/// tracing::subscriber::with_default(subscriber, || tracing::info!(user = 7, "signed in"));
/// ```
pub fn layer() -> Layer {
    super::subscriber::note_layer();
    Layer::new()
}

impl Layer {
    /// One that the application has not asked for.
    pub(super) const fn new() -> Self {
        Self { tracks_inactivity: true }
    }

    /// Sets whether spans have the attributes `busy_ns` and `idle_ns`: the time that a span was
    /// entered and the time that it was open without being entered, in nanoseconds; default true.
    /// Without them, a span ends when it is closed: when its handles are gone and its children have
    /// ended.
    ///
    /// Costs two readings of a clock, and one or two accesses to the registry, each time that a span is
    /// entered and left. Captures of the module `testing` that have no subscriber of their own
    /// leave these attributes out, because they differ from run to run.
    #[must_use]
    pub const fn with_tracked_inactivity(self, is_tracked: bool) -> Self {
        Self { tracks_inactivity: is_tracked }
    }
}

impl<S> tracing_subscriber::Layer<S> for Layer
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if !span::is_any_recorded() || diagnostics::suppressed() {
            return entered::forget();
        }
        let Some(known) = context.span(id) else { return };
        if of(&known).is_some() {
            // A layer of ours that is there, too, has made it.
            return;
        }
        let parent = if attributes.is_contextual() {
            None
        } else {
            Some(known.parent().and_then(|parent| of(&parent)).unwrap_or_default())
        };
        let Some(open) = Open::begin(attributes, parent, self.tracks_inactivity) else {
            return entered::forget();
        };
        entered::expect(entered::name(self, id), open.reference());
        change(&known, |extensions| extensions.replace(open));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(known) = context.span(id) else { return };
        // The lock is not held while values are formatted: what they do may need it.
        let Some(late) = look(&known, Open::late).flatten() else { return };
        if let Some(verdict) = late.record(values) {
            change(&known, |extensions| {
                extensions.get_mut().map(|open: &mut Open| open.keep(verdict))
            });
        }
    }

    fn on_follows_from(&self, id: &Id, follows: &Id, context: Context<'_, S>) {
        let own = |id| context.span(id).and_then(|known| own(&known));
        if let (Some(span), Some(follows)) = (own(id), own(follows)) {
            span.add_link(follows.context(), &[]);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let span = if event.is_contextual() {
            span::current()
        } else {
            event.parent().and_then(|id| find(&context, id)).unwrap_or_default()
        };
        if *event.metadata().level() == Level::ERROR {
            fail(event, span, &context);
        }
        if log::is_wanted(span) {
            event::take(event, span);
        }
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        let begun = entered::expected(entered::name(self, id));
        let found = match begun {
            Some(_) if !self.tracks_inactivity => None,
            _ => note(&context, id, Open::enter),
        };
        entered::enter(id, begun.or(found));
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        let Some(has_panicked) = entered::leave(id) else { return };
        if self.tracks_inactivity {
            note(&context, id, Open::leave);
        }
        if has_panicked && let Some(known) = context.span(id) {
            change(&known, |extensions| extensions.get_mut().map(Open::note_panic));
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        // The registry would close the span above first, where this is the last that keeps it open.
        if let Some(known) = context.span(&id) {
            change(&known, |extensions| extensions.remove::<Open>().map(drop));
        }
    }
}

/// Notes that a span is entered or left; returns what is current in it, if anything is.
fn note<S>(context: &Context<'_, S>, id: &Id, note: fn(&mut Open)) -> Option<SpanRef>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    change(&context.span(id)?, |extensions| {
        let open: &mut Open = extensions.get_mut()?;
        note(open);
        Some(open.reference())
    })
}

/// What is current in a span of `tracing`, if anything is.
fn find<S>(context: &Context<'_, S>, id: &Id) -> Option<SpanRef>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    context.span(id).and_then(|known| of(&known))
}

fn of<S>(known: &Known<'_, S>) -> Option<SpanRef>
where
    S: for<'a> LookupSpan<'a>,
{
    look(known, Open::reference)
}

/// Our span behind one of `tracing`.
fn own<S>(known: &Known<'_, S>) -> Option<SpanRef>
where
    S: for<'a> LookupSpan<'a>,
{
    look(known, Open::own).flatten()
}

/// Looks at our part of a span, if it has one.
///
/// The registry panics where a layer has panicked over the span before, and that may be while its code
/// unwinds: a second panic would end the process.
fn look<S, R>(known: &Known<'_, S>, look: impl FnOnce(&Open) -> R) -> Option<R>
where
    S: for<'a> LookupSpan<'a>,
{
    guard("a layer of `tracing`", || known.extensions().get().map(look)).flatten()
}

/// Changes our part of a span; see above.
fn change<S, R>(
    known: &Known<'_, S>,
    change: impl FnOnce(&mut ExtensionsMut<'_>) -> Option<R>,
) -> Option<R>
where
    S: for<'a> LookupSpan<'a>,
{
    guard("a layer of `tracing`", || change(&mut known.extensions_mut())).flatten()
}

/// Says that the span around an event has failed, if that is what the event tells.
#[cold]
fn fail<S>(event: &Event<'_>, span: SpanRef, context: &Context<'_, S>)
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let Some(innermost) = context.event_span(event) else { return };
    let is_of_tracing = own(&innermost).is_some_and(|innermost| innermost.is_same(span));
    if is_of_tracing
        && span.is_recording()
        && let Some(message) = event::error(event)
    {
        span.fail(&message);
        change(&innermost, |extensions| extensions.get_mut().map(Open::note_error));
    }
}
