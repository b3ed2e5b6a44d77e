//! A failure becomes a report: what only our own thread has time for.
//!
//! In: drafts and summaries. Out: finished records, redacted and seen by the application.
//! Never: runs on the application's thread.

use std::sync::Arc;
use std::time::Duration;

use super::draft::{Draft, Nature, default_severity};
use super::limit::Summary;
use super::settings::Settings;
use super::stack::Resolver;
use super::trail::{Around, Trail};
use crate::guard::catch;
use crate::record::{Attribute, Cause, ErrorRecord, ReportId, SpanContext, StackFrame, Subject};
use crate::redact::Redaction;

/// Time after their last use for which the program's symbols stay in memory: reading them takes up to a
/// second, and they take several megabytes.
const SYMBOLS_KEPT: Duration = Duration::from_mins(1);

/// Finishes reports.
#[derive(Debug)]
pub(super) struct Finisher {
    settings: Settings,
    redaction: Arc<Redaction>,
    /// Made when it is first needed: it reads the program's symbols.
    resolver: Option<Resolver>,
    /// Time of the last use of the program's symbols.
    symbols_used: Duration,
    trail: Arc<Trail>,
}

impl Finisher {
    pub(super) fn new(settings: &Settings, redaction: Arc<Redaction>, trail: Arc<Trail>) -> Self {
        let settings = settings.clone();
        Self { settings, redaction, resolver: None, symbols_used: Duration::ZERO, trail }
    }

    /// Reads the program's symbols, which may take most of a second.
    pub(super) fn warm_up(&mut self) {
        self.resolver();
    }

    /// Frees the program's symbols a minute after they were used last; returns how long they stay, or
    /// `None` where they are not in memory. Frames that are known need none.
    pub(super) fn keep_symbols(&mut self, now: Duration) -> Option<Duration> {
        let resolver = self.resolver.as_mut().filter(|resolver| resolver.holds_symbols())?;
        if resolver.take_used() {
            self.symbols_used = now;
        }
        let until = self.symbols_used + SYMBOLS_KEPT;
        let left = until.checked_sub(now).filter(|left| !left.is_zero());
        if left.is_none() {
            resolver.forget_symbols();
        }
        left
    }

    fn resolver(&mut self) -> &mut Resolver {
        self.resolver.get_or_insert_with(|| Resolver::new(&self.settings.stack))
    }

    /// The report of a failure; `None` where the application drops it.
    pub(super) fn record(&mut self, draft: Draft) -> Option<ErrorRecord> {
        let span = draft.span.context();
        let Around { spans, breadcrumbs } =
            self.trail.around(span.trace_id, span.span_id, draft.unix_ns);
        let mut stack = self.resolver().resolve(&draft.stack);
        stack.extend(draft.place.filter(|place| !stack.last().is_some_and(|it| is_at(it, place))));
        let said = draft.said;
        let mut person = said.person;
        person.id = person.id.or_else(|| draft.user.as_deref().map(str::to_owned));
        let subject = subject(draft.nature, draft.causes);
        self.admitted(ErrorRecord {
            id: draft.id,
            unix_ns: draft.unix_ns,
            severity: said.severity.unwrap_or(default_severity(draft.nature)),
            subject,
            title: said.title,
            fingerprint: said.fingerprint,
            context: said.context,
            stack,
            path: draft.path.into_iter().rev().collect(),
            spans,
            span: Some(span).filter(SpanContext::is_valid),
            request: draft.request.map(|details| details.describe()),
            person,
            custom: said.custom,
            breadcrumbs,
            thread: draft.thread,
        })
    }

    /// The report that tells of failures together that were too many to be told one by one;
    /// `after` is how long their window was.
    pub(super) fn summary(
        &mut self,
        id: ReportId,
        summary: Summary,
        unix_ns: u64,
        after: Duration,
    ) -> Option<ErrorRecord> {
        let Summary { kind, named, occurrences, .. } = summary;
        let seconds = after.as_secs();
        let message = format!("{occurrences} more in {seconds} s: {}", named.title);
        // One kind is one item for people, however many of it there are each time.
        let fingerprint = named.fingerprint.unwrap_or_else(|| format!("spanwright-{kind:016x}"));
        self.admitted(ErrorRecord {
            title: Some(named.title),
            fingerprint: Some(fingerprint),
            custom: vec![
                Attribute::new("occurrences", i64::try_from(occurrences).unwrap_or(i64::MAX)),
                Attribute::new("window.seconds", i64::try_from(seconds).unwrap_or(i64::MAX)),
            ],
            ..ErrorRecord::new(id, unix_ns, named.severity, Subject::Message(message))
        })
    }

    fn admitted(&self, mut record: ErrorRecord) -> Option<ErrorRecord> {
        self.redaction.redact_error(&mut record);
        let Some(edit) = &self.settings.edit else { return Some(record) };
        match catch(|| edit.admits(&mut record)) {
            Ok(is_sent) => is_sent.then_some(record),
            Err(caught) => caught.pass_on(&"`edit` of error reports"),
        }
    }
}

fn subject(nature: Nature, mut causes: Vec<Cause>) -> Subject {
    match nature {
        Nature::Message => {
            Subject::Message(causes.pop().map(|cause| cause.message).unwrap_or_default())
        }
        Nature::Panic if causes.len() == 1 => Subject::Panic(causes.remove(0)),
        // A panic too that was turned into an error on its way out.
        Nature::Error | Nature::Bare | Nature::Panic => Subject::Error(causes),
    }
}

/// Whether a call is at this place; the compiler and the debugger begin paths differently.
fn is_at(call: &StackFrame, place: &StackFrame) -> bool {
    let (Some(file), Some(other)) = (&call.file, &place.file) else { return false };
    call.line == place.line && (file.ends_with(other.as_str()) || other.ends_with(file.as_str()))
}
