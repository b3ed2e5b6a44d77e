//! A failure that is new, and what makes it count with others.
//!
//! In: what a function, the hook of panics or the application says of it. Out: a [`Draft`].
//! Never: takes longer than it takes to walk the stack.

use std::hash::Hasher;

use super::draft::{Draft, Nature, Said};
use super::raw_stack::RawStack;
use crate::record::{Cause, ReportId, Source, StackFrame};
use crate::span::request::Request;
use crate::span::{self, SpanRef};

/// A failure that is new.
#[derive(Debug)]
pub(super) struct Telling {
    pub(super) nature: Nature,
    pub(super) causes: Vec<Cause>,
    pub(super) said: Said,
    /// The annotated function that it left first.
    pub(super) source: Option<&'static Source>,
    /// Where the code says that it comes from.
    pub(super) place: Option<StackFrame>,
    /// Whether it is told even if no call above fails.
    pub(super) confirms: bool,
}

impl Telling {
    /// What makes it count with others: what the application says, or else its place, its type, and
    /// what it says but for the numbers.
    pub(super) fn kind(&self) -> u64 {
        let mut hasher = rustc_hash::FxHasher::default();
        if let Some(fingerprint) = &self.said.fingerprint {
            hasher.write(fingerprint.as_bytes());
            return hasher.finish();
        }
        let (file, line) = match (self.source, &self.place) {
            (Some(source), _) => (source.file, source.line),
            (None, Some(StackFrame { file: Some(file), line: Some(line), .. })) => (&**file, *line),
            _ => ("", 0),
        };
        hasher.write(file.as_bytes());
        hasher.write_u32(line);
        for cause in &self.causes {
            hasher.write(cause.type_name.as_deref().unwrap_or_default().as_bytes());
            let letters = cause.message.bytes().filter(|byte| !byte.is_ascii_digit());
            letters.for_each(|byte| hasher.write_u8(byte));
        }
        hasher.finish()
    }

    /// What happens here and now to a failure of this kind.
    pub(super) fn draft(
        self,
        id: ReportId,
        kind: u64,
        unix_ns: u64,
        (span, request): (SpanRef, Request),
    ) -> Draft {
        let Self { nature, causes, said, source, place, confirms } = self;
        Draft {
            id,
            unix_ns,
            noticed: span::notice(),
            nature,
            causes,
            said,
            path: source.into_iter().collect(),
            stack: if nature.has_stack() { RawStack::capture() } else { RawStack::default() },
            place,
            span,
            user: request.user,
            request: request.details,
            thread: std::thread::current().name().map(str::to_owned),
            is_confirmed: confirms,
            uncounted: (!confirms).then_some(kind),
        }
    }
}
