//! The settings taken apart: to each room what it needs.
//!
//! In: settings and the resource. Out: the settings of the dialect, the sampler, a question to the
//! control plane as a request to the daemon.
//! Never: sends or starts anything.

use super::{Sampling, Settings};
use crate::export::{Header, Request, xray as export};
use crate::record::{Resource, Value};
use crate::sample::xray as rules;
use crate::secret::Secret;

/// Which attributes of a resource may hold the ARN that rules ask for; the nearest first.
///
/// Sources: <https://opentelemetry.io/docs/specs/semconv/registry/attributes/aws/>,
/// <https://opentelemetry.io/docs/specs/semconv/registry/attributes/cloud/>.
const ARNS: [&str; 6] = [
    "aws.ecs.container.arn",
    "aws.ecs.task.arn",
    "aws.ecs.cluster.arn",
    "aws.eks.cluster.arn",
    "cloud.resource_id",
    "faas.id",
];

impl Settings {
    /// The name by which sampling rules know the service.
    pub(crate) fn rule_name<'a>(&'a self, resource: &'a Resource) -> &'a str {
        self.service_name.as_deref().unwrap_or_else(|| resource.service_name())
    }

    /// The ARN by which sampling rules know the service, if there is one.
    fn rule_arn<'a>(&'a self, resource: &'a Resource) -> Option<&'a str> {
        self.resource_arn.as_deref().or_else(|| ARNS.iter().find_map(|key| arn(resource, key)))
    }

    /// What the dialect goes by.
    pub(crate) fn dialect(&self, resource: &Resource) -> export::Settings {
        export::Settings {
            udp_address: self.daemon.udp.to_string(),
            tcp_address: self.daemon.tcp.to_string(),
            transport: self.transport,
            naming: self.naming.clone(),
            indexed: self.indexed.clone(),
            resource: resource.clone(),
            notes: self.notes.clone(),
        }
    }

    /// Who decides about segments; `None` where the sampler of spans does.
    pub(crate) fn sampler(&self, resource: &Resource) -> Option<rules::Sampler> {
        let (rules, is_central) = match &self.sampling {
            Sampling::AsSpans => return None,
            Sampling::Central(rules) => (rules.clone(), true),
            Sampling::Local(rules) => (rules.clone(), false),
        };
        Some(rules::Sampler::new(rules::Settings {
            service_name: self.rule_name(resource).to_owned(),
            service_type: export::origin(resource).map(str::to_owned),
            resource_arn: self.rule_arn(resource).map(str::to_owned),
            rules,
            is_central,
            exclusions: self.exclusions.clone(),
            matching: rules::Matching::default(),
        }))
    }
}

/// The value of an attribute, if it is an ARN: other clouds have other resource ids.
fn arn<'a>(resource: &'a Resource, key: &str) -> Option<&'a str> {
    let attribute = resource.attributes().iter().find(|attribute| attribute.key == key)?;
    match &attribute.value {
        Value::Str(text) if text.starts_with("arn:") => Some(text),
        _ => None,
    }
}

/// A question to the control plane, for the daemon at `url`.
pub(crate) fn question(url: &str, question: rules::Request) -> Request {
    let rules::Request { path, body } = question;
    Request {
        url: Secret::new(format!("{url}{path}")),
        headers: vec![Header {
            name: "content-type".into(),
            value: Secret::new("application/json"),
        }],
        body: vec![body.into()],
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::record::Attribute;
    use crate::sample::RequestFacts;
    use crate::xray::{Address, Rules};

    const TASK: &str = "arn:aws:ecs:eu-central-1:1:task/cruddur/7";

    fn resource(attributes: &[(&'static str, &'static str)]) -> Resource {
        let mut resource = Resource::default();
        for (key, value) in attributes {
            resource.set(Attribute::new(*key, *value));
        }
        resource
    }

    fn settings() -> Settings {
        Settings::new(Address::parse("127.0.0.1:2000").expect("an address"))
    }

    #[test]
    fn the_arn_is_that_of_the_settings_or_the_nearest_of_the_resource() {
        let id = ("cloud.resource_id", "arn:aws:lambda:eu-central-1:1:function:f");
        let container = ("aws.ecs.container.arn", "arn:aws:ecs:eu-central-1:1:container/c");
        let cluster = ("aws.eks.cluster.arn", "arn:aws:eks:eu-central-1:1:cluster/k");
        for (attributes, expected) in [
            (&[][..], None),
            (&[id], Some(id.1)),
            (&[id, cluster], Some(cluster.1)),
            (&[id, ("aws.ecs.task.arn", TASK)], Some(TASK)),
            (&[("aws.ecs.task.arn", TASK), container], Some(container.1)),
            (&[("cloud.resource_id", "//run.googleapis.com/services/s")], None),
            (&[("aws.ecs.task.arn", ""), id], Some(id.1)),
        ] {
            let resource = resource(attributes);
            assert_eq!(settings().rule_arn(&resource), expected, "{attributes:?}");
            let said = Settings { resource_arn: Some("arn:said".to_owned()), ..settings() };
            assert_eq!(said.rule_arn(&resource), Some("arn:said"));
        }
    }

    #[test]
    fn a_rule_for_the_arn_of_the_resource_decides() {
        let rules = r#"{"SamplingRuleRecords":[{"SamplingRule":{"RuleName":"tasks",
            "ResourceARN":"arn:aws:ecs:*:task/cruddur/*","Priority":1,"FixedRate":1.0,
            "ReservoirSize":0,"ServiceName":"*","ServiceType":"*","Host":"*","HTTPMethod":"*",
            "URLPath":"*","Version":1}}]}"#;
        let rules = Rules::from_json(rules).expect("rules");
        let settings = Settings { sampling: Sampling::Local(Some(rules)), ..settings() };
        let other = "arn:aws:ecs:eu-central-1:1:task/other/7";
        for (arn, expected) in [(TASK, true), (other, false)] {
            let resource = resource(&[("aws.ecs.task.arn", arn)]);
            let sampler = settings.sampler(&resource).expect("rules decide");
            let explained = sampler.explain(&RequestFacts::default(), Duration::ZERO);
            let told = explained.deciding().map(ToString::to_string).unwrap_or_default();
            assert_eq!(told.starts_with("tasks: decides"), expected, "{arn}: {told}");
        }
    }
}
