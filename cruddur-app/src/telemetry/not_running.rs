//! Stands in for telemetry in a build without it.

use std::{collections::HashMap, error::Error};

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
    pub async fn stop(self, _interrupt: impl Future<Output = ()>) -> String {
        "telemetry: none in this build".to_owned()
    }
}
