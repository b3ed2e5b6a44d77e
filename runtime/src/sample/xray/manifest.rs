//! The file for local rules of the X-Ray SDKs, versions 1 and 2.
//!
//! In: its JSON. Out: rules in the order of the file, the one for all other requests last.
//! Never: guesses a version, or takes a rule of one version for one of the other.
//!
//! Source: <https://docs.aws.amazon.com/xray/latest/devguide/xray-sdk-python-configuration.html>.

use serde_json::{Map, Value};

use super::fields::{FieldError, Fields};
use super::pattern::Pattern;
use super::rule::{DEFAULT, Rule};

const FILE: &str = "local sampling rules";
const MATCHERS: [&str; 4] = ["host", "service_name", "http_method", "url_path"];
const RATES: [&str; 2] = ["fixed_target", "rate"];

/// The longest text in a rule, in characters; the format has no limit.
const MAX_CHARS: usize = 500;

/// Reads a whole file.
pub(super) fn read(file: &Map<String, Value>) -> Result<Vec<Rule>, FieldError> {
    let file = Fields { object: file, owner: FILE.to_owned() };
    let host = match file.find("version").and_then(Value::as_u64) {
        Some(1) => "service_name",
        Some(2) => "host",
        _ => return Err(file.wrong("version", "1 or 2")),
    };
    file.only(&["version", "default", "rules"])?;
    let default = file.find("default").and_then(Value::as_object);
    let default =
        default.ok_or_else(|| file.wrong("default", "an object with fixed_target and rate"))?;
    let default = read_default(&Fields { object: default, owner: format!("{FILE}, default") })?;
    let mut rules = Vec::new();
    for (at, rule) in read_list(&file)?.iter().enumerate() {
        let object = rule.as_object().ok_or_else(|| file.wrong("rules", "an array of objects"))?;
        let fields = Fields { object, owner: format!("{FILE}, rule {}", at + 1) };
        rules.push(read_rule(&fields, host, at)?);
    }
    rules.push(default);
    Ok(rules)
}

fn read_list<'a>(file: &Fields<'a>) -> Result<&'a [Value], FieldError> {
    match file.find("rules") {
        None => Ok(&[]),
        Some(Value::Array(rules)) => Ok(rules),
        Some(_) => Err(file.wrong("rules", "an array of objects")),
    }
}

fn read_default(fields: &Fields<'_>) -> Result<Rule, FieldError> {
    if let Some(matcher) = MATCHERS.iter().find(|matcher| fields.object.contains_key(**matcher)) {
        return Err(fields.wrong(matcher, "nothing: the default is for all other requests"));
    }
    fields.only(&RATES)?;
    let rule = read_rates(fields)?;
    Ok(Rule { name: Some(DEFAULT.into()), ..rule })
}

/// `host` is what the version calls it.
fn read_rule(fields: &Fields<'_>, host: &str, at: usize) -> Result<Rule, FieldError> {
    for (other, own) in [("host", "service_name"), ("service_name", "host")] {
        if own == host && fields.object.contains_key(other) {
            return Err(fields.wrong(other, &format!("`{own}`, which this version calls it")));
        }
    }
    fields.only(&[&["description", host, "http_method", "url_path"], &RATES[..]].concat())?;
    let pattern = |field| Ok(Pattern::new(fields.text(field, 1, MAX_CHARS)?));
    let name = match fields.find("description") {
        Some(_) => fields.text("description", 0, MAX_CHARS)?.to_owned(),
        None => format!("rule {}", at + 1),
    };
    let rule = read_rates(fields)?;
    Ok(Rule {
        name: Some(name.into()),
        priority: u32::try_from(at).unwrap_or(u32::MAX - 1) + 1,
        host: pattern(host)?,
        method: pattern("http_method")?,
        path: pattern("url_path")?,
        ..rule
    })
}

fn read_rates(fields: &Fields<'_>) -> Result<Rule, FieldError> {
    Ok(Rule {
        reservoir_size: fields.whole("fixed_target", 0, i32::MAX.cast_unsigned())?,
        fixed_rate: fields.share("rate")?,
        priority: u32::MAX,
        ..Rule::for_all()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::rules::Rules;
    use super::*;

    fn valid() -> Value {
        json!({
            "version": 2,
            "default": { "fixed_target": 1, "rate": 0.05 },
            "rules": [{
                "description": "moves", "host": "*", "http_method": "*", "url_path": "/api/move/*",
                "fixed_target": 0, "rate": 0.5,
            }],
        })
    }

    fn error(change: impl FnOnce(&mut Value)) -> String {
        let mut value = valid();
        change(&mut value);
        Rules::from_json(&value.to_string()).unwrap_err().to_string()
    }

    fn remove(value: &mut Value, field: &str) {
        value.as_object_mut().unwrap().remove(field);
    }

    #[test]
    fn both_versions_are_read_in_the_order_of_the_file() {
        let second = Rules::from_json(&valid().to_string()).unwrap();
        let mut first = valid();
        first["version"] = json!(1);
        let rule = first["rules"][0].as_object_mut().unwrap();
        let host = rule.remove("host").unwrap();
        rule.insert("service_name".to_owned(), host);
        assert_eq!(Rules::from_json(&first.to_string()).unwrap(), second);
        let [moves, default] = second.as_slice() else { panic!("{second:?}") };
        assert_eq!(
            (moves.name(), moves.reservoir_size(), moves.fixed_rate()),
            (Some("moves"), 0, 0.5)
        );
        assert_eq!((default.name(), default.reservoir_size()), (Some("Default"), 1));
    }

    #[test]
    fn every_mistake_is_named_with_its_rule() {
        let file = "local sampling rules";
        for (message, expected) in [
            (error(|v| remove(v, "version")), "version is missing, expected 1 or 2"),
            (error(|v| v["version"] = json!(3)), "version is 3, expected 1 or 2"),
            (
                error(|v| remove(v, "default")),
                "default is missing, expected an object with fixed_target and rate",
            ),
        ] {
            assert_eq!(message, format!("{file}: {expected}"));
        }
        for matcher in ["host", "http_method", "url_path"] {
            let message = error(|v| v["default"][matcher] = json!("*"));
            let expected = "nothing: the default is for all other requests";
            assert_eq!(
                message,
                format!("{file}, default: {matcher} is \"*\", expected {expected}")
            );
            let message = error(|v| remove(&mut v["rules"][0], matcher));
            let expected = "a text of 1 to 500 characters";
            assert_eq!(
                message,
                format!("{file}, rule 1: {matcher} is missing, expected {expected}")
            );
        }
        for (message, expected) in [
            (
                error(|v| v["rules"][0]["rate"] = json!(-0.1)),
                "rate is -0.1, expected a number from 0 to 1",
            ),
            (
                error(|v| v["rules"][0]["fixed_target"] = json!(-1)),
                "fixed_target is -1, expected a whole number from 0 to 2147483647",
            ),
            (
                error(|v| v["version"] = json!(1)),
                "host is \"*\", expected `service_name`, which this version calls it",
            ),
            (
                error(|v| v["rules"][0]["service_name"] = json!("x")),
                "service_name is \"x\", expected `host`, which this version calls it",
            ),
        ] {
            assert_eq!(message, format!("{file}, rule 1: {expected}"));
        }
        let broken = Rules::from_json("{\"version\": 2,").unwrap_err().to_string();
        assert!(broken.starts_with("sampling rules are not JSON: EOF"), "{broken}");
    }
}
