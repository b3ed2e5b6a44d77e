//! The group of CloudWatch Logs that has the lines of the service.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html>.

use serde_json::{Value, json};
use spanwright::aws::{Call, Service};

use super::{
    entries,
    resource::{Resource, State},
};

pub(super) struct LogGroup {
    pub(super) name: &'static str,
    pub(super) retention_days: u32,
}

impl LogGroup {
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
