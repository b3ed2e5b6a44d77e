//! What is known of an event or a span of `tracing` at compile time, as a callsite of ours.
//!
//! In: the metadata of `tracing`. Out: one callsite for each, which is there for good, as the metadata
//! is.
//! Never: looks at a value.

use std::cell::RefCell;
use std::fmt::Display;
use std::ptr;
use std::sync::{Mutex, PoisonError};

use rustc_hash::{FxBuildHasher, FxHashMap};
use tracing::Metadata;
use tracing::field::Field;

use crate::record::{Destinations, Level, Source, SpanKind};
use crate::span::{AttributeName, Callsite, PerProcess};

/// A callsite, and which of its fields mean something to us.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) callsite: Callsite,
    /// What each field is, by its index.
    meanings: &'static [Meaning],
    /// Whether any field of it is more than a value.
    pub(super) has_meanings: bool,
}

/// What a field of a span is.
///
/// Source: <https://docs.rs/tracing-opentelemetry/0.34/tracing_opentelemetry/#special-fields>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A value like any other.
    Value,
    /// The name of the span.
    Name,
    /// The role of the span between services.
    Kind,
    /// How the work ended, `OK` or `ERROR`.
    StatusCode,
    /// What went wrong.
    StatusMessage,
}

type Sites = FxHashMap<usize, &'static Site>;

/// The callsites of all threads; each comes from one piece of code, so there is an end to them.
static SITES: PerProcess<Mutex<Sites>> = PerProcess::new(Mutex::default);

thread_local! {
    /// Those that this thread has come by.
    static KNOWN: RefCell<Sites> = const { RefCell::new(FxHashMap::with_hasher(FxBuildHasher)) };
}

impl Site {
    /// The callsite of an event or a span: one look into a map of this thread.
    pub(super) fn of(metadata: &'static Metadata<'static>) -> &'static Self {
        let address = ptr::from_ref(metadata).addr();
        let known = |sites: &RefCell<Sites>| sites.try_borrow().ok()?.get(&address).copied();
        match KNOWN.try_with(known) {
            Ok(Some(site)) => site,
            _ => Self::find(address, metadata),
        }
    }

    #[cold]
    fn find(address: usize, metadata: &'static Metadata<'static>) -> &'static Self {
        let mut sites = SITES.get().lock().unwrap_or_else(PoisonError::into_inner);
        let site =
            *sites.entry(address).or_insert_with(|| Box::leak(Box::new(Self::new(metadata))));
        drop(sites);
        // A thread that ends looks it up each time.
        let _ = KNOWN.try_with(|known| {
            if let Ok(mut known) = known.try_borrow_mut() {
                known.insert(address, site);
            }
        });
        site
    }

    fn new(metadata: &'static Metadata<'static>) -> Self {
        let names: Vec<_> = metadata.fields().iter().map(|field| field.name()).collect();
        let meanings: Vec<_> = names.iter().map(|name| Meaning::of(name)).collect();
        Self {
            callsite: Callsite {
                source: Source {
                    name: metadata.name(),
                    target: metadata.target(),
                    function: "",
                    file: metadata.file().unwrap_or_default(),
                    line: metadata.line().unwrap_or_default(),
                    level: level(*metadata.level()),
                },
                kind: SpanKind::Internal,
                keys: names.leak(),
                marks: &[],
                subsegment: None,
                destinations: Destinations::of(SpanKind::Internal),
            },
            has_meanings: meanings.iter().any(|meaning| *meaning != Meaning::Value),
            meanings: meanings.leak(),
        }
    }

    /// Returns what diagnostics call a field of this callsite.
    pub(super) fn name_of(&'static self, field: &Field) -> impl Display + use<> {
        AttributeName::of(&self.callsite, key(field))
    }

    /// What a field of this callsite is.
    pub(super) fn meaning(&self, field: &Field) -> Meaning {
        self.meanings.get(field.index()).copied().unwrap_or(Meaning::Value)
    }
}

impl Meaning {
    fn of(name: &str) -> Self {
        match name {
            "otel.name" => Self::Name,
            "otel.kind" => Self::Kind,
            "otel.status_code" => Self::StatusCode,
            "otel.status_description" | "otel.status_message" => Self::StatusMessage,
            _ => Self::Value,
        }
    }
}

/// The key of a field by its index; no callsite has more than 32.
#[expect(clippy::cast_possible_truncation, reason = "a callsite has few fields")]
pub(super) fn key(field: &Field) -> u16 {
    field.index() as u16
}

fn level(level: tracing::Level) -> Level {
    match level {
        tracing::Level::ERROR => Level::Error,
        tracing::Level::WARN => Level::Warn,
        tracing::Level::INFO => Level::Info,
        tracing::Level::DEBUG => Level::Debug,
        tracing::Level::TRACE => Level::Trace,
    }
}
