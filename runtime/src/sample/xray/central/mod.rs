//! Asking the control plane: for rules every five minutes, for quotas every ten seconds.
//!
//! In: the time, and what was answered. Out: the next request and when it is due; the sampler's
//! rules and quotas are kept up to date.
//! Never: does I/O, reads a clock or fails for good; after any answer there is a next request.
//!
//! One request is under way at a time. Whoever drives it does, over and over: wait until
//! [`next_at`](Central::next_at), send what [`poll`](Central::poll) gives to the daemon's TCP
//! address by POST, and hand what came of it to [`answered`](Central::answered).
//!
//! - Rules are fetched at once, then every 300 s and up to 5 s more. After a failure it is tried
//!   again after 10 s, and each time after twice as long, up to 300 s.
//! - Every 10 s and up to 0.1 s more, the counts of all rules that have any and are due are reported,
//!   25 rules in a request. Each answer says for each rule its share, its quota with an end, and
//!   when to report next. Counts that could not be reported go back to their rules.
//! - The answer may raise the share of a rule for a while.
//! - Rules are fetched out of turn when the service says that they changed, or that it does not know
//!   one of ours.
//!
//! Source: <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sampling.html>.

mod schedule;
mod status;
mod wire;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use schedule::{Jitter, Schedule, is_due};
pub use status::{CentralError, Status};
use wire::{Page, Report, TargetDocument, Targets, Unprocessed};

use super::live::RuleSet;
use super::rules::Rules;
use super::{MAX_AGE, Shared};

const RULES_PATH: &str = "/GetSamplingRules";
const TARGETS_PATH: &str = "/SamplingTargets";

const RULES_EVERY: Duration = Duration::from_mins(5);
const RULES_SPREAD: Duration = Duration::from_secs(5);
const TARGETS_EVERY: Duration = Duration::from_secs(10);
const TARGETS_SPREAD: Duration = Duration::from_millis(100);

/// How long to wait after the first failure to fetch rules.
const RETRY_AFTER: Duration = Duration::from_secs(10);

/// The most reports in one request.
/// Source: <https://docs.aws.amazon.com/xray/latest/api/API_GetSamplingTargets.html>.
const MAX_REPORTS: usize = 25;

/// The most pages of rules; a region has 26 rules.
const MAX_PAGES: usize = 20;

/// Maximum size of all pages of rules together, in bytes: more than ten times that of 26 of the longest.
const MAX_RULES_BYTES: usize = 512 * 1024;

/// A request to the daemon's TCP address, by POST.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The path.
    pub path: &'static str,
    /// The body, which is JSON.
    pub body: String,
}

/// What came of a [`Request`].
#[derive(Clone, Copy, Debug)]
pub enum Answer<'a> {
    /// The daemon answered, with whatever.
    Replied {
        /// The status of HTTP.
        status: u16,
        /// The body.
        body: &'a [u8],
    },
    /// The daemon answered with another status than one of a success.
    Refused {
        /// The status of HTTP.
        status: u16,
        /// The reason, in one line; may be empty.
        reason: &'a str,
    },
    /// There is no answer.
    Failed {
        /// Why, in a few words.
        reason: &'a str,
    },
}

/// The machine that keeps the rules and quotas of a [`Sampler`](super::Sampler) up to date.
#[derive(Debug)]
pub struct Central {
    shared: Arc<Shared>,
    client_id: String,
    jitter: Jitter,
    /// When rules are fetched next.
    rules_at: Duration,
    rules_failures: u32,
    /// When counts are reported next; none before there are rules.
    targets_at: Option<Duration>,
    /// The pages so far, while rules are being fetched.
    pages: Option<Page>,
    pages_read: usize,
    /// Size of these pages.
    pages_bytes: usize,
    /// When the present round of reports began, if there is one.
    round: Option<Duration>,
    under_way: Option<UnderWay>,
    schedules: BTreeMap<Arc<str>, Schedule>,
    /// The change of rules for which they were fetched out of turn.
    fetched_for: Option<f64>,
}

#[derive(Debug)]
enum UnderWay {
    Rules,
    Targets(Vec<Report>),
}

impl Central {
    #[expect(clippy::cast_possible_truncation, reason = "some bits for each purpose")]
    pub(super) fn new(shared: Arc<Shared>, seed: u128) -> Self {
        Self {
            shared,
            client_id: format!("{:024x}", seed & (u128::MAX >> 32)),
            jitter: Jitter::new((seed >> 64) as u64 ^ seed as u64),
            rules_at: Duration::ZERO,
            rules_failures: 0,
            targets_at: None,
            pages: None,
            pages_read: 0,
            pages_bytes: 0,
            round: None,
            under_way: None,
            schedules: BTreeMap::new(),
            fetched_for: None,
        }
    }

    /// When [`poll`](Self::poll) has something to send, since the Unix epoch; none while a request
    /// is under way.
    pub fn next_at(&self) -> Option<Duration> {
        if self.under_way.is_some() {
            return None;
        }
        if self.pages.is_some() || self.round.is_some() {
            return Some(Duration::ZERO);
        }
        Some(self.targets_at.map_or(self.rules_at, |targets_at| targets_at.min(self.rules_at)))
    }

    /// The next request, if one is due and none is under way; its answer must be told.
    ///
    /// `now` is the time since the Unix epoch.
    pub fn poll(&mut self, now: Duration) -> Option<Request> {
        if self.under_way.is_some() {
            return None;
        }
        if self.pages.is_none() && is_due(self.rules_at, now, RULES_EVERY + RULES_SPREAD) {
            self.pages = Some(Page::default());
            (self.pages_read, self.pages_bytes) = (0, 0);
        }
        if let Some(pages) = &self.pages {
            self.under_way = Some(UnderWay::Rules);
            let body = wire::rules_request(pages.next_token.as_deref());
            return Some(Request { path: RULES_PATH, body });
        }
        if let Some(targets_at) = self.targets_at
            && is_due(targets_at, now, TARGETS_EVERY + TARGETS_SPREAD)
        {
            self.round = Some(now);
            self.targets_at = Some(now + TARGETS_EVERY + self.jitter.within(TARGETS_SPREAD));
        }
        let reports = self.take_due(self.round?);
        if reports.is_empty() {
            self.round = None;
            return None;
        }
        let body = wire::targets_request(&self.client_id, now, &reports);
        self.under_way = Some(UnderWay::Targets(reports));
        Some(Request { path: TARGETS_PATH, body })
    }

    /// Takes what came of the request under way; without one nothing happens.
    ///
    /// # Errors
    /// What went wrong, in words for people. It is counted and dealt with already.
    pub fn answered(&mut self, answer: Answer<'_>, now: Duration) -> Result<(), CentralError> {
        let Some(under_way) = self.under_way.take() else { return Ok(()) };
        let result = match under_way {
            UnderWay::Rules => self.take_rules(answer, now),
            UnderWay::Targets(reports) => self.take_targets(answer, &reports, now),
        };
        if let Err(error) = &result {
            self.shared.status().fail(error, now);
        }
        result
    }

    fn take_rules(&mut self, answer: Answer<'_>, now: Duration) -> Result<(), CentralError> {
        let pages = self.pages.take().unwrap_or_default();
        let page = read(RULES_PATH, answer, |body| {
            self.pages_bytes += body.len();
            if self.pages_bytes > MAX_RULES_BYTES {
                return Err(format!("its rules have more than {MAX_RULES_BYTES} bytes"));
            }
            wire::read_rules(body)
        });
        let rules = match page.and_then(|page| self.turn(pages, page)) {
            Ok(None) => return Ok(()),
            Ok(Some(rules)) => rules,
            Err(error) => {
                let delay = RETRY_AFTER * (1 << self.rules_failures.min(5));
                self.rules_failures += 1;
                self.rules_at = now + delay.min(RULES_EVERY) + self.jitter.within(RULES_SPREAD);
                return Err(error);
            }
        };
        self.rules_failures = 0;
        self.rules_at = now + RULES_EVERY + self.jitter.within(RULES_SPREAD);
        if self.targets_at.is_none() {
            self.targets_at = Some(now + TARGETS_EVERY + self.jitter.within(TARGETS_SPREAD));
        }
        self.install(rules, now)
    }

    /// Adds a page; gives the pages back as one when it was the last.
    fn turn(&mut self, mut pages: Page, page: Page) -> Result<Option<Page>, CentralError> {
        self.pages_read += 1;
        let is_stuck = page.next_token.is_some() && page.next_token == pages.next_token;
        if is_stuck || self.pages_read > MAX_PAGES {
            let reason = "its pages do not end".to_owned();
            return Err(CentralError::Garbage { path: RULES_PATH, reason });
        }
        pages.rules.extend(page.rules);
        pages.skipped = pages.skipped.or(page.skipped);
        pages.next_token = page.next_token;
        if pages.next_token.is_none() {
            return Ok(Some(pages));
        }
        self.pages = Some(pages);
        Ok(None)
    }

    fn install(&mut self, pages: Page, now: Duration) -> Result<(), CentralError> {
        let Page { rules, skipped, .. } = pages;
        let garbage =
            |error| CentralError::Garbage { path: RULES_PATH, reason: format!("{error}") };
        let rules = Rules::in_order(rules).map_err(garbage)?;
        let shared = &*self.shared;
        let old = shared.central.load_full();
        let set = RuleSet::replacing(old.as_deref(), rules, now, &shared.service, shared.matching);
        let first = Schedule::new(now, TARGETS_EVERY);
        let names = set.rules.iter().filter_map(|live| live.rule.name.clone());
        let schedule =
            |name| (Arc::clone(&name), self.schedules.get(&name).copied().unwrap_or(first));
        self.schedules = names.map(schedule).collect();
        {
            let mut status = shared.status();
            (status.rules, status.fetched_at) = (set.rules.len(), Some(now));
        }
        shared.central.store(Some(Arc::new(set)));
        match skipped {
            Some(error) => Err(CentralError::Rule(error)),
            None => Ok(()),
        }
    }

    /// Takes the counts of rules that are due in this round, as many as one request may have.
    fn take_due(&self, round: Duration) -> Vec<Report> {
        let set = self.shared.central.load();
        let rules = set.iter().flat_map(|set| &set.rules);
        let report = |live: &super::Live| {
            let name = live.rule.name.as_ref()?;
            let counters = live.reservoir.counters();
            let schedule = self.schedules.get(name)?;
            (counters.has_requests() && schedule.is_due(round)).then(|| Report {
                name: Arc::clone(name),
                counts: counters.take(),
                counters: Arc::clone(counters),
            })
        };
        rules.filter_map(report).take(MAX_REPORTS).collect()
    }

    fn take_targets(
        &mut self,
        answer: Answer<'_>,
        reports: &[Report],
        now: Duration,
    ) -> Result<(), CentralError> {
        let targets = match read(TARGETS_PATH, answer, wire::read_targets) {
            Ok(targets) => targets,
            Err(error) => {
                reports.iter().for_each(put_back);
                self.round = None;
                return Err(error);
            }
        };
        let round = self.round.unwrap_or(now);
        for report in reports {
            if let Some(schedule) = self.schedules.get_mut(&report.name) {
                schedule.report(round);
            }
        }
        self.shared.status().reported_at = Some(now);
        let Targets { documents, modified_at, unprocessed } = targets;
        self.apply(documents);
        self.look_for_changes(modified_at, now);
        self.deal_with(unprocessed, reports, now)
    }

    fn apply(&mut self, documents: Vec<TargetDocument>) {
        let set = self.shared.central.load();
        for TargetDocument { name, target, interval } in documents {
            let live = set.as_ref().and_then(|set| set.by_name(&name));
            if let Some(live) = live {
                live.reservoir.apply(target);
            }
            if let Some((schedule, interval)) = self.schedules.get_mut(&*name).zip(interval) {
                schedule.set_interval(interval.min(MAX_AGE));
            }
        }
    }

    /// Fetches rules out of turn when they changed at or after the second in which ours were
    /// fetched; once for each change, should the clocks differ.
    fn look_for_changes(&mut self, modified_at: Option<f64>, now: Duration) {
        let set = self.shared.central.load();
        let (Some(modified_at), Some(set)) = (modified_at, set.as_ref()) else { return };
        let fetched_at = Duration::from_secs(set.fetched_at.as_secs());
        let is_new = self.fetched_for.is_none_or(|known| known < modified_at);
        if is_new && modified_at >= fetched_at.as_secs_f64() {
            self.fetched_for = Some(modified_at);
            self.rules_at = now;
        }
    }

    /// What the service could not take goes back, unless the report itself is wrong: then we hold
    /// a rule that it does not know.
    fn deal_with(
        &mut self,
        unprocessed: Vec<Unprocessed>,
        reports: &[Report],
        now: Duration,
    ) -> Result<(), CentralError> {
        if unprocessed.iter().any(Unprocessed::is_fault_of_report) {
            self.rules_at = now;
        }
        let is_to_come = |report: &&Report| {
            let mut of_rule = unprocessed.iter().filter(|it| *it.name == *report.name);
            of_rule.any(|it| !it.is_fault_of_report())
        };
        reports.iter().filter(is_to_come).for_each(put_back);
        let count = unprocessed.len();
        let Some(first) = unprocessed.into_iter().next() else { return Ok(()) };
        Err(CentralError::Unprocessed {
            count,
            rule: first.name,
            code: first.code,
            message: first.message,
        })
    }
}

fn put_back(report: &Report) {
    report.counters.put_back(report.counts);
}

fn read<T>(
    path: &'static str,
    answer: Answer<'_>,
    read: impl FnOnce(&[u8]) -> Result<T, String>,
) -> Result<T, CentralError> {
    match answer {
        Answer::Replied { status: 200..=299, body } => {
            read(body).map_err(|reason| CentralError::Garbage { path, reason })
        }
        Answer::Replied { status, .. } => {
            Err(CentralError::Status { path, status, reason: String::new() })
        }
        Answer::Refused { status, reason } => {
            Err(CentralError::Status { path, status, reason: reason.to_owned() })
        }
        Answer::Failed { reason } => {
            Err(CentralError::NoAnswer { path, reason: reason.to_owned() })
        }
    }
}
