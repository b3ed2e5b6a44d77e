//! A failure that is not told yet: the functions that it passes on its way out add to it.
//!
//! In: a failure where it was noticed first, then each annotated function that it leaves.
//! Out: all that a report needs and that only the failing thread can know.
//! Never: resolves a stack, scrubs, or waits.

use std::sync::Arc;

use super::chain;
use super::limit::Named;
use super::raw_stack::RawStack;
use crate::record::weight;
use crate::record::{Attribute, Cause, Person, ReportId, Severity, Source, StackFrame, Value};
use crate::span::request::Describe;
use crate::span::{SpanRef, Use};

/// A failure that is not told yet.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) id: ReportId,
    pub(super) unix_ns: u64,
    /// Its place in the order of begins and failures.
    pub(super) noticed: u64,
    pub(super) nature: Nature,
    /// The error as it was known last, then each that caused it; of a message its text.
    pub(super) causes: Vec<Cause>,
    pub(super) said: Said,
    /// The annotated functions that it left, the innermost first.
    pub(super) path: Vec<&'static Source>,
    pub(super) stack: RawStack,
    /// Where a panic says that it comes from.
    pub(super) place: Option<StackFrame>,
    pub(super) span: SpanRef,
    pub(super) user: Option<Arc<str>>,
    pub(super) request: Option<Arc<dyn Describe>>,
    pub(super) thread: Option<String>,
    /// Whether it is to be told, as far as is known.
    pub(super) is_confirmed: bool,
    /// Its kind, where the limits have not counted it: it may be that it is never told.
    pub(super) uncounted: Option<u64>,
}

/// What kind of failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nature {
    Error,
    /// An error that is noticed far from where it comes from.
    Bare,
    Panic,
    Message,
}

impl Nature {
    /// Whether the stack where it is noticed says where it comes from.
    pub(super) const fn has_stack(self) -> bool {
        matches!(self, Self::Error | Self::Panic)
    }
}

/// How bad a failure is where nobody says.
pub(super) const fn default_severity(nature: Nature) -> Severity {
    match nature {
        Nature::Error | Nature::Bare => Severity::Error,
        Nature::Panic => Severity::Critical,
        Nature::Message => Severity::Info,
    }
}

/// How a failure is called where it is told together with others.
pub(super) fn named(nature: Nature, said: &Said, causes: &[Cause]) -> Named {
    let title = said.title.clone().unwrap_or_else(|| match causes.first() {
        Some(Cause { type_name: Some(name), message }) if nature == Nature::Error => {
            format!("{name}: {message}")
        }
        Some(cause) => cause.message.clone(),
        None => String::new(),
    });
    let severity = said.severity.unwrap_or(default_severity(nature));
    Named { title, severity, fingerprint: said.fingerprint.clone() }
}

/// What the application says about a failure; what is said first, closest to it, counts.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Said {
    pub(super) severity: Option<Severity>,
    pub(super) title: Option<String>,
    pub(super) fingerprint: Option<String>,
    pub(super) context: Option<String>,
    pub(super) person: Person,
    pub(super) custom: Vec<Attribute>,
}

impl Said {
    /// Adds what was said further out.
    pub(super) fn add(&mut self, outer: Self) {
        let Self { severity, title, fingerprint, context, person, custom } = outer;
        self.severity = self.severity.or(severity);
        keep(&mut self.title, title);
        keep(&mut self.fingerprint, fingerprint);
        keep(&mut self.context, context);
        keep(&mut self.person.id, person.id);
        keep(&mut self.person.username, person.username);
        keep(&mut self.person.email, person.email);
        for attribute in custom {
            if self.custom.iter().all(|known| known.key != attribute.key) {
                self.custom.push(attribute);
            }
        }
    }

    fn texts_bytes(&self) -> usize {
        let texts = [&self.title, &self.fingerprint, &self.context];
        let texts_bytes: usize = texts.into_iter().flatten().map(String::len).sum();
        texts_bytes + self.person.texts_bytes() + weight::of_attributes(&self.custom)
    }

    /// Takes one value for what it is for.
    pub(super) fn set(&mut self, purpose: Use, attribute: Attribute) {
        let slot = match purpose {
            Use::Custom => {
                self.custom.retain(|known| known.key != attribute.key);
                return self.custom.push(attribute);
            }
            Use::PersonId => &mut self.person.id,
            Use::PersonUsername => &mut self.person.username,
            Use::PersonEmail => &mut self.person.email,
            Use::Title => &mut self.title,
            Use::Fingerprint => &mut self.fingerprint,
            Use::Context => &mut self.context,
        };
        *slot = Some(chain::kept(match attribute.value {
            Value::Str(text) => text.into_owned(),
            other => other.to_string(),
        }));
    }
}

fn keep(slot: &mut Option<String>, outer: Option<String>) {
    if slot.is_none() {
        *slot = outer;
    }
}

/// The most errors that one report tells of.
const MAX_CAUSES: usize = 32;

impl Draft {
    /// Returns the memory that the draft occupies, in bytes; what the edge keeps of the request counts,
    /// since the draft may outlive the request.
    pub(super) fn weight_bytes(&self) -> usize {
        size_of::<Self>()
            + weight::of_causes(&self.causes)
            + self.said.texts_bytes()
            + size_of_val(self.path.as_slice())
            + size_of_val(self.stack.calls())
            + self.place.as_ref().map_or(0, StackFrame::weight_bytes)
            + self.user.as_deref().map_or(0, str::len)
            + self.request.as_ref().map_or(0, |request| request.weight_bytes())
            + self.thread.as_ref().map_or(0, String::len)
    }

    /// Takes in how the failure is known to a function that it leaves.
    pub(super) fn pass(&mut self, source: &'static Source, causes: Vec<Cause>, said: Said) {
        self.path.push(source);
        self.said.add(said);
        self.wrap(causes);
    }

    /// Puts errors that this one has become before it.
    fn wrap(&mut self, outer: Vec<Cause>) {
        let inner = std::mem::take(&mut self.causes);
        let says =
            |at: usize| inner.first().is_some_and(|first| first.message == outer[at].message);
        // What the outer chain says of this one is known better here.
        let new = (0..outer.len()).find(|at| says(*at)).unwrap_or(outer.len());
        self.causes = outer.into_iter().take(new).chain(inner).take(MAX_CAUSES).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause(message: &str) -> Cause {
        Cause { type_name: None, message: message.to_owned() }
    }

    fn draft(messages: &[&str]) -> Draft {
        Draft {
            id: ReportId::from_random(1),
            unix_ns: 0,
            noticed: 1,
            nature: Nature::Error,
            causes: messages.iter().map(|message| cause(message)).collect(),
            said: Said::default(),
            path: Vec::new(),
            stack: RawStack::default(),
            place: None,
            span: SpanRef::NONE,
            user: None,
            request: None,
            thread: None,
            is_confirmed: true,
            uncounted: None,
        }
    }

    fn wrapped(inner: &[&str], outer: &[&str]) -> Vec<String> {
        let mut draft = draft(inner);
        draft.wrap(outer.iter().map(|message| cause(message)).collect());
        draft.causes.into_iter().map(|cause| cause.message).collect()
    }

    #[test]
    fn an_error_that_was_converted_stands_before_what_it_came_from_once() {
        assert_eq!(wrapped(&["timed out"], &["no feed", "timed out"]), ["no feed", "timed out"]);
        assert_eq!(wrapped(&["timed out"], &["timed out"]), ["timed out"]);
        assert_eq!(wrapped(&["timed out"], &["unavailable"]), ["unavailable", "timed out"]);
        assert_eq!(wrapped(&["a", "b"], &["x", "y", "a", "b"]), ["x", "y", "a", "b"]);
        assert_eq!(wrapped(&["a"], &[]), ["a"]);
    }

    #[test]
    fn what_is_said_closest_to_the_failure_counts() {
        let title = |text: &str| Attribute::new("title", text.to_owned());
        let mut inner = Said::default();
        inner.set(Use::Title, title("inner"));
        inner.set(Use::Custom, Attribute::new("a", 1));
        let mut outer = Said { severity: Some(Severity::Critical), ..Said::default() };
        outer.set(Use::Title, title("outer"));
        outer.set(Use::PersonId, Attribute::new("id", 7));
        outer.set(Use::Custom, Attribute::new("a", 2));
        outer.set(Use::Custom, Attribute::new("b", 3));
        inner.add(outer);
        let custom = [Attribute::new("a", 1), Attribute::new("b", 3)];
        assert_eq!(inner.title.as_deref(), Some("inner"));
        assert_eq!(inner.person.id.as_deref(), Some("7"));
        assert_eq!((inner.severity, &inner.custom[..]), (Some(Severity::Critical), &custom[..]));
    }
}
