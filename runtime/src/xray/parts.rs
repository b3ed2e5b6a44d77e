//! The settings taken apart: to each room what it needs.
//!
//! In: settings and the resource. Out: the settings of the dialect, the sampler, a question to the
//! control plane as a request to the daemon.
//! Never: sends or starts anything.

use super::{Sampling, Settings};
use crate::export::{Header, Request, xray as export};
use crate::record::Resource;
use crate::sample::xray as rules;
use crate::secret::Secret;

impl Settings {
    /// The name by which sampling rules know the service.
    pub(crate) fn rule_name<'a>(&'a self, resource: &'a Resource) -> &'a str {
        self.service_name.as_deref().unwrap_or_else(|| resource.service_name())
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
            resource_arn: None,
            rules,
            is_central,
            exclusions: self.exclusions.clone(),
            matching: rules::Matching::default(),
        }))
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
