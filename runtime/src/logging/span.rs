//! A span of `tracing` as a span of ours.
//!
//! In: its fields, at the begin and later. Out: attributes, and what the fields named `otel.…` mean.
//! Never: lets a value that fails to format touch whoever records it.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Record};

use super::callsite::{Meaning, Site, key};
use super::times::Times;
use crate::guard::guard;
use crate::record::{Outcome, SpanKind, Status};
use crate::span::{self, Amendment, Chain, Foreign, Parent, Recorder, SpanRef, set_kind, ticks};

/// What a span of `tracing` is to us, as long as it lives. In a box, since the registry moves what it
/// keeps.
pub(super) struct Open(Box<State>);

struct State {
    /// A span of ours, or none where nobody would take it.
    span: Foreign,
    /// What stands in the place of none, wherever that is entered: the span that it began under.
    above: SpanRef,
    site: &'static Site,
    verdict: Verdict,
    /// True if an event has reported an error of the span.
    has_error: bool,
    times: Option<Times>,
}

/// Status of a span as its fields set it.
#[derive(Clone, Default)]
pub(super) struct Verdict {
    is_error: Option<bool>,
    /// Description of the error, which may be set before the status is.
    message: Option<Cow<'static, str>>,
}

/// A span of which more becomes known, apart from its state: whoever formats a value may use the span.
pub(super) struct Late {
    span: SpanRef,
    site: &'static Site,
    verdict: Verdict,
}

impl Open {
    /// Begins a span under `parent`, or under what is current; `None` where nobody would take it and
    /// there is none above.
    pub(super) fn begin(
        attributes: &Attributes<'_>,
        parent: Option<SpanRef>,
        tracks_inactivity: bool,
    ) -> Option<Self> {
        let site = Site::of(attributes.metadata());
        let kind = if site.has_meanings { kind(attributes, site) } else { None };
        let mut state = Box::new(State {
            span: Foreign::new(),
            above: SpanRef::NONE,
            site,
            verdict: Verdict::default(),
            has_error: false,
            times: None,
        });
        let given = parent.map(Parent::from);
        match kind {
            Some(kind) => state.span.begin_as(&site.callsite, kind, given),
            None => state.span.begin(&site.callsite, given),
        }
        if state.span.reference().is_none() {
            state.above = parent.unwrap_or_else(span::current);
            return (!state.above.is_none()).then_some(Self(state));
        }
        if state.span.is_recording() {
            state.times = tracks_inactivity.then(|| Times::start(ticks()));
            let State { span, verdict, .. } = &mut *state;
            let (span, recorder) = (span.reference(), span.recorder());
            attributes.record(&mut Fields { recorder, span, site, verdict });
        }
        Some(Self(state))
    }

    /// Begins to record values later; `None` where they would not be kept.
    pub(super) fn late(&self) -> Option<Late> {
        let State { span, site, verdict, .. } = &*self.0;
        let verdict = verdict.clone();
        span.is_recording().then(|| Late { span: span.reference(), site, verdict })
    }

    /// Keeps the status that fields have set.
    pub(super) fn keep(&mut self, verdict: Verdict) {
        let kept = &mut self.0.verdict;
        kept.is_error = verdict.is_error.or(kept.is_error);
        kept.message = verdict.message.or_else(|| kept.message.take());
    }

    /// Notes that an event has reported an error of the span.
    pub(super) fn note_error(&mut self) {
        self.0.has_error = true;
    }

    /// Notes that a thread has entered the span.
    pub(super) fn enter(&mut self) {
        if let Some(times) = &mut self.0.times {
            times.enter(ticks());
        }
    }

    /// Notes that a thread has left the span.
    pub(super) fn leave(&mut self) {
        if let Some(times) = &mut self.0.times {
            times.leave(ticks());
        }
    }

    /// Notes that a panic has left code that ran in the span.
    pub(super) fn note_panic(&mut self) {
        self.0.span.note_panic();
    }

    /// Names what is current where the span is entered.
    pub(super) fn reference(&self) -> SpanRef {
        self.own().unwrap_or(self.0.above)
    }

    /// Names the span, if it is one of ours.
    pub(super) fn own(&self) -> Option<SpanRef> {
        Some(self.0.span.reference()).filter(|span| !span.is_none())
    }
}

impl Drop for State {
    fn drop(&mut self) {
        // The span ends with the fields of this; a panic that ends it is its outcome.
        if self.verdict.is_error.unwrap_or(self.has_error) && !self.span.is_unwinding() {
            self.span.set_outcome(Outcome::Error);
        }
        if let Some(times) = self.times {
            let ended = times.end(ticks());
            self.span.record_times(ended.busy, ended.idle);
            self.span.end_before(ended.closed_after);
        }
    }
}

impl Late {
    /// Records values; returns the status that they set.
    pub(super) fn record(mut self, values: &Record<'_>) -> Option<Verdict> {
        let Self { span, site, ref mut verdict } = self;
        // Each goes its way at once, so that all of them stay in order.
        let recorder = &mut Amendment::<0>::of(&site.callsite, span);
        values.record(&mut Fields { recorder, span, site, verdict });
        site.has_meanings.then_some(self.verdict)
    }
}

impl fmt::Debug for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reference().fmt(f)
    }
}

/// What the field `otel.kind` says.
fn kind(attributes: &Attributes<'_>, site: &'static Site) -> Option<SpanKind> {
    struct Look(&'static Site, Option<SpanKind>);
    impl Visit for Look {
        fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
            if self.0.meaning(field) == Meaning::Kind {
                let text = guard(self.0.name_of(field), || format!("{value:?}"));
                self.1 = text.and_then(|text| kind_of(&text));
            }
        }
        fn record_str(&mut self, field: &Field, value: &str) {
            if self.0.meaning(field) == Meaning::Kind {
                self.1 = kind_of(value);
            }
        }
    }
    let mut look = Look(site, None);
    attributes.record(&mut look);
    look.1
}

fn kind_of(text: &str) -> Option<SpanKind> {
    let kinds = [
        ("server", SpanKind::Server),
        ("client", SpanKind::Client),
        ("producer", SpanKind::Producer),
        ("consumer", SpanKind::Consumer),
        ("internal", SpanKind::Internal),
    ];
    kinds.into_iter().find(|(name, _)| text.eq_ignore_ascii_case(name)).map(|(_, kind)| kind)
}

struct Fields<'a, R> {
    recorder: &'a mut R,
    span: SpanRef,
    site: &'static Site,
    verdict: &'a mut Verdict,
}

impl<R: Recorder> Fields<'_, R> {
    fn formatted(&mut self, field: &Field, value: &dyn fmt::Display) {
        let meaning = self.site.meaning(field);
        if meaning != Meaning::Value {
            if let Some(text) = guard(self.site.name_of(field), || value.to_string()) {
                self.take_meaning(meaning, &text);
            }
            return;
        }
        // What fails to format leaves its attribute out.
        let record = || self.recorder.record_display(key(field), value);
        let _ = guard(self.site.name_of(field), record);
    }

    fn take_meaning(&mut self, meaning: Meaning, text: &str) {
        match meaning {
            Meaning::Name => {
                self.span.set_name(text);
            }
            Meaning::Kind => {
                if let Some(kind) = kind_of(text) {
                    set_kind(self.recorder, kind);
                }
            }
            Meaning::StatusCode if text.eq_ignore_ascii_case("ok") => {
                self.verdict.is_error = Some(false);
                self.span.set_status(&Status::Ok);
            }
            Meaning::StatusCode if text.eq_ignore_ascii_case("error") => self.set_error(),
            Meaning::StatusMessage => {
                self.verdict.message = Some(text.to_owned().into());
                self.set_error();
            }
            Meaning::StatusCode | Meaning::Value => {}
        }
    }

    fn set_error(&mut self) {
        self.verdict.is_error = Some(true);
        let message = self.verdict.message.clone().unwrap_or_default();
        self.span.set_status(&Status::Error { message });
    }
}

impl<R: Recorder> Visit for Fields<'_, R> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.formatted(field, &format_args!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match self.site.meaning(field) {
            Meaning::Value => self.recorder.record(key(field), value),
            meaning => self.take_meaning(meaning, value),
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.recorder.record(key(field), &value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.recorder.record(key(field), &value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.recorder.record(key(field), &value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.recorder.record(key(field), &value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.formatted(field, &Chain(value));
    }
}
