//! What must not leave.
//!
//! In: a record. Out: the record. Never: changes it, before there is a list of secrets.

use crate::record::ErrorRecord;

/// What is hidden.
#[derive(Clone, Debug, Default)]
pub struct Scrub;

impl Scrub {
    /// Hides it.
    pub fn scrub(&self, record: &mut ErrorRecord) {
        let Self = self;
        record.custom.dedup_by(|one, other| one.key == other.key);
    }
}
