//! Where the X-Ray daemon listens.
//!
//! In: the value of a variable, in each of its forms. Out: a host and a port for either protocol.
//! Never: resolves a name; names change while a process runs.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::pipeline::SettingsError;

/// The variable that names the daemon.
///
/// Source: <https://docs.aws.amazon.com/xray/latest/devguide/xray-sdk-python-configuration.html#xray-sdk-python-configuration-envvars>.
pub const VARIABLE: &str = "AWS_XRAY_DAEMON_ADDRESS";

const EXPECTED: &str = "`host:port`, or `udp:host:port tcp:host:port` in either order, with IPv6 addresses in brackets";

/// Where the daemon listens for datagrams and for requests.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    /// Where segment documents go, one a datagram.
    pub udp: HostPort,
    /// Where requests go that are answered: sampling rules, acknowledged documents.
    pub tcp: HostPort,
}

/// A host, by name or address, and a port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HostPort {
    /// Without brackets.
    host: String,
    port: u16,
}

impl Default for Address {
    /// Port 2000 of this machine.
    fn default() -> Self {
        let local = HostPort { host: Ipv4Addr::LOCALHOST.to_string(), port: 2000 };
        Self { udp: local.clone(), tcp: local }
    }
}

impl Address {
    /// Reads a value of [`VARIABLE`]: `host:port` for both protocols, or one for each as
    /// `udp:host:port tcp:host:port`, in either order.
    ///
    /// # Errors
    /// Anything else: a protocol alone or twice, no port, what is neither a name nor an address.
    pub fn parse(value: &str) -> Result<Self, SettingsError> {
        let words: Vec<&str> = value.split_whitespace().collect();
        let address = match words[..] {
            [both] => HostPort::parse(both).map(|both| Self { udp: both.clone(), tcp: both }),
            [first, second] => {
                let of = |protocol: &str| {
                    let words = [first, second].into_iter();
                    let mut addresses = words.filter_map(|word| word.strip_prefix(protocol));
                    addresses.next().and_then(HostPort::parse)
                };
                of("udp:").zip(of("tcp:")).map(|(udp, tcp)| Self { udp, tcp })
            }
            _ => None,
        };
        let found = value.to_owned();
        address.ok_or(SettingsError { variable: VARIABLE, found, expected: EXPECTED })
    }
}

impl HostPort {
    /// Reads `host:port`; `None` when it is nothing of the kind.
    pub fn parse(text: &str) -> Option<Self> {
        let (host, port) = text.rsplit_once(':')?;
        let port = port.parse().ok().filter(|port| *port != 0)?;
        let host = match host.strip_prefix('[') {
            Some(rest) => rest.strip_suffix(']').filter(|it| it.parse::<Ipv6Addr>().is_ok())?,
            None => Some(host).filter(|host| is_name_or_ipv4(host))?,
        };
        Some(Self { host: host.to_owned(), port })
    }

    /// The name or the address, IPv6 without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, not 0.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl fmt::Display for HostPort {
    /// `host:port`, as it stands in a URL.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

/// Underscores are in no host name by the book, and in many names of containers.
///
/// What ends in a number is an address, since no top-level domain is a number.
/// Source: <https://www.rfc-editor.org/rfc/rfc1123#section-2.1>.
fn is_name_or_ipv4(host: &str) -> bool {
    let name = host.strip_suffix('.').unwrap_or(host);
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let is_label = |label: &str| matches!(label.len(), 1..=63) && label.bytes().all(is_allowed);
    let is_number = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    let ends_in_number = name.rsplit('.').next().is_some_and(is_number);
    name.len() <= 253
        && name.split('.').all(is_label)
        && (!ends_in_number || host.parse::<Ipv4Addr>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Option<(String, String)> {
        let address = Address::parse(value).ok()?;
        Some((address.udp.to_string(), address.tcp.to_string()))
    }

    #[test]
    fn one_address_is_for_both_protocols_and_two_are_named() {
        for (value, udp, tcp) in [
            ("192.168.0.1:3000", "192.168.0.1:3000", "192.168.0.1:3000"),
            ("tcp:192.168.0.1:3000 udp:127.0.0.2:8080", "127.0.0.2:8080", "192.168.0.1:3000"),
            ("udp:127.0.0.2:8080 tcp:192.168.0.1:3000", "127.0.0.2:8080", "192.168.0.1:3000"),
            ("localhost:2000", "localhost:2000", "localhost:2000"),
            ("tcp:localhost:2000 udp:localhost:2000", "localhost:2000", "localhost:2000"),
            (" xray_daemon:2000 ", "xray_daemon:2000", "xray_daemon:2000"),
            ("xray.internal.:2000", "xray.internal.:2000", "xray.internal.:2000"),
            ("[::1]:2000", "[::1]:2000", "[::1]:2000"),
            ("udp:[fe80::1]:2001  tcp:[::1]:2000", "[fe80::1]:2001", "[::1]:2000"),
        ] {
            assert_eq!(read(value), Some((udp.to_owned(), tcp.to_owned())), "{value}");
        }
    }

    #[test]
    fn anything_else_is_an_error() {
        for value in [
            "",
            "192.168.0.1",
            "tcp:192.168.0.1:3000",
            "udp:127.0.0.2:2001",
            "127.0.0.2:8080 192.168.0.1:3000",
            "udp:127.0.0.2:8080 192.168.0.1:3000",
            "udp:127.0.0.2:2001 udp:127.0.0.1:2000",
            "tcp:127.0.0.2:2001 tcp:127.0.0.1:2000",
            "udp:1.2.1:2a tcp:127.0.0.1:2000",
            "udp:127.0.0.2:2001 tcp:127.0.a.1:2000",
            "udp:a:1 tcp:a:1 udp:a:1",
            "::1:2000",
            "[::1]",
            "[daemon]:2000",
            "[::1:2000",
            "daemon:0",
            "daemon:65536",
            ":2000",
            "a..b:2000",
            "dæmon:2000",
            "http://daemon:2000",
        ] {
            assert_eq!(read(value), None, "{value}");
        }
    }

    #[test]
    fn an_error_names_the_variable_the_value_and_what_was_expected() {
        let error = Address::parse("udp:127.0.0.2:2001").expect_err("one protocol is missing");
        assert_eq!(
            error.to_string(),
            "AWS_XRAY_DAEMON_ADDRESS is `udp:127.0.0.2:2001`, expected `host:port`, or \
             `udp:host:port tcp:host:port` in either order, with IPv6 addresses in brackets"
        );
    }

    #[test]
    fn without_an_address_the_daemon_is_next_door() {
        let Address { udp, tcp } = Address::default();
        assert_eq!(
            (udp.host(), udp.port(), tcp.to_string().as_str()),
            ("127.0.0.1", 2000, "127.0.0.1:2000")
        );
    }
}
