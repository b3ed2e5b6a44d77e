//! A sampling rule of X-Ray.
//!
//! In: the file that the course hands to `aws xray create-sampling-rule`. Out: the calls.
//! Never: checks what the service checks itself.
//!
//! Source: <https://docs.aws.amazon.com/xray/latest/api/API_SamplingRule.html>.

use serde_json::{Map, Value, json};
use spanwright::aws::{Call, Service};

use super::{
    entries,
    resource::{Resource, State},
};

/// Why the file is no list of rules.
#[derive(Debug, thiserror::Error)]
pub(super) enum RulesError {
    #[error("aws/json/xray.json is no JSON")]
    Json(#[from] serde_json::Error),
    #[error("aws/json/xray.json: expected an object with a `SamplingRule`, or a list of such")]
    Shape,
    #[error("aws/json/xray.json: a `SamplingRule` has no text `{0}`")]
    Field(&'static str),
}

/// One entry of the file: a rule, and perhaps its tags.
#[derive(Debug)]
pub(super) struct Rule {
    name: String,
    service: String,
    entry: Value,
    fields: Map<String, Value>,
}

/// Reads a file with one rule or a list of them; there is at least one.
pub(super) fn read(text: &str) -> Result<Vec<Rule>, RulesError> {
    let entries = match serde_json::from_str(text)? {
        Value::Array(entries) => entries,
        entry => vec![entry],
    };
    if entries.is_empty() {
        return Err(RulesError::Shape);
    }
    entries.into_iter().map(Rule::new).collect()
}

impl Rule {
    fn new(entry: Value) -> Result<Self, RulesError> {
        let fields = entry.get("SamplingRule").and_then(Value::as_object);
        let fields = fields.ok_or(RulesError::Shape)?.clone();
        let text = |name| {
            let text = fields.get(name).and_then(Value::as_str);
            text.map(str::to_owned).ok_or(RulesError::Field(name))
        };
        Ok(Self { name: text("RuleName")?, service: text("ServiceName")?, entry, fields })
    }

    /// The service it is for.
    pub(super) fn service(&self) -> &str {
        &self.service
    }

    /// The fields that can be changed: a rule keeps the version of the format it was made in.
    fn changeable(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.fields.iter().filter(|(name, _)| *name != "Version")
    }
}

impl Resource for Rule {
    fn title(&self) -> String {
        format!("X-Ray sampling rule `{}`", self.name)
    }

    fn service(&self) -> Service {
        Service::XRAY
    }

    fn find(&self, next_token: Option<&str>) -> Call {
        let json = next_token.map_or_else(|| json!({}), |token| json!({"NextToken": token}));
        Call::by_path("GetSamplingRules", "/GetSamplingRules", json.to_string())
    }

    fn look(&self, page: &Value) -> Option<State> {
        let mut rules = entries(page, "SamplingRuleRecords").map(|record| &record["SamplingRule"]);
        let found = rules.find(|rule| rule["RuleName"] == *self.name)?;
        let differences: Vec<_> = self
            .changeable()
            .filter(|(name, wanted)| !is_same(wanted, &found[name.as_str()]))
            .map(|(name, _)| format!("{name} was {}", found[name.as_str()]))
            .collect();
        if differences.is_empty() {
            return Some(State::Same);
        }
        Some(State::Different(differences.join(", ")))
    }

    fn create(&self) -> Vec<Call> {
        vec![Call::by_path("CreateSamplingRule", "/CreateSamplingRule", self.entry.to_string())]
    }

    fn update(&self) -> Vec<Call> {
        let fields: Map<String, Value> =
            self.changeable().map(|(name, value)| (name.clone(), value.clone())).collect();
        let json = json!({"SamplingRuleUpdate": fields}).to_string();
        vec![Call::by_path("UpdateSamplingRule", "/UpdateSamplingRule", json)]
    }
}

/// Whether two values are the same for the service, which has numbers and no integers, and leaves
/// out what is empty.
fn is_same(wanted: &Value, found: &Value) -> bool {
    match (wanted, found) {
        (Value::Number(wanted), Value::Number(found)) => wanted.as_f64() == found.as_f64(),
        (Value::Object(wanted), Value::Null) => wanted.is_empty(),
        _ => wanted == found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_the_course_is_one_rule() {
        let rules = read(super::super::RULES).unwrap();
        assert_eq!(rules.len(), 1);
        assert_eq!(rules[0].title(), "X-Ray sampling rule `Cruddur`");
        assert_eq!(rules[0].service(), "backend-flask");
    }

    #[test]
    fn a_rule_that_differs_tells_in_what_and_the_form_of_a_number_is_no_difference() {
        let text = r#"[{"SamplingRule": {"RuleName": "a", "ServiceName": "s", "FixedRate": 0.1,
            "Priority": 9, "Version": 1, "Attributes": {}}}]"#;
        let rule = &read(text).unwrap()[0];
        let page = |found: Value| json!({"SamplingRuleRecords": [{"SamplingRule": found}]});
        for (found, expected) in [
            (json!({"RuleName": "b"}), None),
            (
                json!({"RuleName": "a", "ServiceName": "s", "FixedRate": 0.1, "Priority": 9.0,
                       "Version": 2, "RuleARN": "arn"}),
                Some(State::Same),
            ),
            (
                json!({"RuleName": "a", "ServiceName": "t", "FixedRate": 1, "Priority": 9}),
                Some(State::Different("FixedRate was 1, ServiceName was \"t\"".to_owned())),
            ),
        ] {
            assert_eq!(rule.look(&page(found)), expected);
        }
    }

    #[test]
    fn a_file_that_is_no_list_of_rules_says_why() {
        for (text, expected) in [
            ("[]", "expected an object with a `SamplingRule`, or a list of such"),
            ("{\"version\": 2}", "expected an object with a `SamplingRule`, or a list of such"),
            ("{\"SamplingRule\": {}}", "a `SamplingRule` has no text `RuleName`"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert_eq!(error, format!("aws/json/xray.json: {expected}"));
        }
        assert_eq!(read("{").unwrap_err().to_string(), "aws/json/xray.json is no JSON");
    }
}
