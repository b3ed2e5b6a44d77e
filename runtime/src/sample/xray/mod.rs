//! Sampling by the rules of AWS X-Ray: whose requests, how many a second, and what share of the rest.
//!
//! In: rules from a file or from the control plane, and what is known of a request. Out: whether it
//! is recorded, and by which rule.
//! Never: does I/O, reads a clock, or locks while it decides. Somebody else drives [`Central`].
//!
//! Which rules count: those of the control plane while they are at most an hour old, else those of
//! the file, else one request a second and 5 % of the rest. The first rule that is for the request
//! decides. Requests that are [excluded](Exclusion) reach no rule.
//!
//! The randomness of a decision is the trace id, so that all services which ask for one share keep
//! the same traces.
//!
//! A boost that the control plane answers with raises the share of a rule until it ends. What may cause it
//! is reported by other services: a report needs the end of every request, also of one that is not
//! sampled, of which nothing is kept here.
//! Source: <https://docs.aws.amazon.com/xray/latest/devguide/xray-console-sampling.html>.
//!
//! ```
//! use std::time::Duration;
//!
//! use spanwright::sample::RequestFacts;
//! use spanwright::sample::xray::{Rules, Sampler, Settings};
//!
//! let rules = r#"{
//!     "version": 2,
//!     "default": { "fixed_target": 1, "rate": 0.05 },
//!     "rules": [{
//!         "description": "writes", "host": "*", "http_method": "POST", "url_path": "/api/*",
//!         "fixed_target": 10, "rate": 0.5
//!     }]
//! }"#;
//! let rules = Some(Rules::from_json(rules)?);
//! let sampler = Sampler::new(Settings { rules, ..Settings::default() });
//! let request = RequestFacts {
//!     method: Some("POST"),
//!     path: Some("/api/activities"),
//!     ..RequestFacts::default()
//! };
//! let explanation = sampler.explain(&request, Duration::from_secs(1_800_000_000));
//! let deciding = explanation.deciding().expect("nothing is excluded");
//! assert_eq!(deciding.to_string(), "writes: decides: 10 a second, then 50 %");
//! # Ok::<(), spanwright::sample::xray::RulesError>(())
//! ```

mod boost;
mod central;
mod exclude;
mod explain;
mod fields;
mod live;
mod manifest;
mod pattern;
mod reservoir;
mod rule;
mod rules;
mod shared;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;

pub use central::{Answer, Central, CentralError, Request, Status};
pub use exclude::Exclusion;
pub use explain::{Considered, Explanation, Mismatch, Source};
pub use fields::FieldError;
pub use pattern::Pattern;
pub use rule::{Matching, Rule};
pub use rules::{Rules, RulesError};
pub(crate) use shared::Shared as SharedDecision;

use live::{Live, RuleSet};
use reservoir::Randomness;
use rule::{Facts, Service};

use super::{DecideSegments, Input, RequestFacts, SegmentDecision};

/// Fetched rules that are older do not count any more, as in all X-Ray SDKs.
const MAX_AGE: Duration = Duration::from_hours(1);

/// What a [`Sampler`] is made of.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The name of this service, which rules ask for as `ServiceName`.
    pub service_name: String,
    /// What runs it, for example `AWS::ECS::Container`; rules ask for it as `ServiceType`.
    pub service_type: Option<String>,
    /// The resource it runs on; rules ask for it as `ResourceARN`.
    pub resource_arn: Option<String>,
    /// The rules where the control plane has none to give.
    pub rules: Option<Rules>,
    /// Whether the control plane is asked for rules and quotas.
    pub is_central: bool,
    /// What is left out before any rule is asked.
    pub exclusions: Vec<Exclusion>,
    /// What a value that is not known means.
    pub matching: Matching,
}

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Whether it is recorded.
    pub is_sampled: bool,
    /// The name of the rule that decided; none when it was excluded, or when no rule is known.
    pub rule: Option<Arc<str>>,
}

/// Decides which requests are recorded; a copy shares everything with its original.
#[derive(Clone, Debug)]
pub struct Sampler {
    shared: Arc<Shared>,
}

/// What the application's threads and the poller share.
#[derive(Debug)]
struct Shared {
    service: Service,
    matching: Matching,
    exclusions: Vec<Exclusion>,
    is_central: bool,
    central: ArcSwapOption<RuleSet>,
    local: Option<RuleSet>,
    built_in: Live,
    /// Never held by a thread of the application but to ask how polling is going.
    status: Mutex<Status>,
}

impl Sampler {
    /// Makes a sampler; with [`Settings::is_central`] somebody must drive its
    /// [poller](Sampler::central).
    pub fn new(settings: Settings) -> Self {
        let Settings { service_name, service_type, resource_arn, matching, .. } = settings;
        let service = Service { name: service_name, origin: service_type, resource_arn };
        let local = settings.rules.map(|rules| RuleSet::of_file(rules, &service, matching));
        let built_in = Live::new(Rule::built_in(), &service, matching);
        let shared = Shared {
            service,
            matching,
            exclusions: settings.exclusions,
            is_central: settings.is_central,
            central: ArcSwapOption::empty(),
            local,
            built_in,
            status: Mutex::default(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Decides on one request; never blocks, and allocates at most once in each thread.
    ///
    /// `now` is the time since the Unix epoch. Nothing but the trace id and the request of `input`
    /// is looked at: what a caller has decided already is to be asked before.
    pub fn decide(&self, input: &Input<'_>, now: Duration) -> Decision {
        let shared = &*self.shared;
        let facts = Facts::new(&input.request);
        if shared.exclusions.iter().any(|exclusion| exclusion.is_for(&facts)) {
            return Decision { is_sampled: false, rule: None };
        }
        let second = second_of(now);
        let randomness = Randomness::of(input.trace_id);
        let central = shared.central.load();
        let central = central.as_deref().filter(|set| set.is_fresh(now));
        let rules = central.or(shared.local.as_ref());
        let found = rules.and_then(|rules| rules.find(&facts, shared.matching));
        let Live { rule, reservoir, .. } = found.unwrap_or(&shared.built_in);
        let is_sampled = if central.is_some() && found.is_some() {
            reservoir.decide_allotted(rule.reservoir_size, second, randomness)
        } else {
            reservoir.decide_alone(rule.reservoir_size, second, randomness)
        };
        Decision { is_sampled, rule: rule.name.clone() }
    }

    /// Says of every rule why it is for a request or not, and which one decides.
    ///
    /// `now` is the time since the Unix epoch. Nothing is counted.
    pub fn explain(&self, request: &RequestFacts<'_>, now: Duration) -> Explanation {
        Explanation::new(&self.shared, request, now)
    }

    /// What asks the control plane for rules and quotas; none when the settings say that nobody
    /// does. There is to be one for a process.
    ///
    /// `seed` is a random number: the id of this process and the spread of its polls are made of it.
    pub fn central(&self, seed: u128) -> Option<Central> {
        self.shared.is_central.then(|| Central::new(Arc::clone(&self.shared), seed))
    }

    /// How asking the control plane is going.
    pub fn status(&self) -> Status {
        self.shared.status().clone()
    }
}

impl DecideSegments for Sampler {
    fn decide(&self, input: &Input<'_>, now: Duration) -> SegmentDecision {
        let Decision { is_sampled, rule } = Self::decide(self, input, now);
        SegmentDecision { is_sampled, rule }
    }
}

impl Shared {
    fn status(&self) -> MutexGuard<'_, Status> {
        // Nothing that could be left half done is done under the lock.
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RuleSet {
    /// Whether fetched rules still count. A clock that was put back does not make them old.
    fn is_fresh(&self, now: Duration) -> bool {
        now.saturating_sub(self.fetched_at) <= MAX_AGE
    }
}

/// The second since the epoch; the last one there is from the year 2106 on.
fn second_of(now: Duration) -> u32 {
    u32::try_from(now.as_secs()).unwrap_or(u32::MAX)
}
