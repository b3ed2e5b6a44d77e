//! Proxies by the usual variables.
//!
//! Sources: <https://curl.se/docs/manpage.html#ENVIRONMENT>, <https://pkg.go.dev/golang.org/x/net/http/httpproxy>.

use std::fmt;

use reqwest::{ClientBuilder, NoProxy, Proxy};

use crate::diagnostics;
use crate::export::address;
use crate::host::split_port;
use crate::secret::Secret;
use crate::warnings::Warnings;

/// Hosts that are never reached by a proxy, whatever `NO_PROXY` says: loopback and link-local addresses, where
/// agents and the metadata of cloud machines are.
///
/// Sources: <https://www.rfc-editor.org/rfc/rfc6890>, <https://www.rfc-editor.org/rfc/rfc6761#section-6.3>.
const ALWAYS_DIRECT: &str = "localhost, localhost., 127.0.0.0/8, ::1, ::ffff:127.0.0.0/104, 0.0.0.0, 169.254.0.0/16, \
                             ::ffff:169.254.0.0/112, fe80::/10, fd00:ec2::/32";

/// Schemes of proxies. With `socks5h` the proxy resolves names.
const SCHEMES: [&str; 6] = ["http", "https", "socks4", "socks4a", "socks5", "socks5h"];

const EXPECTED: &str = "an address of a proxy such as `http://proxy:3128`";

/// Proxies for requests to remote hosts. Prints without credentials.
///
/// The default is none. A loopback or link-local address is never reached by a proxy, nor is the X-Ray daemon.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    http: Option<Secret>,
    https: Option<Secret>,
    /// Hosts that are reached directly.
    direct: String,
}

impl Proxies {
    /// Reads `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` through `lookup`, each also in lower case.
    ///
    /// `HTTP_PROXY` counts only without `REQUEST_METHOD`: in a CGI program a client can set it by a header.
    /// `NO_PROXY` lists names, which stand for what is below them, too, addresses and networks such as
    /// `10.0.0.0/8`; `*` stands for all. An address that cannot be used adds a warning, and is ignored.
    pub fn from_env(lookup: &dyn Fn(&str) -> Option<String>, warnings: &mut Warnings) -> Self {
        let get = |name: &str| {
            let value = lookup(name)?.trim().to_owned();
            (!value.is_empty()).then_some(value)
        };
        let is_cgi = get("REQUEST_METHOD").is_some();
        let mut first = |names: [&'static str; 2]| {
            let is_allowed = |name: &&str| !(is_cgi && *name == "HTTP_PROXY");
            let mut found = names.into_iter().filter(is_allowed);
            let (name, value) = found.find_map(|name| Some((name, get(name)?)))?;
            let address = address(&value);
            if address.is_none() {
                warnings.invalid(name, &printable(&value), EXPECTED, "ignored");
            }
            address
        };
        let https = first(["HTTPS_PROXY", "https_proxy"]);
        let http = first(["HTTP_PROXY", "http_proxy"]);
        let all = first(["ALL_PROXY", "all_proxy"]);
        let direct = get("NO_PROXY").or_else(|| get("no_proxy")).unwrap_or_default();
        Self { http: http.or_else(|| all.clone()), https: https.or(all), direct: entries(&direct) }
    }

    /// True if no request goes by a proxy.
    pub const fn is_none(&self) -> bool {
        self.http.is_none() && self.https.is_none()
    }

    /// Address of the proxy for `https://` destinations.
    #[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "for the other client of AWS"))]
    pub(crate) fn https(&self) -> Option<&str> {
        self.https.as_ref().map(Secret::reveal)
    }

    /// True if `https://` destinations are reached by a SOCKS proxy.
    #[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "for the other client of AWS"))]
    pub(crate) fn is_https_by_socks(&self) -> bool {
        self.https.as_ref().is_some_and(|address| address.reveal().starts_with("socks"))
    }

    /// All hosts that are reached directly, as the value of `NO_PROXY` lists them.
    pub(crate) fn direct(&self) -> String {
        format!("{}, {ALWAYS_DIRECT}", self.direct)
    }

    /// Passwords in the addresses, which must not turn up anywhere.
    #[cfg_attr(
        not(any(feature = "otlp", feature = "cloudwatch", feature = "rollbar")),
        expect(dead_code, reason = "for the configuration of remote destinations")
    )]
    pub(crate) fn secrets(&self) -> Vec<Secret> {
        let both = [&self.http, &self.https].into_iter().flatten();
        let user = both.filter_map(|address| Some(user_of(address.reveal())?.split_once(':')?.1));
        user.filter(|password| !password.is_empty()).map(Secret::new).collect()
    }

    /// True if a client needs TLS to speak to a proxy itself.
    pub(super) fn need_tls(&self) -> bool {
        let both = [&self.http, &self.https].into_iter().flatten();
        both.into_iter().any(|address| address.reveal().starts_with("https://"))
    }

    /// Makes a client use these proxies and no others.
    pub(super) fn apply(&self, builder: ClientBuilder) -> reqwest::Result<ClientBuilder> {
        let mut builder = builder.no_proxy();
        let direct = || NoProxy::from_string(&self.direct());
        if let Some(address) = &self.http {
            builder = builder.proxy(Proxy::http(address.reveal())?.no_proxy(direct()));
        }
        if let Some(address) = &self.https {
            builder = builder.proxy(Proxy::https(address.reveal())?.no_proxy(direct()));
        }
        Ok(builder)
    }
}

impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = |address: &Option<Secret>| {
            address.as_ref().map(|address| diagnostics::host(address.reveal()).to_owned())
        };
        f.debug_struct("Proxies")
            .field("http", &host(&self.http))
            .field("https", &host(&self.https))
            .field("direct", &self.direct)
            .finish()
    }
}

/// The address with its scheme, `http` where it has none; `None` for what is no address of a proxy.
fn address(value: &str) -> Option<Secret> {
    let full = if value.contains("://") { value.to_owned() } else { format!("http://{value}") };
    let (scheme, rest) = full.split_once("://")?;
    let is_known = SCHEMES.iter().any(|known| scheme.eq_ignore_ascii_case(known));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let has_host = !diagnostics::host(&full).starts_with(':') && !authority.ends_with('@');
    let is_usable = is_known && has_host && Proxy::all(&full).is_ok();
    is_usable.then(|| Secret::new(format!("{}://{rest}", scheme.to_ascii_lowercase())))
}

fn user_of(address: &str) -> Option<&str> {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    rest.rsplit_once('@').map(|(user, _)| user)
}

/// A value without what may be credentials: all that is before the last `@`, or a password where the
/// host was forgotten.
fn printable(value: &str) -> String {
    match value.rsplit_once('@') {
        Some((_, rest)) => format!("…@{rest}"),
        None if address::has_odd_port(value) => "…".to_owned(),
        None => value.to_owned(),
    }
}

/// The entries of `NO_PROXY` in the form that the HTTP client takes: no ports, no brackets, `.example.com` for
/// `*.example.com`.
fn entries(list: &str) -> String {
    let entry = |entry: &str| {
        let entry = entry.trim();
        let entry =
            entry.strip_prefix("*.").map_or_else(|| entry.to_owned(), |it| format!(".{it}"));
        let entry = match split_port(&entry) {
            (host, Some(port)) if port.parse::<u16>().is_ok() => host,
            _ => entry.as_str(),
        };
        entry.trim_start_matches('[').trim_end_matches(']').to_owned()
    };
    let separated = list.split([',', ' ']).map(entry).filter(|entry| !entry.is_empty());
    let mut entries: Vec<_> = separated.collect();
    if entries.iter().any(|entry| entry == "*") {
        // The client compares `*` with names alone.
        entries.extend(["0.0.0.0/0", "::/0"].map(str::to_owned));
    }
    entries.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> (Proxies, Vec<String>) {
        let mut warnings = Warnings::default();
        let lookup = |name: &str| {
            pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        let proxies = Proxies::from_env(&lookup, &mut warnings);
        (proxies, warnings.as_slice().to_vec())
    }

    /// Addresses for `http://` and `https://` destinations.
    fn found(pairs: &[(&str, &str)]) -> (Option<String>, Option<String>) {
        let (Proxies { http, https, .. }, warnings) = read(pairs);
        assert_eq!(warnings, [""; 0]);
        (http.map(|it| it.reveal().to_owned()), https.map(|it| it.reveal().to_owned()))
    }

    fn pair(http: &str, https: &str) -> (Option<String>, Option<String>) {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        (text(http), text(https))
    }

    #[test]
    fn each_variable_counts_in_either_case() {
        for (variables, expected) in [
            (&[][..], pair("", "")),
            (&[("HTTPS_PROXY", "http://a:1")], pair("", "http://a:1")),
            (&[("https_proxy", "a:1")], pair("", "http://a:1")),
            (&[("HTTP_PROXY", "HTTP://a:1"), ("http_proxy", "b")], pair("http://a:1", "")),
            (&[("ALL_PROXY", "socks5h://a")], pair("socks5h://a", "socks5h://a")),
            (&[("all_proxy", "a"), ("HTTP_PROXY", "b")], pair("http://b", "http://a")),
            (&[("HTTP_PROXY", " "), ("http_proxy", "b")], pair("http://b", "")),
        ] {
            assert_eq!(found(variables), expected, "{variables:?}");
        }
    }

    #[test]
    fn a_header_of_a_cgi_request_sets_no_proxy() {
        let cgi = ("REQUEST_METHOD", "GET");
        assert_eq!(found(&[cgi, ("HTTP_PROXY", "http://evil:1")]), pair("", ""));
        let both = [cgi, ("HTTP_PROXY", "http://evil:1"), ("http_proxy", "http://a:1")];
        assert_eq!(found(&both), pair("http://a:1", ""));
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_a_warning_without_its_password() {
        for (value, shown) in [
            ("ftp://me:secret@a:1", "…@a:1"),
            ("http://me:secret@", "…@"),
            ("http://:1", "http://:1"),
            ("me:secret@a:port", "…@a:port"),
            ("http://me:secret", "…"),
            ("me:secret", "…"),
        ] {
            let (proxies, warnings) = read(&[("HTTPS_PROXY", value)]);
            assert!(proxies.is_none(), "{value}");
            let expected = format!("HTTPS_PROXY is `{shown}`, expected {EXPECTED}; ignored");
            assert_eq!(warnings, [expected]);
        }
    }

    #[test]
    fn proxies_print_without_credentials() {
        let (proxies, _) = read(&[("ALL_PROXY", "http://me:secret@a:1")]);
        let text = format!("{proxies:?}");
        assert!(
            text.contains("a:1") && !text.contains("secret") && !text.contains("me:"),
            "{text}"
        );
        assert_eq!(proxies.secrets()[0].reveal(), "secret");
    }

    #[test]
    fn entries_without_a_proxy_are_read_in_each_usual_form() {
        for (list, expected) in [
            ("a.example, 10.0.0.0/8", "a.example,10.0.0.0/8"),
            ("*.a.example *", ".a.example,*,0.0.0.0/0,::/0"),
            ("collector:4318,[::1]:80,[fe80::1]", "collector,::1,fe80::1"),
            ("2001:db8::1,2001:db8::/32", "2001:db8::1,2001:db8::/32"),
        ] {
            assert_eq!(entries(list), expected);
        }
    }
}
