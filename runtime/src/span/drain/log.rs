//! The events of the log that one pass has read.
//!
//! In: words. Out: records in the order of their times, with the user of their request, to those that
//! take the log.
//! Never: keeps anything from one pass to the next.

use std::sync::Arc;

use crate::guard::guard;
use crate::loss::LossReason;
use crate::record::LogRecord;
use crate::redact::Redaction;
use crate::span::LOGS;
use crate::span::clock::ClockAnchor;
use crate::span::decode;
use crate::span::layout::What;
use crate::span::request::{self, Root};
use crate::span::tracer::{self, Breadcrumbs};

/// Events of the tracers that take the log.
#[derive(Default)]
pub(super) struct Events {
    groups: Vec<Group>,
    /// The user of the request that was looked at last: events of one request often follow each
    /// other.
    last: Option<(Root, Option<Arc<str>>)>,
}

/// Events of one tracer; there is more than one group only where tests capture.
struct Group {
    tracer: u16,
    records: Vec<LogRecord>,
}

impl Events {
    /// Takes an event, if anybody takes the log.
    pub(super) fn take(&mut self, what: What, words: &[u64], anchor: &ClockAnchor) {
        let tag = what.traits.tracer();
        match tracer::recording(tag) {
            Some(tracer) if !tracer.processors.take_logs() => return,
            Some(_) => LOGS.accept(1),
            None => {
                LOGS.accept(1);
                return LOGS.lose(1, LossReason::Shutdown);
            }
        }
        let Some(mut record) = decode::log::record(what, words, anchor) else {
            return LOGS.lose(1, LossReason::NotEncodable);
        };
        record.user = decode::log::root(what, words).and_then(|root| self.user(root));
        self.group(tag).push(record);
    }

    fn user(&mut self, root: Root) -> Option<Arc<str>> {
        if root.1 == 0 {
            return None;
        }
        if self.last.as_ref().is_none_or(|(known, _)| *known != root) {
            self.last = Some((root, request::find(root).and_then(|request| request.user)));
        }
        self.last.as_ref().and_then(|(_, user)| user.clone())
    }

    fn group(&mut self, tracer: u16) -> &mut Vec<LogRecord> {
        let known = self.groups.iter().position(|group| group.tracer == tracer);
        let index = known.unwrap_or_else(|| {
            self.groups.push(Group { tracer, records: Vec::new() });
            self.groups.len() - 1
        });
        &mut self.groups[index].records
    }

    /// Hands the events on, those of several threads in the order of their times.
    pub(super) fn hand_over(self) {
        for Group { tracer, mut records } in self.groups {
            records.sort_by_key(|record| record.unix_ns);
            let records = super::redacted(tracer, records, &LOGS, Redaction::redact_log);
            hand_over(tracer, &records.into());
        }
    }
}

fn hand_over(tracer: u16, records: &Arc<[LogRecord]>) {
    let Some(tracer) = tracer::recording(tracer) else {
        return LOGS.lose(records.len(), LossReason::Shutdown);
    };
    let taken = super::process(&tracer.processors.logs, records);
    if let Some(Breadcrumbs { logs: buffer, .. }) = &tracer.processors.breadcrumbs {
        guard("breadcrumbs", || buffer.process(records));
    }
    match taken.outcome() {
        Ok(()) => LOGS.deliver(records.len()),
        Err(reason) => LOGS.lose(records.len(), reason),
    }
}
