//! One call of a function whose failures are reported.
//!
//! In: what the function's attribute says, values known at the call, and how the call ended.
//! Out: nothing where it succeeded; otherwise one look for whoever takes reports.
//! Never: needs a span; allocates or reads a clock for a call that succeeds.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::mem::MaybeUninit;
use std::panic::PanicHookInfo;

use super::callsite::AttributeName;
use super::fork;
use super::outcome::Describe;
use super::scope::{self, InScope, Scope};
use super::scoped::Running;
use super::sink::{Buffer, Filled, More, Recorder};
use super::tracer;
use super::unwinding::Unwinding;
use super::words::Reader;
use crate::diagnostics;
use crate::record::{Attribute, Severity, Source};

/// What is known at compile time of a function whose failures are reported.
#[derive(Debug)]
pub struct Site {
    /// The function and its place.
    pub source: Source,
    /// The keys of its values; a record carries their indexes.
    pub keys: &'static [&'static str],
    /// What each value is for, by the same index.
    pub uses: &'static [Use],
    /// How bad a failure is, where the attribute says it.
    pub severity: Option<Severity>,
    /// What people call it.
    pub title: Option<&'static str>,
    /// What makes it the same as another one.
    pub fingerprint: Option<&'static str>,
    /// The part of the application.
    pub context: Option<&'static str>,
    /// Whether panics that leave the function are its own to report.
    pub takes_panics: bool,
    /// Whether a failure counts only once it has left the outermost such function.
    pub is_boundary: bool,
    /// Whether the span of the function has an event for its failure already.
    pub has_event: bool,
}

/// What a value of a report is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// It is told as it is.
    Custom,
    /// The id of the person.
    PersonId,
    /// The name of the person.
    PersonUsername,
    /// The address of the person.
    PersonEmail,
    /// What people call the failure.
    Title,
    /// What makes it the same as another one.
    Fingerprint,
    /// The part of the application.
    Context,
}

/// Takes failures, on the thread where they are noticed. It must not block.
pub(crate) trait TakeFailures: Any + fmt::Debug + Send + Sync {
    /// A call has failed, or a panic leaves it.
    fn notice(&self, failure: &Noticed<'_>);

    /// A panic begins.
    fn notice_panic(&self, info: &PanicHookInfo<'_>);
}

/// Who takes failures of this thread.
pub(crate) fn taker() -> Option<&'static dyn TakeFailures> {
    let tracer = tracer::here();
    if tracer.is_none() {
        fork::note_orphan();
    }
    tracer.and_then(|tracer| tracer.failures.as_deref())
}

/// A failure as the function that it leaves knows it.
pub(crate) struct Noticed<'a> {
    pub(crate) site: &'static Site,
    /// The call.
    pub(crate) scope: Scope,
    /// The call above it.
    pub(crate) above: Scope,
    /// How many failures had been noticed when the call began.
    pub(crate) begun_after: u64,
    /// What the attribute says of this failure.
    pub(crate) severity: Option<Severity>,
    pub(crate) told: Told<'a>,
    values: Values<'a>,
}

/// What is known of a failure.
#[derive(Clone, Copy)]
pub(crate) enum Told<'a> {
    /// An error that may have sources.
    Error(&'static str, &'a dyn Error),
    /// An error that only says something.
    Text(&'static str, &'a dyn fmt::Display),
    /// `None` was returned.
    Nothing,
    /// A panic is on its way out.
    Panic,
}

/// Values as they lie in their room.
struct Values<'a> {
    words: &'a [MaybeUninit<u64>],
    more: &'a [MaybeUninit<u64>],
}

impl Noticed<'_> {
    /// The values of the attribute, each with what it is for.
    pub(crate) fn values(&self) -> Vec<(Use, Attribute)> {
        let mut values = Vec::new();
        for words in [self.values.words, self.values.more] {
            read(self.site, words, &mut values);
        }
        values
    }
}

fn read(site: &'static Site, words: &[MaybeUninit<u64>], values: &mut Vec<(Use, Attribute)>) {
    #[expect(unsafe_code, reason = "room that is cleared first costs 2 ns a call that succeeds")]
    // SAFETY: what is counted as filled was written by `Words`, word by word.
    let words = unsafe { words.assume_init_ref() };
    for item in Reader::new(words) {
        let index = usize::from(item.key);
        let (Some(key), Some(purpose)) = (site.keys.get(index), site.uses.get(index)) else {
            continue;
        };
        values.push((*purpose, Attribute::new(*key, item.value)));
    }
}

/// Whether failures of this function may be reported: one load and a branch.
#[inline]
pub fn is_reporting(_site: &'static Site) -> bool {
    scope::takes_reports()
}

/// One call, and inline room for `WORDS` words of values.
///
/// Generated code holds it in a local; it is inert until it is opened (sync) or started (async).
#[derive(Debug)]
pub struct Report<const WORDS: usize> {
    open: Option<Open>,
    words: [MaybeUninit<u64>; WORDS],
    /// Values that did not fit.
    more: Option<Box<More>>,
}

/// A call that runs. It has nothing to drop: to look for that costs a call that succeeds.
#[derive(Clone, Copy, Debug)]
struct Open {
    site: &'static Site,
    scope: Scope,
    above: Scope,
    begun_after: u64,
    /// How bad the failure is, where only the failure says it.
    severity: Option<Severity>,
    /// The state of the thread at the begin of a call that is the innermost scope of its thread for
    /// its whole life; `None` for a call that is polled.
    entered: Option<Unwinding>,
    filled: Filled,
}

impl<const WORDS: usize> Report<WORDS> {
    /// Makes an inert one.
    #[inline]
    pub const fn new() -> Self {
        Self { open: None, words: [MaybeUninit::uninit(); WORDS], more: None }
    }

    /// Begins a call on this thread.
    #[inline]
    pub fn open(&mut self, site: &'static Site) {
        self.begin(site, Scope::enter(), Some(Unwinding::begin()));
    }

    /// Begins a call that is polled.
    #[inline]
    pub fn start(&mut self, site: &'static Site) {
        self.begin(site, Scope::begin(), None);
    }

    #[inline]
    fn begin(
        &mut self,
        site: &'static Site,
        (scope, above): (Scope, Scope),
        entered: Option<Unwinding>,
    ) {
        self.open = Some(Open {
            site,
            scope,
            above,
            begun_after: scope::noticed(),
            severity: None,
            entered,
            filled: Filled::default(),
        });
    }

    /// Whether a failure would be reported.
    #[inline]
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// How bad the failure is that is told next.
    pub fn set_severity(&mut self, severity: Option<Severity>) {
        if let Some(open) = &mut self.open {
            open.severity = severity;
        }
    }

    /// Reports that the call returned `None`.
    pub fn none(&mut self) {
        self.tell(Told::Nothing);
    }

    /// Ends the call.
    #[inline]
    pub fn close(&mut self) {
        if let Some(open) = &self.open {
            if open.entered.is_some() {
                open.above.restore();
            }
            self.open = None;
        }
    }

    #[cold]
    fn tell(&self, told: Told<'_>) {
        let Some(open) = &self.open else { return };
        let Some(taker) = taker().filter(|_| !diagnostics::suppressed()) else { return };
        taker.notice(&Noticed {
            site: open.site,
            scope: open.scope,
            above: open.above,
            begun_after: open.begun_after,
            severity: open.severity.or(open.site.severity),
            told,
            values: Values {
                words: self.words.get(..open.filled.words()).unwrap_or_default(),
                more: self.more.as_ref().map_or(&[], |more| more.words()),
            },
        });
    }

    /// Ends a call that is dropped. A panic that began during the call has left it; a call that is
    /// polled notes that at the poll.
    #[cold]
    fn close_dropped(&mut self) {
        let entered = self.open.as_ref().and_then(|open| open.entered);
        if entered.is_some_and(Unwinding::is_under_way) {
            self.tell(Told::Panic);
        }
        self.close();
    }
}

impl<const WORDS: usize> Default for Report<WORDS> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const WORDS: usize> Recorder for Report<WORDS> {
    #[inline]
    fn buffer(&mut self) -> Option<Buffer<'_>> {
        let open = self.open.as_mut()?;
        Some(Buffer::of_report(&mut self.words, &mut open.filled, &mut self.more))
    }

    fn attribute_name(&self, key: u16) -> AttributeName {
        self.open.as_ref().map_or_else(AttributeName::default, |Open { site, .. }| {
            AttributeName::new(site.keys, &site.source, key)
        })
    }
}

impl<const WORDS: usize> Describe for Report<WORDS> {
    fn error(&mut self, type_name: &'static str, error: &dyn Error) {
        self.tell(Told::Error(type_name, error));
    }

    fn text(&mut self, type_name: &'static str, text: &dyn fmt::Display) {
        self.tell(Told::Text(type_name, text));
    }
}

impl<const WORDS: usize> Running for Report<WORDS> {
    type Attached = Option<InScope>;

    #[inline]
    fn is_running(&self) -> bool {
        self.open.is_some()
    }

    #[inline]
    fn attach(&self) -> Option<InScope> {
        self.open.as_ref().map(|open| open.scope.attach())
    }

    #[cold]
    fn note_panic(&mut self) {
        if self.open.is_some() {
            self.tell(Told::Panic);
            self.close();
        }
    }
}

impl<const WORDS: usize> Drop for Report<WORDS> {
    #[inline]
    fn drop(&mut self) {
        if self.open.is_some() {
            self.close_dropped();
        }
    }
}
