//! The group and the stream that are not there yet.
//!
//! In: a request that found them missing. Out: the requests that make them.
//! Never: sends; gives up because one of them may not be made, as long as the others may do.
//!
//! | step | refused as denied |
//! |---|---|
//! | `CreateLogGroup` | goes on: the group may be there, made by somebody else |
//! | `PutRetentionPolicy`, where days are set | goes on, and it is told: the log is worth more than its end |
//! | `CreateLogStream` | stops |
//!
//! What exists already is as good as created. Everything else stops, and is tried again later.
//! Sources: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html>,
//! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogStream.html>,
//! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html>.

use bytes::Bytes;
use serde_json::json;

use super::request::{BEFORE_EVENTS, request};
use super::{Retention, Settings};
use crate::export::{Prepare, Refusal, Reply, Request, Step, StepOutcome};
use crate::secret::Secret;

pub(super) const CREATE_GROUP: &str = "CreateLogGroup";
pub(super) const CREATE_STREAM: &str = "CreateLogStream";
pub(super) const PUT_RETENTION: &str = "PutRetentionPolicy";

/// Says that something is not there.
pub(super) const MISSING: &str = "ResourceNotFoundException";

/// Makes what is missing.
#[derive(Clone, Debug)]
pub struct Creation {
    url: Secret,
    group: String,
    creates: bool,
    retention: Option<Retention>,
}

impl Creation {
    /// Takes the settings in; `endpoint` is the address of the service, without a slash at its end.
    pub fn new(settings: &Settings, endpoint: &str) -> Self {
        Self {
            url: Secret::new(format!("{endpoint}/")),
            group: settings.group.to_string(),
            creates: settings.creates,
            retention: settings.retention,
        }
    }

    fn step(&self, name: &'static str, json: impl Into<Bytes>) -> Step {
        Step { name, request: request(&self.url, name, vec![json.into()]) }
    }
}

impl Prepare for Creation {
    fn steps(&self, request: &Request, reply: &Reply) -> Vec<Step> {
        if !self.creates || reply.is_success() || Refusal::of(reply).code != MISSING {
            return Vec::new();
        }
        let group = json!({"logGroupName": self.group}).to_string();
        let retention = self.retention.map(|retention| {
            let days = retention.to_days();
            let json = json!({"logGroupName": self.group, "retentionInDays": days});
            self.step(PUT_RETENTION, json.to_string())
        });
        // What stands before the events names both.
        let head = request.body.first().and_then(|head| head.strip_suffix(BEFORE_EVENTS));
        let stream = [head.unwrap_or_default(), b"}"].concat();
        let group = self.step(CREATE_GROUP, group);
        let stream = self.step(CREATE_STREAM, stream);
        [Some(group), retention, Some(stream)].into_iter().flatten().collect()
    }

    fn outcome(&self, step: &'static str, reply: &Reply) -> StepOutcome {
        if reply.is_success() {
            return StepOutcome::Done;
        }
        let refusal = Refusal::of(reply);
        match refusal.code.as_str() {
            // Somebody else has made it, or is about to.
            "ResourceAlreadyExistsException" | "OperationAbortedException" => StepOutcome::Done,
            _ if refusal.is_denied() && step != CREATE_STREAM => StepOutcome::Skip,
            _ => StepOutcome::Stop,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ENDPOINT, batch, settings};
    use super::*;
    use crate::export::Exporter as _;
    use crate::export::cloudwatch::Exporter;

    fn refused(status: u16, code: &str) -> Reply {
        let body = format!(r#"{{"__type":"com.amazonaws.logs#{code}","message":"no"}}"#);
        Reply { status, body: body.into(), ..Reply::default() }
    }

    fn steps(settings: &Settings, reply: &Reply) -> Vec<(&'static str, String)> {
        let creation = Creation::new(settings, ENDPOINT);
        let request = Exporter::new(settings, ENDPOINT).request(&batch(&[0, 1]));
        let steps =
            creation.steps(&request, reply).into_iter().map(|Step { name, request: step }| {
                let target = format!("Logs_20140328.{name}");
                assert_eq!((&step.url, step.headers[1].value.reveal()), (&request.url, &*target));
                (name, String::from_utf8(step.body.concat()).expect("JSON is text"))
            });
        steps.collect()
    }

    #[test]
    fn group_retention_and_stream_are_made_in_this_order() {
        let missing = refused(400, MISSING);
        let group = (CREATE_GROUP, r#"{"logGroupName":"cruddur"}"#.to_owned());
        let json = r#"{"logGroupName":"cruddur","logStreamName":"\"1970\"-01-01"}"#;
        let stream = (CREATE_STREAM, json.to_owned());
        let settings = settings("\"{strftime:%Y}\"-01-01");
        assert_eq!(steps(&settings, &missing), [group.clone(), stream.clone()]);
        let json = r#"{"logGroupName":"cruddur","retentionInDays":7}"#;
        let retention = (PUT_RETENTION, json.to_owned());
        let settings = Settings { retention: Retention::days(7).ok(), ..settings };
        assert_eq!(steps(&settings, &missing), [group, retention, stream]);
    }

    #[test]
    fn nothing_is_made_unless_it_is_missing_and_may_be_made() {
        for reply in
            [Reply { status: 200, ..Reply::default() }, refused(400, "ThrottlingException")]
        {
            assert_eq!(steps(&settings("s"), &reply), []);
        }
        let settings = Settings { creates: false, ..settings("s") };
        assert_eq!(steps(&settings, &refused(400, MISSING)), []);
    }

    #[test]
    fn what_exists_is_made_and_only_the_stream_has_to_be() {
        use StepOutcome::{Done, Skip, Stop};

        let creation = Creation::new(&settings("s"), ENDPOINT);
        let outcomes = |reply: Reply| {
            [CREATE_GROUP, PUT_RETENTION, CREATE_STREAM].map(|step| creation.outcome(step, &reply))
        };
        for (reply, expected) in [
            (Reply { status: 200, ..Reply::default() }, [Done; 3]),
            (refused(400, "ResourceAlreadyExistsException"), [Done; 3]),
            (refused(400, "OperationAbortedException"), [Done; 3]),
            (refused(400, "AccessDeniedException"), [Skip, Skip, Stop]),
            (refused(403, "UnrecognizedClientException"), [Stop; 3]),
            (refused(403, "InvalidSignatureException"), [Stop; 3]),
            (refused(400, "ThrottlingException"), [Stop; 3]),
            (refused(400, "LimitExceededException"), [Stop; 3]),
            (refused(400, MISSING), [Stop; 3]),
            (refused(503, ""), [Stop; 3]),
        ] {
            assert_eq!(outcomes(reply), expected);
        }
    }
}
