//! The group of CloudWatch Logs that has the lines of the service.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html>.

use serde_json::{Value, json};
use spanwright::aws::{Call, Lookup, Service};

use super::{
    entries,
    resource::{Resource, State},
};
use crate::settings::SettingsError;

/// The name of the group in the course.
const DEFAULT_NAME: &str = "cruddur";

/// How long lines are kept where nothing is said: a week is enough to look something up, and costs
/// little.
const DEFAULT_RETENTION_DAYS: u32 = 7;

/// The days that CloudWatch can keep lines for.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html>.
const RETENTION_DAYS: [u32; 22] = [
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1_096, 1_827, 2_192, 2_557,
    2_922, 3_288, 3_653,
];

pub(super) struct LogGroup {
    name: String,
    retention_days: u32,
}

impl LogGroup {
    /// The group that the service writes to, by `CLOUDWATCH_LOG_GROUP`, and how long it keeps its
    /// lines, by `CLOUDWATCH_LOG_RETENTION_DAYS`. An empty value counts as not set.
    pub(super) fn from_env(lookup: Lookup<'_>) -> Result<Self, SettingsError> {
        let text = |name| lookup(name).filter(|value| !value.is_empty());
        let name = text("CLOUDWATCH_LOG_GROUP").map(name).transpose()?;
        let days = text("CLOUDWATCH_LOG_RETENTION_DAYS").map(retention_days).transpose()?;
        Ok(Self {
            name: name.unwrap_or_else(|| DEFAULT_NAME.to_owned()),
            retention_days: days.unwrap_or(DEFAULT_RETENTION_DAYS),
        })
    }

    fn retain(&self) -> Call {
        let json = json!({"logGroupName": self.name, "retentionInDays": self.retention_days});
        Call::by_target("Logs_20140328.PutRetentionPolicy", json.to_string())
    }
}

impl Resource for LogGroup {
    fn title(&self) -> String {
        format!("log group `{}`", self.name)
    }

    fn service(&self) -> Service {
        Service::LOGS
    }

    fn find(&self, next_token: Option<&str>) -> Call {
        let mut json = json!({"logGroupNamePrefix": self.name});
        if let Some(token) = next_token {
            json["nextToken"] = token.into();
        }
        Call::by_target("Logs_20140328.DescribeLogGroups", json.to_string())
    }

    fn look(&self, page: &Value) -> Option<State> {
        let group = entries(page, "logGroups").find(|group| group["logGroupName"] == self.name)?;
        Some(match group["retentionInDays"].as_u64() {
            Some(days) if days == u64::from(self.retention_days) => State::Same,
            Some(1) => State::Different("it kept its lines for a day".to_owned()),
            Some(days) => State::Different(format!("it kept its lines for {days} days")),
            None => State::Different("it kept its lines for ever".to_owned()),
        })
    }

    fn create(&self) -> Vec<Call> {
        let json = json!({"logGroupName": self.name}).to_string();
        vec![Call::by_target("Logs_20140328.CreateLogGroup", json), self.retain()]
    }

    fn update(&self) -> Vec<Call> {
        vec![self.retain()]
    }
}

/// Source: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html>.
fn name(value: String) -> Result<String, SettingsError> {
    let is_allowed = |char: char| char.is_ascii_alphanumeric() || "._-/#".contains(char);
    if value.len() <= 512 && value.chars().all(is_allowed) && !value.starts_with("aws/") {
        return Ok(value);
    }
    let expected = "up to 512 letters, digits or `.`, `_`, `-`, `/`, `#`, not starting with `aws/`";
    Err(SettingsError { variable: "CLOUDWATCH_LOG_GROUP", value, expected })
}

fn retention_days(value: String) -> Result<u32, SettingsError> {
    let days = value.parse().ok().filter(|days| RETENTION_DAYS.contains(days));
    let expected = "1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, \
                    2922, 3288 or 3653";
    days.ok_or(SettingsError { variable: "CLOUDWATCH_LOG_RETENTION_DAYS", value, expected })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_days_that_are_expected_are_those_that_are_taken() {
        let error = retention_days("2".to_owned()).unwrap_err();
        let told = error.expected.replace(" or ", ", ");
        let told: Vec<u32> = told.split(", ").map(|days| days.parse().unwrap()).collect();
        assert_eq!(told, RETENTION_DAYS);
    }
}
