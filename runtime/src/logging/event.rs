//! An event of `tracing` into an event of the log.
//!
//! In: the fields of an event. Out: values of ours, typed where they have a type.
//! Never: lets a value that fails to format touch whoever logs it.

use std::error::Error;
use std::fmt;

use tracing::Event;
use tracing::field::{Field, Visit};

use super::callsite::{Site, key};
use crate::guard::guard;
use crate::span::log::{self, Values};
use crate::span::{Chain, SpanRef};

/// The field in which `#[tracing::instrument(err)]` tells what was returned.
const ERROR: &str = "error";

/// What stands for a value that panicked while it was formatted.
const PANICKED: &str = "(formatting it panicked)";

/// Takes an event under a span.
pub(super) fn take(event: &Event<'_>, span: SpanRef) {
    let site = Site::of(event.metadata());
    log::log(&site.callsite, span, |values| event.record(&mut Fields { values, site }));
}

/// What an event says in its field `error`, if it has one.
pub(super) fn error(event: &Event<'_>) -> Option<String> {
    struct Look(Option<String>);
    impl Visit for Look {
        fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
            if field.name() == ERROR {
                let text = guard("field `error` of an event", || format!("{value:?}"));
                self.0 = Some(text.unwrap_or_else(|| PANICKED.to_owned()));
            }
        }
        fn record_str(&mut self, field: &Field, value: &str) {
            if field.name() == ERROR {
                self.0 = Some(value.to_owned());
            }
        }
    }
    event.metadata().fields().field(ERROR)?;
    let mut look = Look(None);
    event.record(&mut look);
    look.0
}

struct Fields<'a, 'b> {
    values: &'a mut Values<'b>,
    site: &'static Site,
}

impl Fields<'_, '_> {
    fn formatted(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        let name = self.site.name_of(field);
        if guard(name, || self.values.formatted(key(field), value)).is_none() {
            self.values.text(key(field), PANICKED);
        }
    }
}

impl Visit for Fields<'_, '_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.formatted(field, format_args!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.values.text(key(field), value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.values.value(key(field), &value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.values.value(key(field), &value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.values.value(key(field), &value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.values.value(key(field), &value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.formatted(field, format_args!("{}", Chain(value)));
    }
}
