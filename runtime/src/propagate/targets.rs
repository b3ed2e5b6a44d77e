//! Hosts that context may be sent to.

use crate::host::{split_port, without_brackets};

/// The setting that holds a list of hosts.
pub(crate) const SETTING: &str = "SPANWRIGHT_PROPAGATION_TARGETS";

/// The form of the list, for messages.
pub(crate) const EXPECTED: &str =
    "hosts joined by commas, such as api.example.com, *.example.com, localhost:8080 or *";

/// Hosts that context may be sent to; all of them by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Targets(Option<Vec<Target>>);

/// A pattern that is not one of those in [`EXPECTED`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InvalidTarget(pub(crate) String);

/// One pattern of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Target {
    /// Without brackets and a final dot; empty with `is_suffix` for any host.
    host: String,
    /// True if the pattern stands for the hosts below `host`, and not for `host` itself.
    is_suffix: bool,
    /// The only port it stands for, if it names one.
    port: Option<u16>,
}

impl Targets {
    /// Reads patterns; none at all stand for no host.
    pub(crate) fn new<T: AsRef<str>>(
        patterns: impl IntoIterator<Item = T>,
    ) -> Result<Self, InvalidTarget> {
        let read = |pattern: T| {
            let pattern = pattern.as_ref().trim();
            Target::parse(pattern).ok_or_else(|| InvalidTarget(pattern.to_owned()))
        };
        Ok(Self(Some(patterns.into_iter().map(read).collect::<Result<_, _>>()?)))
    }

    /// Reads patterns joined by commas.
    pub(crate) fn parse(list: &str) -> Result<Self, InvalidTarget> {
        Self::new(list.split(',').filter(|pattern| !pattern.trim().is_empty()))
    }

    /// Returns true if context may be sent to this host.
    pub(crate) fn contains(&self, host: &str, port: Option<u16>) -> bool {
        let host = bare(host);
        self.0.as_ref().is_none_or(|targets| targets.iter().any(|target| target.is(host, port)))
    }
}

impl Target {
    fn parse(pattern: &str) -> Option<Self> {
        let (host, port) = split_port(pattern);
        let port = port.map(str::parse).transpose().ok()?;
        let suffix = host.strip_prefix("*.").or_else(|| host.strip_prefix('.'));
        let (host, is_suffix) = match suffix {
            Some(suffix) => (suffix, true),
            None if host == "*" => {
                return Some(Self { host: String::new(), is_suffix: true, port });
            }
            None => (host, false),
        };
        let host = bare(host);
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
        let is_host = !host.is_empty() && host.bytes().all(is_allowed);
        is_host.then(|| Self { host: host.to_owned(), is_suffix, port })
    }

    fn is(&self, host: &str, port: Option<u16>) -> bool {
        let is_host = match host.len().checked_sub(self.host.len()) {
            Some(_) if self.is_suffix && self.host.is_empty() => true,
            Some(0) => !self.is_suffix && host.eq_ignore_ascii_case(&self.host),
            Some(at) if self.is_suffix => host.split_at_checked(at).is_some_and(|(below, end)| {
                below.ends_with('.') && end.eq_ignore_ascii_case(&self.host)
            }),
            _ => false,
        };
        is_host && (self.port.is_none() || self.port == port)
    }
}

/// The host without the brackets of an IPv6 address and without a final dot.
fn bare(host: &str) -> &str {
    without_brackets(host.strip_suffix('.').unwrap_or(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_match_exactly_or_by_suffix_and_port() {
        for (list, host, port, expected) in [
            ("api.example.com", "API.example.com", 443, true),
            ("api.example.com", "api.example.com.", 80, true),
            ("api.example.com", "a.api.example.com", 443, false),
            ("api.example.com", "example.com", 443, false),
            ("*.example.com", "api.example.com", 443, true),
            (".example.com", "a.b.Example.com", 443, true),
            ("*.example.com", "example.com", 443, false),
            ("*.example.com", "badexample.com", 443, false),
            ("localhost:8080", "localhost", 8080, true),
            ("localhost:8080", "localhost", 8081, false),
            ("*:8080", "any.example", 8080, true),
            ("*:8080", "any.example", 80, false),
            ("*", "any.example", 80, true),
            ("::1", "[::1]", 80, true),
            ("[::1]:80", "::1", 80, true),
            ("[::1]:80", "::1", 81, false),
            ("a.example, b.example", "b.example", 80, true),
        ] {
            let targets = Targets::parse(list).unwrap();
            assert_eq!(targets.contains(host, Some(port)), expected, "{list}: {host}:{port}");
        }
        assert!(Targets::default().contains("any.example", None));
        assert!(!Targets::parse("").unwrap().contains("any.example", None));
        assert!(!Targets::parse("a.example:80").unwrap().contains("a.example", None));
    }

    #[test]
    fn what_is_no_host_is_invalid() {
        for pattern in ["https://a.example", "a.example/path", "a b", "a.example:x", "*.", "a*b"] {
            assert_eq!(Targets::parse(pattern), Err(InvalidTarget(pattern.to_owned())));
        }
    }
}
