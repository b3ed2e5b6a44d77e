//! What is said to the control plane and what it answers, as JSON.
//!
//! In: counts and answers. Out: bodies of requests, and what the answers mean.
//! Never: fails for a field that it does not know; a field of the wrong kind is as good as none.
//!
//! Source: <https://docs.aws.amazon.com/xray/latest/api/API_GetSamplingRules.html> and
//! <https://docs.aws.amazon.com/xray/latest/api/API_GetSamplingTargets.html>.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::sample::xray::fields::{FieldError, Fields};
use crate::sample::xray::reservoir::{Counters, Counts, Target};
use crate::sample::xray::rule::Rule;

/// One page of rules.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) rules: Vec<Rule>,
    /// The first reason why a record is no rule.
    pub(super) skipped: Option<FieldError>,
    pub(super) next_token: Option<String>,
}

/// The counts of one rule on their way.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) name: Arc<str>,
    pub(super) counts: Counts,
    pub(super) counters: Arc<Counters>,
}

/// The answer to reports.
#[derive(Debug, Default)]
pub(super) struct Targets {
    pub(super) documents: Vec<TargetDocument>,
    /// When the rules changed last, in seconds since the epoch.
    pub(super) modified_at: Option<f64>,
    pub(super) unprocessed: Vec<Unprocessed>,
}

/// What holds for one rule from now on.
#[derive(Debug)]
pub(super) struct TargetDocument {
    pub(super) name: String,
    pub(super) target: Target,
    /// How long to wait before the next report.
    pub(super) interval: Option<Duration>,
}

/// A report that was not taken.
#[derive(Debug)]
pub(super) struct Unprocessed {
    pub(super) name: String,
    pub(super) code: String,
    pub(super) message: String,
}

impl Unprocessed {
    /// Whether the report itself is wrong, for example about a rule that is gone.
    pub(super) fn is_fault_of_report(&self) -> bool {
        self.code.starts_with('4')
    }
}

/// The body that asks for rules.
pub(super) fn rules_request(next_token: Option<&str>) -> String {
    match next_token {
        Some(token) => json!({ "NextToken": token }).to_string(),
        None => "{}".to_owned(),
    }
}

/// Reads a page of rules; the error says why it is none.
pub(super) fn read_rules(body: &[u8]) -> Result<Page, String> {
    let answer = read_object(body)?;
    let records = answer.get("SamplingRuleRecords").and_then(Value::as_array);
    let records = records.ok_or("it has no list `SamplingRuleRecords`")?;
    let mut page = Page { next_token: text(&answer, "NextToken"), ..Page::default() };
    for (at, record) in records.iter().enumerate() {
        let owner = format!("rule {}", at + 1);
        let rule = match record.get("SamplingRule").and_then(Value::as_object) {
            Some(object) => Rule::read(&Fields { object, owner }, false),
            None => Err(Fields { object: &Map::new(), owner }.wrong("SamplingRule", "an object")),
        };
        match rule {
            Ok(rule) => page.rules.push(rule),
            Err(error) => page.skipped = page.skipped.or(Some(error)),
        }
    }
    Ok(page)
}

/// The body that reports counts.
pub(super) fn targets_request(client_id: &str, now: Duration, reports: &[Report]) -> String {
    let document = |report: &Report| {
        json!({
            "RuleName": &*report.name,
            "ClientID": client_id,
            "Timestamp": now.as_secs(),
            "RequestCount": report.counts.requests,
            "SampledCount": report.counts.sampled,
            "BorrowCount": report.counts.borrowed,
        })
    };
    let documents: Vec<_> = reports.iter().map(document).collect();
    json!({ "SamplingStatisticsDocuments": documents }).to_string()
}

/// Reads the answer to reports; the error says why it is none.
pub(super) fn read_targets(body: &[u8]) -> Result<Targets, String> {
    let answer = read_object(body)?;
    if !answer.contains_key("SamplingTargetDocuments") {
        return Err("it has no list `SamplingTargetDocuments`".to_owned());
    }
    Ok(Targets {
        documents: objects(&answer, "SamplingTargetDocuments").filter_map(read_target).collect(),
        modified_at: answer.get("LastRuleModification").and_then(Value::as_f64),
        unprocessed: objects(&answer, "UnprocessedStatistics").map(read_unprocessed).collect(),
    })
}

fn read_target(document: &Map<String, Value>) -> Option<TargetDocument> {
    let number = |field| number(document, field);
    let quota = number("ReservoirQuota").zip(number("ReservoirQuotaTTL"));
    let interval = number("Interval").map(to_seconds).filter(|seconds| *seconds > 0);
    let boost = document.get("SamplingBoost").and_then(Value::as_object);
    let boost = boost
        .and_then(|boost| Some((share(boost, "BoostRate")?, self::number(boost, "BoostRateTTL")?)));
    Some(TargetDocument {
        name: text(document, "RuleName")?,
        target: Target {
            fixed_rate: share(document, "FixedRate"),
            quota: quota.map(|(quota, until)| (to_seconds(quota), to_seconds(until))),
            boost: boost.map(|(rate, until)| (rate, to_seconds(until))),
        },
        interval: interval.map(|seconds| Duration::from_secs(seconds.into())),
    })
}

fn read_unprocessed(document: &Map<String, Value>) -> Unprocessed {
    let read = |field| match document.get(field) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    Unprocessed { name: read("RuleName"), code: read("ErrorCode"), message: read("Message") }
}

fn read_object(body: &[u8]) -> Result<Map<String, Value>, String> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err("it is not an object".to_owned()),
        Err(error) => Err(format!("it is not JSON: {error}")),
    }
}

fn objects<'a>(
    answer: &'a Map<String, Value>,
    list: &str,
) -> impl Iterator<Item = &'a Map<String, Value>> {
    let list = answer.get(list).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    list.iter().filter_map(Value::as_object)
}

/// A number that is not negative.
fn number(object: &Map<String, Value>, field: &str) -> Option<f64> {
    object.get(field)?.as_f64().filter(|number| *number >= 0.0)
}

fn share(object: &Map<String, Value>, field: &str) -> Option<f64> {
    number(object, field).filter(|share| *share <= 1.0)
}

/// A text that is there and not empty.
fn text(object: &Map<String, Value>, field: &str) -> Option<String> {
    let text = object.get(field)?.as_str()?;
    (!text.is_empty()).then(|| text.to_owned())
}

/// The whole part; a cast of what is too large stops at the largest.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked above")]
fn to_seconds(number: f64) -> u32 {
    number as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_read_as_far_as_they_are_right() {
        let body = json!({
            "SamplingTargetDocuments": [
                { "RuleName": "polling-scorekeep", "FixedRate": 0.003 },
                { "RuleName": "all", "FixedRate": 1, "ReservoirQuota": 5, "ReservoirQuotaTTL": 1_500_000_060.9, "Interval": 20, "SamplingBoost": { "BoostRate": 0.5, "BoostRateTTL": 1_500_000_030 } },
                { "RuleName": "odd", "FixedRate": 7, "ReservoirQuota": -1, "ReservoirQuotaTTL": "soon", "Interval": 0, "SamplingBoost": { "BoostRate": 2, "BoostRateTTL": 1 } },
                { "FixedRate": 1 },
                "garbage",
            ],
            "LastRuleModification": 1.5e9,
            "UnprocessedStatistics": [{ "RuleName": "cats-rule", "ErrorCode": 400, "Message": "Unknown rule" }],
        });
        let targets = read_targets(body.to_string().as_bytes()).unwrap();
        let target = |fixed_rate, quota, boost| Target { fixed_rate, quota, boost };
        let found: Vec<_> =
            targets.documents.iter().map(|it| (it.name.as_str(), it.target, it.interval)).collect();
        assert_eq!(
            found,
            [
                ("polling-scorekeep", target(Some(0.003), None, None), None),
                (
                    "all",
                    target(Some(1.0), Some((5, 1_500_000_060)), Some((0.5, 1_500_000_030))),
                    Some(Duration::from_secs(20))
                ),
                ("odd", target(None, None, None), None),
            ]
        );
        assert_eq!(targets.modified_at, Some(1.5e9));
        assert!(targets.unprocessed[0].is_fault_of_report());
    }

    #[test]
    fn garbage_is_told_as_such() {
        for (body, reason) in [
            ("<html>404</html>", "it is not JSON: expected value at line 1 column 1"),
            ("", "it is not JSON: EOF while parsing a value at line 1 column 0"),
            ("[]", "it is not an object"),
        ] {
            assert_eq!(read_rules(body.as_bytes()).unwrap_err(), reason);
            assert_eq!(read_targets(body.as_bytes()).unwrap_err(), reason);
        }
        assert_eq!(read_rules(b"{}").unwrap_err(), "it has no list `SamplingRuleRecords`");
        assert_eq!(read_targets(b"{}").unwrap_err(), "it has no list `SamplingTargetDocuments`");
        let page = read_rules(br#"{"SamplingRuleRecords":[7,{"SamplingRule":{}}],"NextToken":""}"#);
        let page = page.unwrap();
        assert_eq!((page.rules.len(), page.skipped.is_some(), page.next_token), (0, true, None));
    }
}
