//! Hosts that context may be sent to.

use super::{Config, ConfigError, read};
use crate::propagate::Targets;

impl Config {
    /// Hosts that trace context and baggage may be sent to, instead of
    /// `SPANWRIGHT_PROPAGATION_TARGETS`; all of them by default.
    ///
    /// `api.example.com` is that host, `*.example.com` each host below that domain, `localhost:8080`
    /// a host at one port, `*` any host; an empty list names none. Case does not matter, and names
    /// beyond ASCII are written in punycode. The client of `http_client`,
    /// [`inject_for`](crate::inject_for) and [`inject_into_for`](crate::inject_into_for) follow it.
    /// [`inject`](crate::inject), [`inject_into`](crate::inject_into) and the global propagator of the
    /// `opentelemetry` API get no host, so that they write headers for any. A redirect that a client of
    /// `reqwest` follows takes the headers along: see `http_client::redirect_policy`.
    ///
    /// ```
    /// # fn main() -> Result<(), spanwright::config::ConfigError> {
    /// let config = spanwright::Config::from_env()?
    ///     .propagation_targets(["api.cruddur.example", "*.internal.cruddur.example"])?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// A target is not a host.
    pub fn propagation_targets<T: AsRef<str>>(
        mut self,
        hosts: impl IntoIterator<Item = T>,
    ) -> Result<Self, ConfigError> {
        self.propagation_targets = Targets::new(hosts).map_err(read::invalid_target)?;
        Ok(self)
    }
}
