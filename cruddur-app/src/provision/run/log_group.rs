//! The group of CloudWatch Logs that has the lines of the service.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html>.

use serde_json::{Value, json};
use spanwright::aws::{Call, Lookup, Service};
use spanwright::export::cloudwatch::{Retention, Settings, SettingsError};

use super::{
    entries,
    resource::{Resource, State},
};

/// The name of the group in the course.
const DEFAULT_NAME: &str = "cruddur";

/// How long lines are kept where nothing is said: in a week they can be looked up, and cost little.
const DEFAULT_RETENTION_DAYS: u32 = 7;

pub(super) struct LogGroup {
    name: String,
    retention_days: u32,
}

impl LogGroup {
    /// The group that the service writes to, by `CLOUDWATCH_LOG_GROUP`, and how long it keeps its
    /// lines, by `CLOUDWATCH_LOG_RETENTION_DAYS`. An empty value counts as not set.
    pub(super) fn from_env(lookup: Lookup<'_>) -> Result<Self, SettingsError> {
        let with_default = |name: &str| {
            let found = lookup(name).filter(|value| !value.trim().is_empty());
            found.or_else(|| (name == "CLOUDWATCH_LOG_GROUP").then(|| DEFAULT_NAME.to_owned()))
        };
        let settings = Settings::from_env(&with_default)?;
        let retention = settings.as_ref().and_then(|settings| settings.retention);
        Ok(Self {
            name: settings.map_or_else(|| DEFAULT_NAME.to_owned(), |it| it.group.to_string()),
            retention_days: retention.map_or(DEFAULT_RETENTION_DAYS, Retention::to_days),
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
