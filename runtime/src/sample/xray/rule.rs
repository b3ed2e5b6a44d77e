//! One sampling rule: which requests it is for, and how many of them are recorded.
//!
//! In: a rule as the control plane writes it. Out: a checked rule, and whether it is for a request.
//! Never: counts; that is the reservoir's.
//!
//! Source of names and limits:
//! <https://docs.aws.amazon.com/xray/latest/api/API_SamplingRule.html>.

use std::sync::Arc;

use super::fields::{FieldError, Fields};
use super::pattern::{Pattern, Text};
use crate::sample::RequestFacts;

/// The name of the rule that is last and for every request.
pub(super) const DEFAULT: &str = "Default";

const FIELDS: &[&str] = &[
    "RuleName",
    "RuleARN",
    "ResourceARN",
    "Priority",
    "FixedRate",
    "ReservoirSize",
    "ServiceName",
    "ServiceType",
    "Host",
    "HTTPMethod",
    "URLPath",
    "Version",
    "Attributes",
    "SamplingRateBoost",
];
const MAX_ATTRIBUTES: usize = 5;
const MAX_ATTRIBUTE_CHARS: usize = 32;
/// The control plane counts in 32 bits with a sign.
const MAX_WHOLE: u32 = i32::MAX.cast_unsigned();
/// The rule that is always there stands behind all others.
const DEFAULT_PRIORITY: u32 = 10_000;

/// A sampling rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    pub(super) name: Option<Arc<str>>,
    pub(super) priority: u32,
    pub(super) fixed_rate: f64,
    pub(super) reservoir_size: u32,
    pub(super) service_name: Pattern,
    pub(super) service_type: Pattern,
    pub(super) resource_arn: Pattern,
    pub(super) host: Pattern,
    pub(super) method: Pattern,
    pub(super) path: Pattern,
    pub(super) attributes: Vec<(Box<str>, Pattern)>,
}

/// What a rule asks about this process rather than about a request.
#[derive(Clone, Debug, Default)]
pub(super) struct Service {
    pub(super) name: String,
    pub(super) origin: Option<String>,
    pub(super) resource_arn: Option<String>,
}

/// What is known of a request, ready for being matched.
#[derive(Clone, Copy)]
pub(super) struct Facts<'a> {
    host: Option<Text<'a>>,
    pub(super) method: Option<Text<'a>>,
    pub(super) path: Option<Text<'a>>,
    pub(super) user_agent: Option<Text<'a>>,
    attributes: &'a [(&'a str, &'a str)],
}

/// What a value that is not known means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Matching {
    /// It matches only `*`, as in the samplers of OpenTelemetry.
    #[default]
    Strict,
    /// It matches whatever the rule says, as in the X-Ray SDKs. An attribute must still be there.
    LikeXraySdks,
}

/// One thing that must hold for a rule to be for a request.
#[derive(Clone, Copy)]
pub(super) struct Condition<'a> {
    pub(super) field: &'a str,
    pub(super) pattern: &'a Pattern,
    pub(super) value: Option<Text<'a>>,
    pub(super) is_attribute: bool,
}

impl Rule {
    /// What is sampled where no rule is known: the first request of a second, then 5 %, as in all
    /// X-Ray SDKs.
    /// Source: <https://docs.aws.amazon.com/xray/latest/devguide/xray-console-sampling.html>.
    pub(super) fn built_in() -> Self {
        Self { priority: DEFAULT_PRIORITY, fixed_rate: 0.05, reservoir_size: 1, ..Self::for_all() }
    }

    /// A rule without a name for every request, of which it records none.
    pub(super) fn for_all() -> Self {
        let any = || Pattern::new("*");
        Self {
            name: None,
            priority: 1,
            fixed_rate: 0.0,
            reservoir_size: 0,
            service_name: any(),
            service_type: any(),
            resource_arn: any(),
            host: any(),
            method: any(),
            path: any(),
            attributes: Vec::new(),
        }
    }

    /// Reads a rule of the control plane. Fields that are not known are refused where somebody has
    /// written the rule by hand; the service may have new ones.
    pub(super) fn read(fields: &Fields<'_>, is_by_hand: bool) -> Result<Self, FieldError> {
        let name = fields.text("RuleName", 1, 32)?;
        let fields = Fields { object: fields.object, owner: format!("rule `{name}`") };
        if is_by_hand {
            fields.only(FIELDS)?;
        }
        fields.whole("Version", 1, 1)?;
        check_boost(&fields)?;
        let is_default = name == DEFAULT;
        let max_priority = if is_default { DEFAULT_PRIORITY } else { 9999 };
        let pattern = |field, max_chars| Ok(Pattern::new(fields.text(field, 0, max_chars)?));
        Ok(Self {
            name: Some(name.into()),
            priority: fields.whole("Priority", 1, max_priority)?,
            fixed_rate: fields.share("FixedRate")?,
            reservoir_size: fields.whole("ReservoirSize", 0, MAX_WHOLE)?,
            service_name: pattern("ServiceName", 64)?,
            service_type: pattern("ServiceType", 64)?,
            resource_arn: pattern("ResourceARN", 500)?,
            host: pattern("Host", 64)?,
            method: pattern("HTTPMethod", 10)?,
            path: pattern("URLPath", 128)?,
            attributes: read_attributes(&fields)?,
        })
    }

    /// The name; none for the rule that is built in.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The place among the rules, from 1; the lowest is asked first.
    pub const fn priority(&self) -> u32 {
        self.priority
    }

    /// The share of requests that is recorded once the reservoir of the second is used up, from 0
    /// to 1.
    pub const fn fixed_rate(&self) -> f64 {
        self.fixed_rate
    }

    /// How many requests a second are recorded before the share counts.
    pub const fn reservoir_size(&self) -> u32 {
        self.reservoir_size
    }

    /// Whether the rule is for every request, whatever its patterns say.
    pub(super) fn is_default(&self) -> bool {
        self.name.as_deref().is_none_or(|name| name == DEFAULT)
    }

    /// What must hold for this process; the same at every decision.
    pub(super) fn service_conditions<'a>(&'a self, service: &'a Service) -> [Condition<'a>; 3] {
        let condition = |field, pattern, value: Option<&'a str>| Condition {
            field,
            pattern,
            value: value.map(Text::new),
            is_attribute: false,
        };
        [
            condition("ServiceName", &self.service_name, Some(&service.name)),
            condition("ServiceType", &self.service_type, service.origin.as_deref()),
            condition("ResourceARN", &self.resource_arn, service.resource_arn.as_deref()),
        ]
    }

    /// Whether everything holds that must hold for a request; first what tells most rules apart.
    #[inline]
    pub(super) fn is_for(&self, facts: &Facts<'_>, matching: Matching) -> bool {
        let holds = |pattern: &Pattern, value: Option<Text<'_>>| match value {
            Some(text) => pattern.matches_text(text),
            None => matching.admits_absent(pattern),
        };
        holds(&self.path, facts.path)
            && holds(&self.method, facts.method)
            && holds(&self.host, facts.host)
            && self.attribute_conditions(facts).all(|condition| condition.holds(matching))
    }

    /// What must hold for a request, with its names.
    pub(super) fn request_conditions<'a>(&'a self, facts: &Facts<'a>) -> [Condition<'a>; 3] {
        let condition =
            |field, pattern, value| Condition { field, pattern, value, is_attribute: false };
        [
            condition("URLPath", &self.path, facts.path),
            condition("HTTPMethod", &self.method, facts.method),
            condition("Host", &self.host, facts.host),
        ]
    }

    /// What must hold for the attributes of a request.
    pub(super) fn attribute_conditions<'a>(
        &'a self,
        facts: &Facts<'a>,
    ) -> impl Iterator<Item = Condition<'a>> {
        let facts = *facts;
        self.attributes.iter().map(move |(key, pattern)| Condition {
            field: key,
            pattern,
            value: facts.attribute(key),
            is_attribute: true,
        })
    }
}

impl Matching {
    fn admits_absent(self, pattern: &Pattern) -> bool {
        pattern.is_any() || self == Self::LikeXraySdks
    }
}

impl Condition<'_> {
    pub(super) fn holds(&self, matching: Matching) -> bool {
        match self.value {
            Some(text) => self.pattern.matches_text(text),
            None if self.is_attribute => false,
            None => matching.admits_absent(self.pattern),
        }
    }
}

impl<'a> Facts<'a> {
    pub(super) fn new(request: &RequestFacts<'a>) -> Self {
        Self {
            host: request.host.map(Text::for_many),
            method: request.method.map(Text::new),
            path: request.path.map(Text::for_many),
            user_agent: request.user_agent.map(Text::new),
            attributes: request.attributes,
        }
    }

    /// An attribute by its key; those of the request itself by the names of OpenTelemetry.
    fn attribute(&self, key: &str) -> Option<Text<'a>> {
        let given = self.attributes.iter().find(|(name, _)| *name == key);
        match (given, key) {
            (Some((_, value)), _) => Some(Text::new(value)),
            (None, "server.address") => self.host,
            (None, "http.request.method") => self.method,
            (None, "url.path") => self.path,
            (None, "user_agent.original") => self.user_agent,
            (None, _) => None,
        }
    }
}

/// Checks how far the control plane may raise the share, which it alone uses.
///
/// Source: <https://docs.aws.amazon.com/xray/latest/api/API_SamplingRateBoost.html>.
fn check_boost(fields: &Fields<'_>) -> Result<(), FieldError> {
    let Some(value) = fields.find("SamplingRateBoost") else { return Ok(()) };
    let wrong = || fields.wrong("SamplingRateBoost", "MaxRate and CooldownWindowMinutes");
    let owner = format!("{}, SamplingRateBoost", fields.owner);
    let fields = Fields { object: value.as_object().ok_or_else(wrong)?, owner };
    fields.share("MaxRate")?;
    fields.whole("CooldownWindowMinutes", 0, MAX_WHOLE)?;
    Ok(())
}

fn read_attributes(fields: &Fields<'_>) -> Result<Vec<(Box<str>, Pattern)>, FieldError> {
    let Some(value) = fields.find("Attributes") else { return Ok(Vec::new()) };
    let wrong = || {
        let expected = format!(
            "at most {MAX_ATTRIBUTES} keys and values of 1 to {MAX_ATTRIBUTE_CHARS} characters"
        );
        fields.wrong("Attributes", &expected)
    };
    let attributes = value.as_object().filter(|map| map.len() <= MAX_ATTRIBUTES);
    let fits = |text: &str| (1..=MAX_ATTRIBUTE_CHARS).contains(&text.chars().count());
    let read = |(key, value): (&String, &serde_json::Value)| {
        let value = value.as_str().filter(|value| fits(key) && fits(value)).ok_or_else(wrong)?;
        Ok((key.as_str().into(), Pattern::new(value)))
    };
    attributes.ok_or_else(wrong)?.iter().map(read).collect()
}
