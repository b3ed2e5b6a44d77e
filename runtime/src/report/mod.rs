//! Failures that people are told of: errors, panics, messages.
//!
//! ```text
//! attribute ─┐                       held: the same failure          one thread
//! panic hook ┼─▶ reporter ─▶ draft ─▶ on its way through   ─▶ teller ─▶ resolve, redact ─▶ record
//! by hand ───┘      └─ limiter ─▶ counted ─▶ summary           functions and tasks
//! ```
//!
//! [`report_errors`](macro@crate::report_errors) reports what a function fails with,
//! [`report_error`], [`report_message`] and [`Builder`] what the application says; [`Settings`] bound
//! how much of it, and [`Redaction`] what is hidden. A failure waits for [`Settings::hold`], so that
//! the functions that it passes can add to it:
//!
//! ```
//! use std::num::ParseIntError;
//!
//! use spanwright::{report_errors, testing};
//!
//! #[report_errors]
//! fn number(text: &str) -> Result<u32, ParseIntError> {
//!     text.parse()
//! }
//!
//! #[report_errors(person(id = user), custom(text))]
//! fn import(user: u64, text: &str) -> Result<u32, Box<dyn std::error::Error>> {
//!     Ok(number(text)?)
//! }
//!
//! let errors = testing::capture_errors(|| import(7, "many").is_ok());
//! assert_eq!(errors.len(), 1);
//! assert_eq!(errors[0].path.last().map(|it| it.name), Some("number"));
//! assert_eq!(errors[0].person.id.as_deref(), Some("7"));
//! ```
//!
//! In: failures where they are noticed. Out: one finished [`ErrorRecord`] each, to every destination
//! that takes them.
//! Never: makes a function slower that does not fail; reports a failure twice; tells a secret.
//!
//! [`ErrorRecord`]: crate::record::ErrorRecord

mod by_hand;
mod chain;
mod draft;
mod finish;
mod held;
mod ids;
mod lately;
mod limit;
mod panics;
#[cfg(any(feature = "otlp", feature = "rollbar", feature = "console", feature = "testing"))]
mod raw_stack;
#[cfg(not(any(feature = "otlp", feature = "rollbar", feature = "console", feature = "testing")))]
#[path = "no_raw_stack.rs"]
mod raw_stack;
mod reporter;
mod settings;
mod source_code;
mod stack;
mod symbol;
mod teller;
mod telling;
mod trail;

use std::panic::Location;
use std::sync::Arc;

pub use by_hand::{Builder, note, report_error, report_message};
#[cfg(feature = "actix")]
pub(crate) use chain::message;
pub use settings::{Edit, Panics, Settings};
pub use stack::StackSettings;

pub(crate) use panics::before_the_end;
pub(crate) use teller::Teller;
pub(crate) use trail::Trail;

use crate::record::{ErrorRecord, Processor, StackFrame};
use crate::redact::Redaction;
use crate::span::{self, TakeFailures};
use finish::Finisher;
use ids::Ids;
use reporter::{Clock, Reporter};
use teller::Signal;

/// What takes failures, and what tells them.
pub(crate) struct Parts {
    /// Takes them, where they are noticed.
    pub(crate) taker: Arc<dyn TakeFailures>,
    /// Tells them, once it is started.
    pub(crate) teller: Arc<Teller>,
    /// Remembers what happened before.
    pub(crate) trail: Arc<Trail>,
}

/// Where time and ids come from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sources {
    /// The clock of this machine, and random numbers.
    Real,
    /// The clock of this machine, and numbers that count up from 1.
    #[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "captures are for tests"))]
    Counting,
}

/// Connects the parts; nothing runs yet. With `has_events`, spans are told of failures too.
pub(crate) fn parts(
    settings: Settings,
    redaction: Arc<Redaction>,
    has_events: bool,
    sources: Sources,
    processors: Vec<Arc<dyn Processor<ErrorRecord>>>,
) -> Parts {
    if settings.panics != Panics::Off {
        panics::listen();
    }
    let ids = match sources {
        Sources::Real => Ids::random(),
        Sources::Counting => Ids::counting(),
    };
    let signal = Arc::new(Signal::default());
    let trail = Arc::new(Trail::new(settings.breadcrumbs));
    let finisher = Finisher::new(&settings, redaction, Arc::clone(&trail));
    let reporter = Arc::new(Reporter::new(
        settings,
        reporter::Ways { events: has_events, records: !processors.is_empty() },
        ids,
        Clock { wall: span::since_epoch_by_ticks, steady: span::steady },
        Arc::clone(&trail),
        Box::new(Arc::clone(&signal)),
    ));
    let teller = Arc::new(Teller::new(Arc::clone(&reporter), finisher, processors, signal));
    Parts { taker: reporter, teller, trail }
}

/// A place in the code as a call on a stack.
fn place(location: &Location<'_>) -> StackFrame {
    StackFrame {
        file: Some(location.file().to_owned()),
        line: Some(location.line()),
        column: Some(location.column()),
        is_in_app: true,
        ..StackFrame::default()
    }
}
