//! Settings of error reports.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::stack::StackSettings;
use crate::record::ErrorRecord;

/// How failures are reported.
///
/// ```
/// use spanwright::report::{Panics, Settings};
///
/// let settings = Settings { panics: Panics::Annotated, ..Settings::default() };
/// let config = spanwright::Config::from_env()?.reports(settings);
/// # let _ = config;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Settings {
    /// How many failures of one kind (one place, one type of error, one text but for its numbers) are
    /// reported in a minute; the others are told together by one report at its end.
    pub per_kind_per_minute: u32,
    /// How many failures of any kind are reported in a minute; so are the others.
    pub per_minute: u32,
    /// How long a report waits for the functions that its failure passes, and for the spans around
    /// it, to end; 0 for not at all. A function that fails later with an error that says nothing of the
    /// first is a failure of its own.
    pub hold: Duration,
    /// Which panics are reported. One that ends the process, as all do with `panic = "abort"`, has what
    /// is held sent first, which takes up to two seconds.
    pub panics: Panics,
    /// How many things that happened before are told with a failure.
    pub breadcrumbs: usize,
    /// What is told of the stack.
    pub stack: StackSettings,
    /// Sees each report last, and may change or drop it.
    pub edit: Option<Edit>,
}

/// Which panics are reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Panics {
    /// Every panic of the process, on any thread.
    #[default]
    All,
    /// Those that leave a function with `#[report_errors(panics)]`.
    Annotated,
    /// None.
    Off,
}

/// Sees each report last, and may change it; a report that it says `false` of is not sent.
///
/// It runs on a thread of ours; what it takes there holds up other reports.
#[derive(Clone)]
pub struct Edit(Arc<dyn Fn(&mut ErrorRecord) -> bool + Send + Sync>);

impl Edit {
    /// Takes the function.
    ///
    /// ```
    /// use spanwright::report::Edit;
    ///
    /// let edit = Edit::new(|report| {
    ///     report.person.email = None;
    ///     report.context.as_deref() != Some("internal")
    /// });
    /// # let _ = edit;
    /// ```
    pub fn new(edit: impl Fn(&mut ErrorRecord) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(edit))
    }

    pub(super) fn admits(&self, record: &mut ErrorRecord) -> bool {
        (self.0)(record)
    }
}

impl fmt::Debug for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a function")
    }
}

impl Default for Settings {
    /// Ten a minute of one kind show that something recurs; two a second of any kind are as many as
    /// anybody reads, and twice what Rollbar's own clients send.
    fn default() -> Self {
        Self {
            per_kind_per_minute: 10,
            per_minute: 120,
            hold: Duration::from_secs(1),
            panics: Panics::All,
            breadcrumbs: 50,
            stack: StackSettings::default(),
            edit: None,
        }
    }
}
