//! Telemetry as it runs beside the service.

use std::{collections::HashMap, error::Error, time::Duration};

use spanwright::{
    Config, Telemetry,
    config::{ConfigError, Environment},
};

/// How long the last spans may take to be delivered when the service stops.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(10);

/// The sampling rule of the course, which is for a service called `backend-flask`.
const SAMPLING_RULES: &str = include_str!("../../aws/json/xray.json");

/// What the variables ask for.
pub(super) fn config(environment: &Environment) -> Result<Config, ConfigError> {
    Config::from_environment(environment)?
        .service_name("cruddur")
        .service_version(env!("CARGO_PKG_VERSION"))
        .xray_rules(SAMPLING_RULES)
}

/// What [`Running::start`] started.
#[derive(Debug)]
#[must_use = "telemetry stops when this is dropped"]
pub struct Running(Telemetry);

impl Running {
    /// Starts what the variables ask for, and prints traces to the terminal where they ask for nothing.
    ///
    /// # Errors
    /// Names the variable that cannot be used, or says what the system refused.
    pub fn start(variables: &HashMap<String, String>) -> Result<Self, Box<dyn Error>> {
        let environment: Environment = variables.iter().collect();
        Ok(Self(config(&environment)?.console_if_alone(&environment).install()?))
    }

    /// Delivers what is left and stops; returns what became of it. Takes at most ten seconds, and no longer than
    /// until `interrupt` is ready.
    pub async fn stop(self, interrupt: impl Future<Output = ()>) -> String {
        format!("telemetry: {}", self.0.shutdown_until(SHUTDOWN_TIMEOUT, interrupt).await)
    }
}
