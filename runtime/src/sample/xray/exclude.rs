//! Requests that are never recorded, such as health checks.
//!
//! In: patterns for method, path and user agent. Out: whether a request is meant.
//! Never: counts; no rule hears of what is excluded.

use std::fmt;

use super::pattern::Pattern;
use super::rule::Facts;

/// Requests that are left out before any rule is asked.
///
/// A request is meant when it has everything that is named here. Nothing named, nothing meant.
///
/// ```
/// use spanwright::sample::xray::Exclusion;
///
/// let health_checks = Exclusion::default().method("GET").path("/api/health-check");
/// let load_balancers = Exclusion::default().user_agent("ELB-HealthChecker/*");
/// # let _ = (health_checks, load_balancers);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exclusion {
    method: Option<Pattern>,
    path: Option<Pattern>,
    user_agent: Option<Pattern>,
}

impl Exclusion {
    /// Only requests whose method matches the pattern.
    #[must_use]
    pub fn method(self, pattern: &str) -> Self {
        Self { method: Some(Pattern::new(pattern)), ..self }
    }

    /// Only requests whose path, without the query, matches the pattern.
    #[must_use]
    pub fn path(self, pattern: &str) -> Self {
        Self { path: Some(Pattern::new(pattern)), ..self }
    }

    /// Only requests whose user agent matches the pattern.
    #[must_use]
    pub fn user_agent(self, pattern: &str) -> Self {
        Self { user_agent: Some(Pattern::new(pattern)), ..self }
    }

    pub(super) fn is_for(&self, facts: &Facts<'_>) -> bool {
        let asked = [
            (&self.method, facts.method),
            (&self.path, facts.path),
            (&self.user_agent, facts.user_agent),
        ];
        let mut named =
            asked.iter().filter_map(|(pattern, value)| Some((pattern.as_ref()?, value)));
        let is_named = self.method.is_some() || self.path.is_some() || self.user_agent.is_some();
        let has = |value: Option<_>, pattern: &Pattern| {
            value.is_some_and(|value| pattern.matches_text(value))
        };
        is_named && named.all(|(pattern, value)| has(*value, pattern))
    }
}

/// What is named, for example `method GET, path /api/health-check`.
impl fmt::Display for Exclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named =
            [("method", &self.method), ("path", &self.path), ("user agent", &self.user_agent)];
        let mut separator = "";
        for (name, pattern) in named {
            if let Some(pattern) = pattern {
                write!(f, "{separator}{name} {}", pattern.as_str())?;
                separator = ", ";
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::RequestFacts;

    #[test]
    fn a_request_is_meant_when_it_has_all_that_is_named() {
        let health = Exclusion::default().method("get").path("/health*");
        let agent = Exclusion::default().user_agent("ELB-*");
        let nothing = Exclusion::default();
        let request =
            RequestFacts { method: Some("GET"), path: Some("/healthz"), ..RequestFacts::default() };
        let from_elb = RequestFacts { user_agent: Some("ELB-HealthChecker/2.0"), ..request };
        for (exclusion, request, is_meant) in [
            (&health, request, true),
            (&health, RequestFacts { method: Some("POST"), ..request }, false),
            (&health, RequestFacts { path: None, ..request }, false),
            (&agent, request, false),
            (&agent, from_elb, true),
            (&nothing, from_elb, false),
        ] {
            assert_eq!(
                exclusion.is_for(&Facts::new(&request)),
                is_meant,
                "{exclusion} {request:?}"
            );
        }
        assert_eq!(health.to_string(), "method get, path /health*");
    }
}
