//! Which address a service has.
//!
//! In: variables and a region. Out: the address that its paths are appended to.
//! Never: asks the network, takes an address that holds credentials.
//!
//! Source: <https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>. Not
//! supported: endpoints in profiles, dual stack, FIPS.

use std::fmt;

use super::{Lookup, Region, SettingsError, variable};
use crate::export::address;

/// A service of AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Service {
    /// The name in host names and in signatures, which is one for those that are spoken to here.
    name: &'static str,
    /// The variables that name an address for this service alone, in the order they count.
    variables: &'static [&'static str],
}

impl Service {
    /// AWS X-Ray.
    pub const XRAY: Self = Self { name: "xray", variables: &["AWS_ENDPOINT_URL_XRAY"] };

    /// Amazon CloudWatch Logs.
    pub const LOGS: Self = Self {
        name: "logs",
        // The first is the standard's, made of the service's full id; the second is its short form.
        variables: &["AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", "AWS_ENDPOINT_URL_LOGS"],
    };

    /// The name in signatures.
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

/// The address of a service, without a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint(String);

/// Names one address for all services.
const FOR_ALL: &str = "AWS_ENDPOINT_URL";

/// Says that addresses in variables do not count.
const IGNORE: &str = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS";

impl Endpoint {
    /// The address that the variables name, or else the public one of the region.
    ///
    /// # Errors
    /// [`SettingsError::Value`] for what is no address.
    pub fn new(
        service: Service,
        lookup: Lookup<'_>,
        region: &Region,
    ) -> Result<Self, SettingsError> {
        let named = Self::from_env(service, lookup)?;
        Ok(named.unwrap_or_else(|| Self::public(service, region)))
    }

    /// Takes an address.
    ///
    /// # Errors
    /// [`SettingsError::Value`] for what is no address.
    pub fn at(url: &str) -> Result<Self, SettingsError> {
        Self::checked("the endpoint", url.trim())
    }

    /// The address that the variables name.
    ///
    /// # Errors
    /// [`SettingsError::Value`] for what is no address.
    pub fn from_env(service: Service, lookup: Lookup<'_>) -> Result<Option<Self>, SettingsError> {
        let is_ignored =
            variable(lookup, IGNORE).is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let mut variables = service.variables.iter().copied().chain([FOR_ALL]);
        let named = |name| variable(lookup, name).map(|url| (name, url));
        let found = if is_ignored { None } else { variables.find_map(named) };
        found.map(|(name, url)| Self::checked(name, &url)).transpose()
    }

    /// The public address of the service in a region.
    pub(super) fn public(service: Service, region: &Region) -> Self {
        Self(format!("https://{}.{region}.{}", service.name, region.suffix()))
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Host and port, for messages.
    pub(super) fn host(&self) -> &str {
        let authority = self.0.split_once("://").map_or("", |(_, rest)| rest);
        authority.split('/').next().unwrap_or_default()
    }

    /// Whether the way there is encrypted.
    pub(super) fn is_encrypted(&self) -> bool {
        address::is_https(&self.0)
    }

    fn checked(variable: &'static str, url: &str) -> Result<Self, SettingsError> {
        // Paths are appended to it, and it is signed as it stands.
        let is_plain = url.bytes().all(|byte| byte.is_ascii_graphic())
            && !url.contains(['?', '@', '\\', '"', '<', '>', '{', '}']);
        if is_plain && address::problem(url).is_none() {
            return Ok(Self(url.trim_end_matches('/').to_owned()));
        }
        let expected = "an address such as http://localhost:4566, without credentials or a query";
        Err(SettingsError::Value { variable, found: address::printable(url), expected })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(service: Service, variables: &[(&str, &str)], region: &str) -> String {
        let lookup = |name: &str| super::super::tests::find(variables, name);
        let region = Region::new(region).unwrap();
        match Endpoint::new(service, &lookup, &region) {
            Ok(endpoint) => endpoint.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn every_partition_has_its_own_suffix() {
        for (region, expected) in [
            ("us-east-1", "https://xray.us-east-1.amazonaws.com"),
            ("eu-central-2", "https://xray.eu-central-2.amazonaws.com"),
            ("us-gov-west-1", "https://xray.us-gov-west-1.amazonaws.com"),
            ("cn-north-1", "https://xray.cn-north-1.amazonaws.com.cn"),
            ("us-iso-east-1", "https://xray.us-iso-east-1.c2s.ic.gov"),
            ("us-isob-east-1", "https://xray.us-isob-east-1.sc2s.sgov.gov"),
            ("eusc-de-east-1", "https://xray.eusc-de-east-1.amazonaws.eu"),
        ] {
            assert_eq!(endpoint(Service::XRAY, &[], region), expected);
        }
    }

    #[test]
    fn an_address_of_the_service_counts_more_than_one_for_all() {
        let both = [
            ("AWS_ENDPOINT_URL", "http://localhost:4566/"),
            ("AWS_ENDPOINT_URL_LOGS", "https://logs.test/prefix/"),
        ];
        assert_eq!(endpoint(Service::LOGS, &both, "us-east-1"), "https://logs.test/prefix");
        assert_eq!(endpoint(Service::XRAY, &both, "us-east-1"), "http://localhost:4566");
        let standard = [both[1], ("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", "http://[::1]:1")];
        assert_eq!(endpoint(Service::LOGS, &standard, "us-east-1"), "http://[::1]:1");
        let ignored = [both[0], ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "TRUE")];
        assert_eq!(
            endpoint(Service::LOGS, &ignored, "us-east-1"),
            "https://logs.us-east-1.amazonaws.com"
        );
    }

    #[test]
    fn what_is_no_address_is_refused_by_its_variable_and_shows_no_password() {
        let expected = "expected an address such as http://localhost:4566, \
                        without credentials or a query";
        for (url, shown) in [
            ("localhost:4566", "localhost:4566"),
            ("ftp://a", "ftp://a"),
            ("https://", "https://"),
            ("http://:80", "http://:80"),
            ("http://a b", "http://a b"),
            ("http://a:99999", "http://a:99999"),
            ("http://a:port", "http://…"),
            ("http://localhost:1:2", "http://localhost:1:2"),
            ("http://::1:80", "http://::1:80"),
            ("http://[a]:80", "http://[a]:80"),
            ("http://1.2.3.4.5", "http://1.2.3.4.5"),
            ("http://a%b", "http://a%b"),
            ("http://[::1:80", "http://[::1:80"),
            ("http://a?key=hunter2", "http://a"),
            ("https://user:hunter2@a", "https://a"),
            ("https://user:hunter?2@a", "https://…"),
        ] {
            let found = endpoint(Service::XRAY, &[("AWS_ENDPOINT_URL_XRAY", url)], "us-east-1");
            assert_eq!(found, format!("AWS_ENDPOINT_URL_XRAY is `{shown}`, {expected}"));
        }
    }

    #[test]
    fn the_host_is_told_with_its_port() {
        for (url, host, is_encrypted) in [
            ("http://127.0.0.1:81/x", "127.0.0.1:81", false),
            ("HTTPS://[::1]:443", "[::1]:443", true),
        ] {
            let endpoint = Endpoint::at(url).unwrap();
            assert_eq!((endpoint.host(), endpoint.is_encrypted()), (host, is_encrypted));
        }
    }
}
