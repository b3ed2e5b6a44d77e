//! The group of X-Ray that has the traces of the service.
//!
//! Source: <https://docs.aws.amazon.com/xray/latest/api/API_CreateGroup.html>.

use serde_json::{Value, json};
use spanwright::aws::{Call, Service};

use super::{
    entries,
    resource::{Resource, State},
};

pub(super) struct Group {
    name: &'static str,
    filter: String,
}

impl Group {
    /// The group of all traces that a service has a part in.
    pub(super) fn of_service(name: &'static str, service: &str) -> Self {
        Self { name, filter: format!("service({})", Value::from(service)) }
    }

    fn json(&self) -> String {
        json!({"GroupName": self.name, "FilterExpression": self.filter}).to_string()
    }
}

impl Resource for Group {
    fn title(&self) -> String {
        format!("X-Ray group `{}`", self.name)
    }

    fn service(&self) -> Service {
        Service::XRAY
    }

    fn find(&self, next_token: Option<&str>) -> Call {
        let json = next_token.map_or_else(|| json!({}), |token| json!({"NextToken": token}));
        Call::by_path("GetGroups", "/Groups", json.to_string())
    }

    fn look(&self, page: &Value) -> Option<State> {
        let group = entries(page, "Groups").find(|group| group["GroupName"] == self.name)?;
        let filter = group["FilterExpression"].as_str().unwrap_or_default();
        if filter == self.filter {
            return Some(State::Same);
        }
        Some(State::Different(format!("its filter was `{filter}`")))
    }

    fn create(&self) -> Vec<Call> {
        vec![Call::by_path("CreateGroup", "/CreateGroup", self.json())]
    }

    fn update(&self) -> Vec<Call> {
        vec![Call::by_path("UpdateGroup", "/UpdateGroup", self.json())]
    }
}
