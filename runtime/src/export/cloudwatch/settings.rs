//! Which group and stream, and what is too large.
//!
//! In: values set in code, or the variables through a lookup; facts about the process from whoever
//! knows them. Out: plain data that the service would take.
//! Never: reads the environment; holds credentials, which belong to the transport.

use std::fmt;
use std::time::Duration;

use super::metrics::Namespace;
use super::stream::{Process, Template};
use super::{MAX_MESSAGE_BYTES, MAX_NAME_CHARS};
use crate::export::log_json;

/// Where the log goes, and in what form.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The log group.
    pub group: Group,
    /// What the log stream is called; [`Template::default`] by default.
    pub stream: Template,
    /// What the placeholders of the template stand for.
    pub process: Process,
    /// Whether a group or a stream that does not exist is created; true by default.
    pub creates: bool,
    /// How long the service keeps events, set whenever a stream is created; `None`, the default,
    /// leaves it to the group.
    pub retention: Option<Retention>,
    /// What becomes of an event that is too large.
    pub oversize: Oversize,
    /// The largest message of one event, in bytes; the service takes 1,048,550, which is the default.
    /// No fewer than 1,024 are used.
    pub max_message_bytes: usize,
    /// Where the numbers of calls are found as metrics, which go into the same stream; `None`, the
    /// default, for no metrics. Calls are counted by their spans: those that a sampler leaves out are
    /// not among them.
    pub metrics: Option<Namespace>,
    /// How long one request may take; 10 s by default.
    pub timeout: Duration,
}

/// What becomes of an event whose message is too large.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Oversize {
    /// The longest texts are cut, and `truncated_bytes` says by how much.
    #[default]
    Cut,
    /// The text `message` is told in parts, each an event with the same `event_id`, which says by
    /// `part` and `parts` which it is; the first has the attributes.
    ///
    /// All parts are in one request, and all that they say is in 1,048,576 bytes; what is beyond them
    /// is cut. So this is for a `max_message_bytes` of less than half of that: with the default there is
    /// room for one part, and an event is cut as by [`Cut`](Self::Cut). So is one of which more than a
    /// quarter of a part is not its text.
    Split,
}

/// The name of a log group: 1 to 512 of `a-zA-Z0-9_-/.#`, not beginning with `aws/` in any case.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html>.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group(String);

/// For how many days the service keeps events.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention(u32);

/// The only numbers of days that there are.
const RETENTION_DAYS: [u32; 22] = [
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
];

/// Why a setting cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// A value that is not of its kind.
    #[error("{variable} is `{found}`, expected {expected}")]
    Value {
        /// The setting.
        variable: &'static str,
        /// Its value.
        found: String,
        /// What it may be.
        expected: &'static str,
    },
    /// A template that makes no name.
    #[error("{variable} is `{found}`: {problem}")]
    Template {
        /// The setting.
        variable: &'static str,
        /// Its value.
        found: String,
        /// What is wrong with it.
        problem: String,
    },
}

impl Settings {
    /// The defaults for a group.
    pub fn new(group: Group) -> Self {
        Self {
            group,
            stream: Template::default(),
            process: Process::default(),
            creates: true,
            retention: None,
            oversize: Oversize::default(),
            max_message_bytes: MAX_MESSAGE_BYTES,
            metrics: None,
            timeout: Duration::from_secs(10),
        }
    }

    /// Reads `CLOUDWATCH_LOG_GROUP`, `CLOUDWATCH_LOG_STREAM`, `CLOUDWATCH_LOG_CREATE`,
    /// `CLOUDWATCH_LOG_RETENTION_DAYS` and `CLOUDWATCH_METRICS_NAMESPACE` through `lookup`; `None`
    /// without a group.
    ///
    /// The facts about the process stay empty: whoever builds the settings knows them.
    ///
    /// # Errors
    /// The first value that cannot be used.
    pub fn from_env(
        lookup: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, SettingsError> {
        const GROUP: &str = "CLOUDWATCH_LOG_GROUP";
        const STREAM: &str = "CLOUDWATCH_LOG_STREAM";
        const CREATE: &str = "CLOUDWATCH_LOG_CREATE";
        const DAYS: &str = "CLOUDWATCH_LOG_RETENTION_DAYS";
        const NAMESPACE: &str = "CLOUDWATCH_METRICS_NAMESPACE";
        let get = |variable: &str| {
            let value = lookup(variable)?.trim().to_owned();
            (!value.is_empty()).then_some(value)
        };
        let Some(group) = get(GROUP) else { return Ok(None) };
        let mut settings = Self::new(Group::checked(GROUP, &group)?);
        if let Some(template) = get(STREAM) {
            settings.stream = Template::checked(STREAM, &template)?;
        }
        if let Some(found) = get(CREATE) {
            settings.creates = truth(CREATE, found)?;
        }
        if let Some(found) = get(DAYS) {
            let days = found.parse().ok().and_then(Retention::of);
            let value = days.ok_or_else(|| Retention::error(DAYS, found))?;
            settings.retention = Some(value);
        }
        if let Some(namespace) = get(NAMESPACE) {
            settings.metrics = Some(Namespace::checked(NAMESPACE, &namespace)?);
        }
        Ok(Some(settings))
    }

    pub(super) fn max_message_bytes(&self) -> usize {
        self.max_message_bytes.clamp(log_json::MIN_BYTES, MAX_MESSAGE_BYTES)
    }
}

fn truth(variable: &'static str, found: String) -> Result<bool, SettingsError> {
    match found.to_ascii_lowercase().as_str() {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(SettingsError::Value { variable, found, expected: "true, false, 1 or 0" }),
    }
}

impl Group {
    /// Takes a name.
    ///
    /// # Errors
    /// [`SettingsError::Value`] for one that the service would refuse.
    pub fn new(name: &str) -> Result<Self, SettingsError> {
        Self::checked("the log group", name)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn checked(variable: &'static str, name: &str) -> Result<Self, SettingsError> {
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b".-_/#".contains(&byte);
        let has_length = (1..=MAX_NAME_CHARS).contains(&name.len());
        let is_reserved = name.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws/"));
        if has_length && name.bytes().all(is_part) && !is_reserved {
            return Ok(Self(name.to_owned()));
        }
        let expected =
            "1 to 512 of the characters a-z A-Z 0-9 . - _ / #, not beginning with `aws/`";
        Err(SettingsError::Value { variable, found: name.to_owned(), expected })
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Retention {
    /// Takes a number of days.
    ///
    /// # Errors
    /// [`SettingsError::Value`] for a number that the service does not know.
    pub fn days(days: u32) -> Result<Self, SettingsError> {
        Self::of(days).ok_or_else(|| Self::error("the retention", days.to_string()))
    }

    /// The number.
    pub const fn to_days(self) -> u32 {
        self.0
    }

    fn of(days: u32) -> Option<Self> {
        RETENTION_DAYS.contains(&days).then_some(Self(days))
    }

    fn error(variable: &'static str, found: String) -> SettingsError {
        let expected = "one of the numbers of days that CloudWatch Logs knows: 1, 3, 5, 7, 14, 30, \
                        60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, \
                        3288, 3653";
        SettingsError::Value { variable, found, expected }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP: (&str, &str) = ("CLOUDWATCH_LOG_GROUP", "cruddur");

    fn from(pairs: &[(&str, &str)]) -> Result<Option<Settings>, String> {
        let lookup = |name: &str| {
            let pair = pairs.iter().find(|(known, _)| *known == name);
            pair.map(|(_, value)| (*value).to_owned())
        };
        Settings::from_env(&lookup).map_err(|error| error.to_string())
    }

    #[test]
    fn a_group_turns_it_on_and_the_rest_has_defaults() {
        assert_eq!(from(&[]), Ok(None));
        assert_eq!(
            from(&[("CLOUDWATCH_LOG_STREAM", "a"), ("CLOUDWATCH_LOG_GROUP", " ")]),
            Ok(None)
        );
        let settings = from(&[GROUP]).unwrap().unwrap();
        assert_eq!(settings, Settings::new(Group::new("cruddur").unwrap()));
        assert!(settings.creates && settings.retention.is_none());
    }

    #[test]
    fn every_variable_is_read() {
        let settings = from(&[
            ("CLOUDWATCH_LOG_GROUP", "/ecs/cruddur_1.#-"),
            ("CLOUDWATCH_LOG_STREAM", "{program}/{date}"),
            ("CLOUDWATCH_LOG_CREATE", "False"),
            ("CLOUDWATCH_LOG_RETENTION_DAYS", "400"),
            ("CLOUDWATCH_METRICS_NAMESPACE", "Cruddur"),
        ]);
        let settings = settings.unwrap().unwrap();
        assert_eq!(settings.group.as_str(), "/ecs/cruddur_1.#-");
        assert_eq!(settings.stream, Template::new("{program}/{date}").unwrap());
        assert_eq!((settings.creates, settings.retention), (false, Some(Retention(400))));
        assert_eq!(settings.metrics, Some(Namespace::new("Cruddur").unwrap()));
    }

    #[test]
    fn what_the_service_would_refuse_names_the_variable_and_the_value() {
        let long = "x".repeat(513);
        for name in ["aws/mine", "AWS/ECS", "Aws/mine", "with space", "ümlaut", "a:b", "a*", &long]
        {
            let message = from(&[("CLOUDWATCH_LOG_GROUP", name)]).unwrap_err();
            let expected =
                "1 to 512 of the characters a-z A-Z 0-9 . - _ / #, not beginning with `aws/`";
            assert_eq!(message, format!("CLOUDWATCH_LOG_GROUP is `{name}`, expected {expected}"));
        }
        for (variable, value, expected) in [
            ("CLOUDWATCH_LOG_CREATE", "yes", "`yes`, expected true, false, 1 or 0"),
            ("CLOUDWATCH_LOG_RETENTION_DAYS", "2", "`2`, expected one of the numbers"),
            ("CLOUDWATCH_LOG_RETENTION_DAYS", "a week", "`a week`, expected one of the numbers"),
            ("CLOUDWATCH_LOG_STREAM", "{host}", "`{host}`: `{host}` is not known"),
            ("CLOUDWATCH_METRICS_NAMESPACE", "AWS/Logs", "`AWS/Logs`, expected 1 to 255"),
        ] {
            let message = from(&[GROUP, (variable, value)]).unwrap_err();
            assert!(message.starts_with(&format!("{variable} is {expected}")), "{message}");
        }
        assert!(Retention::days(8).is_err() && Group::new("").is_err());
        assert_eq!(Retention::days(7).map(Retention::to_days), Ok(7));
    }

    #[test]
    fn no_message_is_larger_than_the_service_takes_or_too_small_to_say_anything() {
        let settings = Settings::new(Group::new("a").unwrap());
        let with = |max_message_bytes| Settings { max_message_bytes, ..settings.clone() };
        assert_eq!(settings.max_message_bytes(), 1_048_550);
        assert_eq!(with(usize::MAX).max_message_bytes(), 1_048_550);
        assert_eq!(with(0).max_message_bytes(), 1_024);
    }
}
