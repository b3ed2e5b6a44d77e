//! Stands in for telemetry in a build without it.

use std::{
    collections::HashMap,
    error::Error,
    future::{Ready, ready},
};

/// Nothing.
#[derive(Debug)]
#[must_use = "the form with telemetry stops when it is dropped"]
pub struct Running;

impl Running {
    /// Starts nothing.
    ///
    /// # Errors
    /// None.
    pub fn start(_variables: &HashMap<String, String>) -> Result<Self, Box<dyn Error>> {
        Ok(Self)
    }

    /// Stops nothing.
    pub fn stop(self, _interrupt: impl Future<Output = ()>) -> Ready<String> {
        ready("telemetry: none in this build".to_owned())
    }
}
