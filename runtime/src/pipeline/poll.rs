//! Questions that are asked now and then, for as long as the motor runs.
//!
//! In: a [`Poller`], which decides what to ask when, and a transport. Out: the answers, back to
//! the poller.
//! Never: decides when to ask; ends because a question failed or a poller panicked.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::sleep_until;

use super::transport::{Transport, TransportError};
use super::worker::now;
use crate::diagnostics::{self, Throttle};
use crate::export::{Reply, Request};

/// The least time between a failure, or a look at the clock, and the next question: no poller can
/// keep the thread busy.
const MIN_PAUSE: Duration = Duration::from_millis(10);

/// How long a poller that panicked is left alone.
const PAUSE_AFTER_PANIC: Duration = Duration::from_mins(1);

/// From how many failures in a row on a silence is worth a line.
const LOUD_AFTER_FAILURES: u32 = 3;

/// What asks. Pure: it is given the time and told the answers.
pub trait Poller: Send + 'static {
    /// Stable name used in messages.
    const NAME: &'static str;

    /// What to do now; asked at the start, when a wait is over and after each answer.
    fn next(&mut self, now: Instant) -> Step;

    /// Takes the answer to the last question, whatever its status, or why there is none.
    fn answered(&mut self, answer: Result<Reply, TransportError>, now: Instant);
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

/// Drives a poller until it stops.
pub(super) async fn run<P: Poller, T: Transport>(mut poller: P, transport: Arc<T>) {
    let (mut failures, mut throttle) = (0_u32, Throttle::default());
    loop {
        let step = catch_unwind(AssertUnwindSafe(|| poller.next(now())));
        let is_well = match step {
            Ok(Step::Stop) => return,
            Ok(Step::WaitUntil(until)) => {
                sleep_until(until.max(now() + MIN_PAUSE).into()).await;
                true
            }
            Ok(Step::Ask(request)) => {
                let host = diagnostics::host(request.url.reveal()).to_owned();
                let answer = ask(&transport, request).await;
                failures = if answer.is_ok() { 0 } else { failures.saturating_add(1) };
                if let Err(error) = &answer
                    && failures >= LOUD_AFTER_FAILURES
                    && throttle.admit(now()).is_some()
                {
                    let name = P::NAME;
                    diagnostics::say(format_args!("{name} at {host}: no answer: {error}"));
                }
                if answer.is_err() {
                    sleep_until((now() + MIN_PAUSE).into()).await;
                }
                catch_unwind(AssertUnwindSafe(|| poller.answered(answer, now()))).is_ok()
            }
            Err(_) => false,
        };
        if !is_well {
            sleep_until((now() + PAUSE_AFTER_PANIC).into()).await;
        }
    }
}

/// Asks in a task of its own, so that a transport that panics only owes an answer.
async fn ask<T: Transport>(transport: &Arc<T>, request: Request) -> Result<Reply, TransportError> {
    let transport = Arc::clone(transport);
    let mut asking = JoinSet::new();
    asking.spawn(async move { transport.send(request).await });
    match asking.join_next().await {
        Some(Ok(answer)) => answer,
        _ => Err(TransportError::Garbage("the transport panicked".to_owned())),
    }
}
