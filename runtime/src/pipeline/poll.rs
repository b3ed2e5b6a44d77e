//! Questions that are asked now and then, for as long as the motor runs.
//!
//! In: a [`Poller`], which decides what to ask when, and a transport. Out: the answers, back to
//! the poller.
//! Never: decides when to ask; ends because a question failed or a poller panicked.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::sleep;

use super::settings::FOR_EVER;
use super::transport::{Transport, TransportError};
use super::worker::now;
use crate::diagnostics::{self, Throttle};
use crate::export::{Reply, Request};
use crate::guard::guard;

/// The shortest pause after a failure, and the shortest wait: no poller keeps the thread busy.
const MIN_PAUSE: Duration = Duration::from_millis(10);

/// How long a poller that panicked is left alone.
const PAUSE_AFTER_PANIC: Duration = Duration::from_mins(1);

/// From how many failures in a row on a silence is worth a line.
const LOUD_AFTER_FAILURES: u32 = 2;

/// The longest problem that is said, in characters.
const MAX_PROBLEM_CHARS: usize = 200;

/// What asks. Pure: it is given the time and told the answers.
pub trait Poller: Send + 'static {
    /// Stable name used in messages.
    const NAME: &'static str;

    /// What to do now; asked at the start, when a wait is over and after each answer.
    fn next(&mut self, now: Instant) -> Step;

    /// Takes the answer to the last question, whatever its status, or why there is none.
    ///
    /// # Errors
    /// What is wrong with it, for people. It is said at most once a minute, and only from the third
    /// time on when there was no answer: what is asked may just not be up yet.
    fn answered(
        &mut self,
        answer: Result<Reply, TransportError>,
        now: Instant,
    ) -> Result<(), String>;
}

/// What a [`Poller`] wants.
#[derive(Debug)]
pub enum Step {
    /// Send this at once.
    Ask(Request),
    /// Be asked again then.
    WaitUntil(Instant),
    /// Nothing, ever again.
    Stop,
}

/// A poller at work.
pub(super) struct Driver<P, T> {
    poller: P,
    transport: Arc<T>,
    /// How often in a row there was no answer.
    failures: u32,
    throttle: Throttle,
}

impl<P: Poller, T: Transport> Driver<P, T> {
    pub(super) fn new(poller: P, transport: T) -> Self {
        let (transport, throttle) = (Arc::new(transport), Throttle::default());
        Self { poller, transport, failures: 0, throttle }
    }

    /// Works until the poller stops.
    pub(super) async fn run(mut self) {
        loop {
            let pause = match guard(P::NAME, || self.poller.next(now())) {
                Some(Step::Stop) => return,
                Some(Step::WaitUntil(until)) => {
                    until.saturating_duration_since(now()).clamp(MIN_PAUSE, FOR_EVER)
                }
                Some(Step::Ask(request)) => self.ask(request).await,
                None => PAUSE_AFTER_PANIC,
            };
            if !pause.is_zero() {
                sleep(pause).await;
            }
        }
    }

    /// Asks and tells the poller; how long to leave it alone then.
    async fn ask(&mut self, request: Request) -> Duration {
        let host = diagnostics::host(request.url.reveal()).to_owned();
        let transport = Arc::clone(&self.transport);
        // A task of its own: a transport that panics only owes an answer.
        let mut asking = JoinSet::new();
        asking.spawn(async move { transport.send(request).await });
        let panicked = || TransportError::Garbage("the transport panicked".to_owned());
        let answer = asking.join_next().await.and_then(Result::ok);
        let answer = answer.unwrap_or_else(|| Err(panicked()));

        let has_answer = answer.is_ok();
        self.failures = if has_answer { 0 } else { self.failures.saturating_add(1) };
        let poller = &mut self.poller;
        match guard(P::NAME, || poller.answered(answer, now())) {
            None => return PAUSE_AFTER_PANIC,
            Some(Err(problem)) if has_answer || self.failures >= LOUD_AFTER_FAILURES => {
                self.say(&host, &problem);
            }
            Some(_) => {}
        }
        if has_answer { Duration::ZERO } else { MIN_PAUSE }
    }

    fn say(&mut self, host: &str, problem: &str) {
        let Some(held_back) = self.throttle.admit(now()) else { return };
        let (name, problem) = (P::NAME, diagnostics::shorten(problem, MAX_PROBLEM_CHARS));
        let more = match held_back {
            0 => String::new(),
            more => format!(" ({more} messages held back)"),
        };
        diagnostics::say(format_args!("{name} at {host}: {problem}{more}"));
    }
}
