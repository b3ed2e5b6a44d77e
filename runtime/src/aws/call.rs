//! One call as a request that is not yet signed.
//!
//! In: an operation and its JSON. Out: address, headers and body.
//! Never: holds credentials, so that all of it may be shown.

use bytes::Bytes;

use super::{Endpoint, Lookup, Region, Service, SettingsError};
use crate::export::{Header, Request};
use crate::secret::Secret;

/// What is asked of a service, and the JSON that goes along.
#[derive(Clone, Debug)]
pub struct Call {
    operation: &'static str,
    path: &'static str,
    target: Option<&'static str>,
    json: Bytes,
}

impl Call {
    /// A call by a path, such as `GetGroups` of X-Ray by `/Groups`.
    /// Source: <https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html>.
    pub fn by_path(operation: &'static str, path: &'static str, json: impl Into<String>) -> Self {
        Self { operation, path, target: None, json: Bytes::from(json.into()) }
    }

    /// A call by its target, such as `Logs_20140328.CreateLogGroup` of CloudWatch Logs.
    /// Source: <https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html>.
    pub fn by_target(target: &'static str, json: impl Into<String>) -> Self {
        let operation = target.rsplit('.').next().unwrap_or(target);
        Self { operation, path: "/", target: Some(target), json: Bytes::from(json.into()) }
    }

    /// The operation's name.
    pub const fn operation(&self) -> &'static str {
        self.operation
    }

    fn headers(&self) -> Vec<Header> {
        let header = |name: &'static str, value: &str| Header {
            name: name.into(),
            value: Secret::new(value),
        };
        match self.target {
            None => vec![header("content-type", "application/json")],
            Some(target) => vec![
                header("content-type", "application/x-amz-json-1.1"),
                header("x-amz-target", target),
            ],
        }
    }
}

/// A service in a region, at an address.
#[derive(Clone, Debug)]
pub struct Target {
    /// The service.
    pub service: Service,
    /// The region that signatures name.
    pub region: Region,
    /// The address.
    pub endpoint: Endpoint,
}

impl Target {
    /// The service where the variables say it is, or else where the region has it.
    ///
    /// # Errors
    /// [`SettingsError::Value`] for an address that is none.
    pub fn new(
        service: Service,
        lookup: Lookup<'_>,
        region: &Region,
    ) -> Result<Self, SettingsError> {
        let endpoint = Endpoint::new(service, lookup, region)?;
        Ok(Self { service, region: region.clone(), endpoint })
    }

    /// The request that a call makes, without its signature.
    pub fn request(&self, call: &Call) -> Request {
        Request {
            url: Secret::new(format!("{}{}", self.endpoint, call.path)),
            headers: call.headers(),
            body: vec![call.json.clone()],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(service: Service, call: &Call) -> (String, Vec<String>) {
        let region = Region::new("us-east-1").unwrap();
        let request = Target::new(service, &|_| None, &region).unwrap().request(call);
        let header = |header: &Header| format!("{}: {}", header.name, header.value.reveal());
        (request.url.reveal().to_owned(), request.headers.iter().map(header).collect())
    }

    #[test]
    fn a_path_stands_in_the_address_and_a_target_in_a_header() {
        let call = Call::by_path("GetGroups", "/Groups", "{}");
        assert_eq!(call.operation(), "GetGroups");
        assert_eq!(
            shown(Service::XRAY, &call),
            (
                "https://xray.us-east-1.amazonaws.com/Groups".to_owned(),
                vec!["content-type: application/json".to_owned()]
            )
        );
        let call = Call::by_target("Logs_20140328.CreateLogGroup", "{}");
        assert_eq!(call.operation(), "CreateLogGroup");
        assert_eq!(
            shown(Service::LOGS, &call),
            (
                "https://logs.us-east-1.amazonaws.com/".to_owned(),
                vec![
                    "content-type: application/x-amz-json-1.1".to_owned(),
                    "x-amz-target: Logs_20140328.CreateLogGroup".to_owned()
                ]
            )
        );
    }
}
