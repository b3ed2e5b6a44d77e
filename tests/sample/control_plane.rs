//! A control plane in memory: rules by pages, and targets as a test wants them.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use spanwright::sample::xray::Request;

use crate::{reported, rules_answer};

/// What the service knows, and what it was told.
#[derive(Default)]
pub(crate) struct ControlPlane {
    pub(crate) rules: Vec<Value>,
    /// How many rules a page has; 0 for all of them.
    pub(crate) page: usize,
    /// The target documents of the next answers, by rule.
    pub(crate) targets: BTreeMap<String, Value>,
    pub(crate) modified_at: Option<f64>,
    /// The status of the next answers, where it is not 200.
    pub(crate) status: Option<u16>,
    /// Requests by their paths and what they say.
    pub(crate) log: Vec<String>,
    /// What was reported and taken, by rule: requests, sampled, borrowed.
    pub(crate) taken: BTreeMap<String, [u64; 3]>,
}

impl ControlPlane {
    /// Status and body of the answer.
    pub(crate) fn answer(&mut self, request: &Request) -> (u16, String) {
        let is_rules = request.path == "/GetSamplingRules";
        let says = if is_rules { request.body.clone() } else { format!("{:?}", reported(request)) };
        self.log.push(format!("{} {says}", request.path));
        if let Some(status) = self.status {
            return (status, "{\"message\":\"down\"}".to_owned());
        }
        let body = if is_rules { self.rules(request) } else { self.targets(request) };
        (200, body.to_string())
    }

    fn rules(&self, request: &Request) -> Value {
        let body: Value = serde_json::from_str(&request.body).expect("bodies are JSON");
        let size = if self.page == 0 { self.rules.len().max(1) } else { self.page };
        let page: usize = body["NextToken"].as_str().map_or(0, |it| it.parse().expect("ours"));
        let pages: Vec<_> = self.rules.chunks(size).collect();
        let mut answer = rules_answer(pages.get(page).copied().unwrap_or_default());
        if page + 1 < pages.len() {
            answer["NextToken"] = json!((page + 1).to_string());
        }
        answer
    }

    fn targets(&mut self, request: &Request) -> Value {
        let reports = reported(request);
        assert!(reports.len() <= 25, "{} reports", reports.len());
        let mut documents = Vec::new();
        for (name, counts) in reports {
            documents.extend(self.targets.get(&name).cloned());
            let taken = self.taken.entry(name).or_default();
            for (sum, count) in taken.iter_mut().zip(counts) {
                *sum += count;
            }
        }
        json!({ "SamplingTargetDocuments": documents, "LastRuleModification": self.modified_at })
    }
}
