//! What every segment says of the process it comes from.
//!
//! In: the resource. Out: members of a document, encoded once.
//! Never: asks the machine; what is not in the resource is not told.
//!
//! Source: the tables of
//! <https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/exporter/awsxrayexporter>.

use super::MAX_TEXT_CHARS;
use super::json::{self, Object};
use super::names::cut;
use crate::record::{Array, Resource, Value};

/// The most bytes of the resource's attributes that go into the metadata of every segment.
const MAX_METADATA_BYTES: usize = 4 * 1024;

/// Encoded members.
#[derive(Debug, Default)]
pub(super) struct Process {
    /// `origin` and `service`.
    pub(super) document: Vec<u8>,
    /// What `aws` has but `xray`.
    pub(super) aws: Vec<u8>,
    /// The members of `metadata.default`.
    pub(super) metadata: Vec<u8>,
    /// The name of the service.
    pub(super) service_name: String,
}

impl Process {
    pub(super) fn of(resource: &Resource) -> Self {
        let known = Known { resource };
        Self {
            document: members(|document| known.document(document)),
            aws: members(|aws| known.aws(aws)),
            metadata: metadata(resource),
            service_name: resource.service_name().to_owned(),
        }
    }

    /// How many bytes it adds to a segment.
    pub(super) const MAX_BYTES: usize = MAX_METADATA_BYTES + 24 * MAX_TEXT_CHARS;
}

/// An object without its braces.
fn members(fill: impl FnOnce(&mut Object<'_>)) -> Vec<u8> {
    let mut out = Vec::new();
    let mut object = Object::open(&mut out);
    fill(&mut object);
    out.remove(0);
    out
}

fn metadata(resource: &Resource) -> Vec<u8> {
    members(|metadata| {
        for attribute in resource.attributes() {
            let before = metadata.len();
            let out = metadata.any_member(&format!("otel.resource.{}", attribute.key));
            json::value(&attribute.value, out);
            if metadata.len() > MAX_METADATA_BYTES {
                metadata.take_back(before);
            }
        }
    })
}

/// What runs the process, as X-Ray calls it.
pub(super) fn origin(resource: &Resource) -> Option<&'static str> {
    Known { resource }.origin()
}

struct Known<'a> {
    resource: &'a Resource,
}

impl<'a> Known<'a> {
    fn get(&self, key: &str) -> Option<&'a Value> {
        let mut attributes = self.resource.attributes().iter();
        attributes.find(|attribute| attribute.key == key).map(|attribute| &attribute.value)
    }

    fn text(&self, key: &str) -> Option<&'a str> {
        match self.get(key)? {
            Value::Str(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// Members, each with the attribute it comes from.
    fn texts(&self, object: &mut Object<'_>, pairs: &[(&str, &str)]) {
        for (key, attribute) in pairs {
            object.short_text(key, self.text(attribute), MAX_TEXT_CHARS);
        }
    }

    /// The platform, unless the cloud is somebody else's.
    fn platform(&self) -> Option<&'a str> {
        let is_aws = self.text("cloud.provider").is_none_or(|provider| provider == "aws");
        self.text("cloud.platform").filter(|_| is_aws)
    }

    fn document(&self, document: &mut Object<'_>) {
        document.short_text("origin", self.origin(), MAX_TEXT_CHARS);
        document.object("service", |service| {
            service.short_text("version", self.text("service.version"), MAX_TEXT_CHARS);
            let runtime = self.text("process.runtime.name").unwrap_or("rustc");
            service.text("runtime", cut(runtime, MAX_TEXT_CHARS));
            self.texts(service, &[("runtime_version", "process.runtime.version")]);
        });
    }

    fn origin(&self) -> Option<&'static str> {
        Some(match self.platform()? {
            "aws_app_runner" => "AWS::AppRunner::Service",
            "aws_eks" => "AWS::EKS::Container",
            "aws_elastic_beanstalk" => "AWS::ElasticBeanstalk::Environment",
            "aws_ecs" => match self.text("aws.ecs.launchtype") {
                Some("ec2") => "AWS::ECS::EC2",
                Some("fargate") => "AWS::ECS::Fargate",
                _ => "AWS::ECS::Container",
            },
            "aws_ec2" => "AWS::EC2::Instance",
            _ => return None,
        })
    }

    fn aws(&self, aws: &mut Object<'_>) {
        if self.text("cloud.provider").is_some_and(|provider| provider != "aws") {
            return;
        }
        let platform = self.platform().unwrap_or_default();
        self.texts(aws, &[("account_id", "cloud.account.id")]);
        if platform == "aws_ec2" {
            aws.object("ec2", |ec2| {
                self.texts(
                    ec2,
                    &[
                        ("instance_id", "host.id"),
                        ("availability_zone", "cloud.availability_zone"),
                        ("instance_size", "host.type"),
                        ("ami_id", "host.image.id"),
                    ],
                );
            });
        }
        if platform == "aws_ecs" {
            aws.object("ecs", |ecs| self.ecs(ecs));
        }
        if platform == "aws_eks" || self.text("k8s.cluster.name").is_some() {
            aws.object("eks", |eks| {
                let container = ("container_id", "container.id");
                let cluster = ("cluster_name", "k8s.cluster.name");
                self.texts(eks, &[cluster, ("pod", "k8s.pod.name"), container]);
            });
        }
        if platform == "aws_elastic_beanstalk" {
            aws.object("elastic_beanstalk", |beanstalk| self.beanstalk(beanstalk));
        }
        self.log_groups(aws);
    }

    fn ecs(&self, ecs: &mut Object<'_>) {
        self.texts(
            ecs,
            &[
                ("container", "container.name"),
                ("container_id", "container.id"),
                ("availability_zone", "cloud.availability_zone"),
                ("container_arn", "aws.ecs.container.arn"),
                ("cluster_arn", "aws.ecs.cluster.arn"),
                ("task_arn", "aws.ecs.task.arn"),
                ("task_family", "aws.ecs.task.family"),
                ("launch_type", "aws.ecs.launchtype"),
            ],
        );
    }

    fn beanstalk(&self, beanstalk: &mut Object<'_>) {
        let environment = ("environment_name", "service.namespace");
        self.texts(beanstalk, &[environment, ("version_label", "service.version")]);
        let deployment = match self.get("service.instance.id") {
            Some(Value::I64(id)) => Some(*id),
            Some(Value::Str(id)) => id.parse().ok(),
            _ => None,
        };
        beanstalk.integer("deployment_id", deployment);
    }

    /// The groups by their resource names, or else by their names.
    fn log_groups(&self, aws: &mut Object<'_>) {
        let by_arn = self.list("aws.log.group.arns");
        let is_arn = !by_arn.is_empty();
        let groups = if is_arn { by_arn } else { self.list("aws.log.group.names") };
        if groups.is_empty() {
            return;
        }
        let write = |group: &&str, out: &mut Vec<u8>| {
            let mut object = Object::open(out);
            let name = if is_arn { group.split(':').nth(6).unwrap_or(group) } else { group };
            object.short_text("log_group", Some(name), MAX_TEXT_CHARS);
            object.short_text("arn", Some(group).filter(|_| is_arn).copied(), MAX_TEXT_CHARS);
            object.close();
        };
        // More than a few would fill every segment.
        json::list(&groups[..groups.len().min(4)], write, aws.member("cloudwatch_logs"));
    }

    /// A list, or a text of several joined by `&`, as variables have it.
    fn list(&self, key: &str) -> Vec<&'a str> {
        match self.get(key) {
            Some(Value::Array(Array::Str(items))) => items.iter().map(String::as_str).collect(),
            Some(Value::Str(text)) => text.split('&').filter(|item| !item.is_empty()).collect(),
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Attribute;

    fn check(attributes: &[(&'static str, &'static str)], document: &str, aws: &str) {
        let mut resource = Resource::default();
        for (key, value) in attributes {
            resource.set(Attribute::new(*key, *value));
        }
        let process = Process::of(&resource);
        assert_eq!(std::str::from_utf8(&process.document).unwrap(), document);
        assert_eq!(std::str::from_utf8(&process.aws).unwrap(), aws);
    }

    const RUNTIME: &str = r#""service":{"runtime":"rustc"}"#;

    #[test]
    fn a_resource_tells_where_the_process_runs() {
        check(&[], RUNTIME, "");
        check(
            &[
                ("cloud.provider", "aws"),
                ("cloud.platform", "aws_ec2"),
                ("cloud.account.id", "1234"),
                ("host.id", "i-1"),
                ("service.version", "1.2"),
            ],
            r#""origin":"AWS::EC2::Instance","service":{"version":"1.2","runtime":"rustc"}"#,
            r#""account_id":"1234","ec2":{"instance_id":"i-1"}"#,
        );
        check(
            &[
                ("cloud.platform", "aws_ecs"),
                ("aws.ecs.launchtype", "fargate"),
                ("container.name", "c"),
            ],
            &format!(r#""origin":"AWS::ECS::Fargate",{RUNTIME}"#),
            r#""ecs":{"container":"c","launch_type":"fargate"}"#,
        );
        check(
            &[("cloud.platform", "aws_eks"), ("k8s.cluster.name", "k"), ("k8s.pod.name", "p")],
            &format!(r#""origin":"AWS::EKS::Container",{RUNTIME}"#),
            r#""eks":{"cluster_name":"k","pod":"p"}"#,
        );
        check(
            &[
                ("cloud.platform", "aws_elastic_beanstalk"),
                ("service.namespace", "prod"),
                ("service.instance.id", "32"),
            ],
            &format!(r#""origin":"AWS::ElasticBeanstalk::Environment",{RUNTIME}"#),
            r#""elastic_beanstalk":{"environment_name":"prod","deployment_id":32}"#,
        );
        check(
            &[("cloud.provider", "gcp"), ("cloud.platform", "aws_ec2"), ("host.id", "i")],
            RUNTIME,
            "",
        );
    }

    #[test]
    fn log_groups_are_told_by_arn_or_else_by_name() {
        check(
            &[("aws.log.group.names", "a&b")],
            RUNTIME,
            r#""cloudwatch_logs":[{"log_group":"a"},{"log_group":"b"}]"#,
        );
        check(
            &[("aws.log.group.names", "a"), ("aws.log.group.arns", "arn:aws:logs:r:1:log-group:g")],
            RUNTIME,
            r#""cloudwatch_logs":[{"log_group":"g","arn":"arn:aws:logs:r:1:log-group:g"}]"#,
        );
    }

    #[test]
    fn attributes_of_the_resource_are_metadata_as_far_as_there_is_room() {
        let mut resource = Resource::default();
        resource.set(Attribute::new("long", "x".repeat(MAX_METADATA_BYTES)));
        resource.set(Attribute::new("service.name", "cruddur"));
        let metadata = Process::of(&resource).metadata;
        assert_eq!(
            std::str::from_utf8(&metadata).unwrap(),
            r#""otel.resource.service.name":"cruddur""#
        );
    }
}
