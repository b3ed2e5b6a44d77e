//! Where in the world a service is asked.
//!
//! In: variables, then the profile. Out: a checked name.
//! Never: asks the network.

use std::fmt;

use aws_config::meta::region::ProvideRegion as _;
use aws_config::profile::region::ProfileFileRegionProvider;

use super::{Lookup, SettingsError, variable};

/// The name of a region: lower-case letters, digits and hyphens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region(String);

impl Region {
    /// Both names are read: the newer SDKs read the first, the command line and the older ones the
    /// second, and who sets one of them means both.
    /// Source: <https://docs.aws.amazon.com/sdkref/latest/guide/feature-region.html>.
    const VARIABLES: [&str; 2] = ["AWS_REGION", "AWS_DEFAULT_REGION"];

    /// Takes a name.
    ///
    /// # Errors
    /// [`SettingsError::Value`] when it could not stand in a host name.
    pub fn new(name: &str) -> Result<Self, SettingsError> {
        Self::checked(name, "the region")
    }

    /// The region that the variables name, or else the profile of the shared configuration file,
    /// which is looked for where the variables of this process say. Blocks its thread while it reads the
    /// profile.
    ///
    /// # Errors
    /// [`SettingsError::Value`] for a name that is none, [`SettingsError::NoRegion`] for no name.
    pub fn load(lookup: Lookup<'_>) -> impl Future<Output = Result<Self, SettingsError>> + use<> {
        let named = Self::from_env(lookup);
        async {
            if let Some(region) = named? {
                return Ok(region);
            }
            let found = ProfileFileRegionProvider::new().region().await;
            let found = found.ok_or(SettingsError::NoRegion)?;
            Self::checked(found.as_ref(), "`region` in the profile")
        }
    }

    /// The region that the variables name.
    ///
    /// # Errors
    /// [`SettingsError::Value`] for a name that is none.
    pub fn from_env(lookup: Lookup<'_>) -> Result<Option<Self>, SettingsError> {
        for name in Self::VARIABLES {
            if let Some(region) = variable(lookup, name) {
                return Self::checked(&region, name).map(Some);
            }
        }
        Ok(None)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the host names of the region's services end in.
    ///
    /// Source: `dnsSuffix` in the partitions of
    /// <https://github.com/boto/botocore/blob/develop/botocore/data/partitions.json>.
    pub(super) fn suffix(&self) -> &'static str {
        const SUFFIXES: [(&str, &str); 6] = [
            ("cn-", "amazonaws.com.cn"),
            ("eusc-", "amazonaws.eu"),
            ("us-iso-", "c2s.ic.gov"),
            ("us-isob-", "sc2s.sgov.gov"),
            ("us-isof-", "csp.hci.ic.gov"),
            ("eu-isoe-", "cloud.adc-e.uk"),
        ];
        let of_partition = SUFFIXES.iter().find(|(prefix, _)| self.0.starts_with(prefix));
        of_partition.map_or("amazonaws.com", |(_, suffix)| suffix)
    }

    fn checked(name: &str, variable: &'static str) -> Result<Self, SettingsError> {
        let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let is_name = !name.is_empty()
            && name.len() <= 63
            && name.bytes().all(is_part)
            && !name.starts_with('-')
            && !name.ends_with('-');
        if is_name {
            return Ok(Self(name.to_owned()));
        }
        let expected = "a region such as us-east-1";
        Err(SettingsError::Value { variable, found: name.to_owned(), expected })
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_variable_names_the_region_and_the_newer_one_wins() {
        for (variables, expected) in [
            (&[("AWS_REGION", "eu-west-1")][..], Some("eu-west-1")),
            (&[("AWS_DEFAULT_REGION", "ca-central-1")], Some("ca-central-1")),
            (
                &[("AWS_DEFAULT_REGION", "ca-central-1"), ("AWS_REGION", "eu-west-1")],
                Some("eu-west-1"),
            ),
            (&[("AWS_DEFAULT_REGION", "ca-central-1"), ("AWS_REGION", " ")], Some("ca-central-1")),
            (&[], None),
        ] {
            let lookup = |name: &str| super::super::tests::find(variables, name);
            let region = Region::from_env(&lookup).unwrap();
            assert_eq!(region.as_ref().map(Region::as_str), expected, "{variables:?}");
        }
    }

    #[test]
    fn what_could_not_stand_in_a_host_name_is_refused_by_its_variable() {
        for name in ["us-east-1.evil.example", "US-EAST-1", "us east", "-a", "a-", "a/b", "ü"] {
            let variables = [("AWS_DEFAULT_REGION", name)];
            let lookup = |name: &str| super::super::tests::find(&variables, name);
            let error = Region::from_env(&lookup).unwrap_err();
            let expected =
                format!("AWS_DEFAULT_REGION is `{name}`, expected a region such as us-east-1");
            assert_eq!(error.to_string(), expected);
        }
    }
}
