//! Where a service is asked, and who asks.
//!
//! In: variables, or values set in code. Out: a target and who signs, once the region is known.
//! Never: asks the network; reads the profile before it is needed.

use super::{Credentials, Endpoint, Lookup, Provider, Region, Service, SettingsError, Target};
use crate::pipeline::transport::Proxies;
use crate::secret::Secret;

/// What is set of a service, its region, its address and who asks; the rest is looked for.
#[derive(Clone, Debug)]
pub struct Access {
    service: Service,
    region: Option<Region>,
    endpoint: Option<Endpoint>,
    credentials: Option<Credentials>,
    proxies: Option<Proxies>,
}

impl Access {
    /// Leaves everything to be looked for: the region in the profile, the public address of the
    /// service there, credentials in AWS's chain.
    pub const fn new(service: Service) -> Self {
        Self { service, region: None, endpoint: None, credentials: None, proxies: None }
    }

    /// Reads the variables. Proxies are not among them: [`Config`](crate::Config) has them.
    ///
    /// # Errors
    /// [`SettingsError::Value`] for a name that is none, [`SettingsError::HalfCredentials`].
    pub fn from_env(service: Service, lookup: Lookup<'_>) -> Result<Self, SettingsError> {
        Ok(Self {
            service,
            region: Region::from_env(lookup)?,
            endpoint: Endpoint::from_env(service, lookup)?,
            credentials: Credentials::from_env(lookup)?,
            proxies: None,
        })
    }

    /// The same in this region.
    #[must_use]
    pub fn region(self, region: Region) -> Self {
        Self { region: Some(region), ..self }
    }

    /// The same at this address.
    #[must_use]
    pub fn endpoint(self, endpoint: Endpoint) -> Self {
        Self { endpoint: Some(endpoint), ..self }
    }

    /// The same by these credentials and no others.
    #[must_use]
    pub fn credentials(self, credentials: Credentials) -> Self {
        Self { credentials: Some(credentials), ..self }
    }

    /// The same by these proxies, instead of those of the configuration.
    #[must_use]
    pub fn proxies(self, proxies: Proxies) -> Self {
        Self { proxies: Some(proxies), ..self }
    }

    /// The same, by these proxies where none are set.
    #[cfg_attr(
        not(feature = "cloudwatch"),
        expect(dead_code, reason = "for CloudWatch Logs alone")
    )]
    pub(crate) fn default_proxies(self, proxies: &Proxies) -> Self {
        Self { proxies: self.proxies.or_else(|| Some(proxies.clone())), ..self }
    }

    /// The region that is set, or else that of the profile, and the address. Asks no network, and must
    /// run in a Tokio runtime. Blocks its thread while it reads the profile.
    ///
    /// # Errors
    /// [`SettingsError::NoRegion`], [`SettingsError::Value`] for a name in the profile that is none.
    pub async fn target(&self) -> Result<Target, SettingsError> {
        let region = match &self.region {
            Some(region) => region.clone(),
            None => Region::load(&|_| None).await?,
        };
        let public = || Endpoint::public(self.service, &region);
        let endpoint = self.endpoint.clone().unwrap_or_else(public);
        Ok(Target { service: self.service, region, endpoint })
    }

    /// Who signs; a role is asked for in this region.
    pub fn provider(&self, region: &Region) -> Provider {
        let provider = match &self.credentials {
            Some(credentials) => Provider::fixed(credentials.clone()),
            None => Provider::chain(region),
        };
        provider.by(self.proxies.clone().unwrap_or_default())
    }

    /// Warning about settings that do not hold together: AWS's chain, which finds credentials, does not know
    /// SOCKS.
    #[cfg_attr(
        not(feature = "cloudwatch"),
        expect(dead_code, reason = "for CloudWatch Logs alone")
    )]
    pub(crate) fn warning(&self) -> Option<&'static str> {
        let is_by_socks = self.proxies.as_ref().is_some_and(Proxies::is_https_by_socks);
        (is_by_socks && self.credentials.is_none()).then_some(
            "the proxy for https:// destinations is a SOCKS proxy, which the search for AWS credentials \
             cannot use: roles and single sign-on are asked directly; set HTTPS_PROXY to an http:// proxy, \
             or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        )
    }

    /// What of it may be told nowhere.
    pub fn secrets(&self) -> Vec<Secret> {
        self.credentials.iter().flat_map(Credentials::secrets).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_variables_say_is_where_and_who() {
        let variables = [
            ("AWS_DEFAULT_REGION", "eu-west-1"),
            ("AWS_ENDPOINT_URL_LOGS", "http://localhost:4566"),
            ("AWS_ACCESS_KEY_ID", "AKID"),
            ("AWS_SECRET_ACCESS_KEY", "hunter2"),
            ("AWS_SESSION_TOKEN", "token"),
        ];
        let lookup = |name: &str| super::super::tests::find(&variables, name);
        let access = Access::from_env(Service::LOGS, &lookup).unwrap();
        let secrets: Vec<_> = access.secrets().iter().map(|it| it.reveal().to_owned()).collect();
        assert_eq!(secrets, ["hunter2", "token"]);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let target = runtime.block_on(access.target()).unwrap();
        assert_eq!(target.region.as_str(), "eu-west-1");
        assert_eq!(target.endpoint.as_str(), "http://localhost:4566");
        assert_eq!(format!("{:?}", access.provider(&target.region)), "Provider(fixed)");
        assert!(!format!("{access:?}").contains("hunter2"));
    }

    #[test]
    fn what_the_code_says_counts_and_the_address_is_that_of_the_region() {
        let access = Access::new(Service::LOGS).region(Region::new("cn-north-1").unwrap());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let target = runtime.block_on(access.target()).unwrap();
        assert_eq!(target.endpoint.as_str(), "https://logs.cn-north-1.amazonaws.com.cn");
        assert_eq!(format!("{:?}", access.provider(&target.region)), "Provider(chain)");
        assert!(access.secrets().is_empty());
        let endpoint = Endpoint::at("http://127.0.0.1:1/").unwrap();
        let target = runtime.block_on(access.endpoint(endpoint).target()).unwrap();
        assert_eq!(target.endpoint.as_str(), "http://127.0.0.1:1");
    }
}
