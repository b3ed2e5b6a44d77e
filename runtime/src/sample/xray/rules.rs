//! A list of sampling rules, read from the JSON that users keep.
//!
//! In: the text of a file. Out: checked rules in the order in which they are asked, or an error that
//! says what is wrong where.
//! Never: reads the file; a caller who did can have it [named](RulesError::in_file) in the error.
//!
//! Two kinds of text are understood. The first is what `aws xray create-sampling-rule` takes and
//! `get-sampling-rules` prints: an object with `SamplingRule`, an array of such objects, an object
//! with a list `SamplingRules` or `SamplingRuleRecords`. The second is the file for local rules of
//! the X-Ray SDKs, in its versions 1 and 2, which is told by its `version`.
//! Source: <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sampling.html>.

use serde_json::{Map, Value};

use super::fields::{FieldError, Fields, quote};
use super::manifest;
use super::rule::Rule;

/// The members of an object that hold rules.
const LISTS: [&str; 3] = ["SamplingRule", "SamplingRules", "SamplingRuleRecords"];

/// What stands beside the rules in what the command line takes and prints.
const BESIDE: [&str; 2] = ["Tags", "NextToken"];

/// What stands beside a rule in a record of the control plane.
const BESIDE_IN_A_RECORD: [&str; 3] = ["CreatedAt", "ModifiedAt", "Tags"];

const EXPECTED: &str = "expected `SamplingRule`, `SamplingRules` or `SamplingRuleRecords` of the \
                        control plane, or `version`, `default` and `rules` of the X-Ray SDKs";

/// Sampling rules in the order in which they are asked. `Default`, if it is there, is the last.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rules(Vec<Rule>);

/// Why a text holds no sampling rules.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RulesError {
    /// The text is not JSON.
    #[error("sampling rules are not JSON: {reason}")]
    Json {
        /// What is wrong, with line and column.
        reason: String,
    },
    /// The JSON is not one of the forms.
    #[error("sampling rules: {EXPECTED}; found {found}")]
    Form {
        /// The value, cut where it is long.
        found: String,
    },
    /// A field is missing or holds what it must not.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// Two rules have one name.
    #[error("sampling rules: `{name}` is there twice, expected each name once")]
    Twice {
        /// The name.
        name: String,
    },
    /// One of the others, in a file.
    #[error("{file}: {error}")]
    InFile {
        /// The file.
        file: String,
        /// What is wrong in it.
        error: Box<Self>,
    },
}

impl RulesError {
    /// Says in which file the text stands.
    #[must_use]
    pub fn in_file(self, file: impl Into<String>) -> Self {
        Self::InFile { file: file.into(), error: Box::new(self) }
    }
}

impl Rules {
    /// Reads rules, of the control plane or of the X-Ray SDKs.
    ///
    /// Rules of the control plane are asked by their priority, then by name; those of the SDKs in
    /// the order of the file. Limits are those of the control plane.
    ///
    /// # Errors
    /// The first thing that is wrong: text that is no JSON or has another form, a field that is
    /// missing, unknown or beyond its limits, a name that is there twice.
    pub fn from_json(text: &str) -> Result<Self, RulesError> {
        let value: Value = serde_json::from_str(text)
            .map_err(|error| RulesError::Json { reason: error.to_string() })?;
        if let Value::Object(object) = &value
            && ["version", "default", "rules"].iter().any(|key| object.contains_key(*key))
        {
            return Ok(Self(manifest::read(object)?));
        }
        let mut rules = Vec::new();
        read_rules(&value, &mut rules)?;
        Self::in_order(rules)
    }

    /// Puts rules of the control plane in order.
    pub(super) fn in_order(mut rules: Vec<Rule>) -> Result<Self, RulesError> {
        rules.sort_by(|left, right| {
            let key = |rule: &Rule| (rule.is_default(), rule.priority());
            key(left).cmp(&key(right)).then_with(|| left.name().cmp(&right.name()))
        });
        let mut names: Vec<_> = rules.iter().filter_map(Rule::name).collect();
        names.sort_unstable();
        if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(RulesError::Twice { name: twice[0].to_owned() });
        }
        Ok(Self(rules))
    }

    /// The rules in the order in which they are asked.
    pub fn as_slice(&self) -> &[Rule] {
        &self.0
    }

    pub(super) fn into_vec(self) -> Vec<Rule> {
        self.0
    }
}

/// Reads whatever holds rules: a list, an object around them, or a rule itself.
fn read_rules(value: &Value, rules: &mut Vec<Rule>) -> Result<(), RulesError> {
    match value {
        Value::Array(values) if !values.is_empty() => {
            values.iter().try_for_each(|value| read_rules(value, rules))
        }
        Value::Object(object) if object.contains_key("RuleName") => {
            rules.push(Rule::read(&fields(object, rules.len()), true)?);
            Ok(())
        }
        Value::Object(object) => {
            let found = LISTS.iter().find_map(|list| Some((*list, object.get(*list)?)));
            let (list, inner) = found.ok_or_else(|| form(value))?;
            let known = [&[list][..], &BESIDE, &BESIDE_IN_A_RECORD].concat();
            fields(object, rules.len()).only(&known)?;
            match (list, inner) {
                // A rule without a name is to be told so.
                ("SamplingRule", Value::Object(rule)) => {
                    rules.push(Rule::read(&fields(rule, rules.len()), true)?);
                    Ok(())
                }
                (_, Value::Array(values)) if values.is_empty() => Ok(()),
                _ => read_rules(inner, rules),
            }
        }
        _ => Err(form(value)),
    }
}

fn fields(object: &Map<String, Value>, at: usize) -> Fields<'_> {
    Fields { object, owner: format!("rule {}", at + 1) }
}

fn form(value: &Value) -> RulesError {
    RulesError::Form { found: quote(value) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rule(name: &str, priority: u32) -> Value {
        json!({
            "RuleName": name, "ResourceARN": "*", "Priority": priority, "FixedRate": 0.1,
            "ReservoirSize": 5, "ServiceName": "cruddur", "ServiceType": "*", "Host": "*",
            "HTTPMethod": "*", "URLPath": "*", "Version": 1,
        })
    }

    fn names(value: &Value) -> Vec<String> {
        let rules = Rules::from_json(&value.to_string()).unwrap();
        rules.as_slice().iter().filter_map(Rule::name).map(str::to_owned).collect()
    }

    fn error(value: &Value) -> String {
        Rules::from_json(&value.to_string()).unwrap_err().to_string()
    }

    #[test]
    fn every_form_of_the_control_plane_is_read() {
        let (a, b) = (rule("a", 2), rule("b", 1));
        for (value, expected) in [
            (json!({ "SamplingRule": a, "Tags": [] }), vec!["a"]),
            (json!([{ "SamplingRule": a }, { "SamplingRule": b }]), vec!["b", "a"]),
            (json!([a, b]), vec!["b", "a"]),
            (json!({ "SamplingRule": [a, b] }), vec!["b", "a"]),
            (json!({ "SamplingRules": [a, { "SamplingRule": b }] }), vec!["b", "a"]),
            (
                json!({
                    "NextToken": null,
                    "SamplingRuleRecords": [{ "SamplingRule": a, "CreatedAt": 0.0, "ModifiedAt": 1 }],
                }),
                vec!["a"],
            ),
            (json!({ "SamplingRuleRecords": [] }), vec![]),
        ] {
            assert_eq!(names(&value), expected, "{value}");
        }
    }

    #[test]
    fn rules_are_asked_by_priority_then_name_and_default_is_last() {
        for priority in [1, 10_000] {
            let rules = [rule("Default", priority), rule("b", 7), rule("z", 1), rule("a", 7)];
            assert_eq!(names(&json!(rules)), ["z", "a", "b", "Default"]);
        }
    }

    #[test]
    fn what_is_beyond_a_limit_is_named_with_its_rule() {
        for (field, value, expected) in [
            ("RuleName", json!(""), "rule 1: RuleName is \"\", expected a text of 1 to 32"),
            ("RuleName", json!("x".repeat(33)), "rule 1: RuleName is \"xxx"),
            (
                "Priority",
                json!(0),
                "rule `a`: Priority is 0, expected a whole number from 1 to 9999",
            ),
            ("Priority", json!(10_000), "rule `a`: Priority is 10000, expected"),
            (
                "FixedRate",
                json!(1.01),
                "rule `a`: FixedRate is 1.01, expected a number from 0 to 1",
            ),
            ("FixedRate", json!("0.1"), "rule `a`: FixedRate is \"0.1\", expected a number"),
            ("ReservoirSize", json!(-1), "rule `a`: ReservoirSize is -1, expected a whole number"),
            ("ReservoirSize", json!(1.5), "rule `a`: ReservoirSize is 1.5, expected"),
            ("ServiceName", json!("x".repeat(65)), "rule `a`: ServiceName is"),
            (
                "HTTPMethod",
                json!("x".repeat(11)),
                "rule `a`: HTTPMethod is \"xxxxxxxxxxx\", expected a text of 0 to 10",
            ),
            ("URLPath", json!("x".repeat(129)), "rule `a`: URLPath is"),
            ("ResourceARN", json!("x".repeat(501)), "rule `a`: ResourceARN is"),
            ("Version", json!(2), "rule `a`: Version is 2, expected a whole number from 1 to 1"),
            ("Attributes", json!({ "k": "x".repeat(33) }), "rule `a`: Attributes is {\"k\":"),
            ("Attributes", json!({ "a": "", "b": "b" }), "rule `a`: Attributes is {\"a\":"),
            (
                "SamplingRateBoost",
                json!(1),
                "rule `a`: SamplingRateBoost is 1, expected MaxRate and CooldownWindowMinutes",
            ),
            (
                "SamplingRateBoost",
                json!({ "MaxRate": 2, "CooldownWindowMinutes": 1 }),
                "rule `a`, SamplingRateBoost: MaxRate is 2, expected a number from 0 to 1",
            ),
            (
                "HttpMethod",
                json!("GET"),
                "rule `a`: HttpMethod is \"GET\", expected one of RuleName",
            ),
        ] {
            let mut object = rule("a", 1);
            object[field] = value;
            let message = error(&json!({ "SamplingRule": object }));
            assert!(message.starts_with(expected), "{field}: {message}");
        }
    }

    #[test]
    fn every_field_but_the_attributes_must_be_there() {
        let whole = rule("a", 1);
        for field in whole.as_object().unwrap().keys() {
            let mut object = whole.clone();
            object.as_object_mut().unwrap().remove(field);
            let message = error(&json!({ "SamplingRule": object }));
            assert!(message.contains(&format!("{field} is missing")), "{message}");
        }
    }

    #[test]
    fn other_texts_are_refused_with_what_was_found_and_the_file() {
        let found = error(&json!({ "GroupName": "cruddur" }));
        assert!(found.ends_with("found {\"GroupName\":\"cruddur\"}"), "{found}");
        assert!(error(&json!([])).ends_with("found []"));
        assert!(error(&json!(7)).ends_with("found 7"));
        let twice = error(&json!([rule("a", 1), rule("a", 2)]));
        assert_eq!(twice, "sampling rules: `a` is there twice, expected each name once");
        let broken =
            Rules::from_json("{\"SamplingRule\":").unwrap_err().in_file("aws/json/xray.json");
        assert_eq!(
            broken.to_string(),
            "aws/json/xray.json: sampling rules are not JSON: EOF while parsing a value at line 1 \
             column 16"
        );
    }
}
