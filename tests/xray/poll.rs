//! Questions asked now and then.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use spanwright::export::{Reply, Request};
use spanwright::pipeline::transport::TransportError;
use spanwright::pipeline::{Motor, Poller, Step};
use spanwright::secret::Secret;
use support::http_server::Answer;
use support::rig::{LONG, client};
use support::xray_daemon::XrayDaemon;

const PATH: &str = "/GetSamplingRules";

/// Plays steps one by one and tells what it answers.
struct Script {
    url: String,
    steps: Vec<Play>,
    heard: Sender<Result<u16, String>>,
}

#[derive(Clone, Copy)]
enum Play {
    Ask,
    WaitAndAsk(Duration),
    Panic,
    AskAndPanicAtTheAnswer,
    WaitForEver,
}

impl Script {
    fn new(daemon: &XrayDaemon, steps: &[Play]) -> (Self, Receiver<Result<u16, String>>) {
        let (heard, answers) = channel();
        let url = format!("http://{}{PATH}", daemon.address());
        let steps = steps.iter().rev().copied().collect();
        (Self { url, steps, heard }, answers)
    }

    fn ask(&self) -> Step {
        let url = Secret::new(self.url.clone());
        Step::Ask(Request { url, headers: Vec::new(), body: vec!["{}".into()] })
    }
}

impl Poller for Script {
    const NAME: &'static str = "script";

    fn next(&mut self, now: Instant) -> Step {
        match self.steps.last().copied() {
            Some(Play::Ask | Play::AskAndPanicAtTheAnswer) => self.ask(),
            Some(Play::WaitAndAsk(delay)) => {
                self.steps.pop();
                self.steps.push(Play::Ask);
                Step::WaitUntil(now + delay)
            }
            Some(Play::Panic) => panic!("on purpose"),
            Some(Play::WaitForEver) => Step::WaitUntil(now + LONG * 1000),
            None => Step::Stop,
        }
    }

    fn answered(
        &mut self,
        answer: Result<Reply, TransportError>,
        _: Instant,
    ) -> Result<(), String> {
        let status = answer.map(|reply| reply.status).map_err(|error| error.to_string());
        // A test that has heard enough is gone.
        let _ = self.heard.send(status.clone());
        assert!(!matches!(self.steps.pop(), Some(Play::AskAndPanicAtTheAnswer)), "on purpose");
        status.map(drop)
    }
}

fn motor() -> Motor {
    Motor::start().expect("the system has a thread to spare")
}

#[test]
fn a_poller_asks_when_it_wants_to_hears_every_answer_and_ends_when_it_is_done() {
    let (daemon, motor) = (XrayDaemon::start(), motor());
    daemon.script(PATH, [Answer::status(200), Answer::status(503), Answer::Reset]);
    let delay = Duration::from_millis(30);
    let steps = [Play::Ask, Play::Ask, Play::Ask, Play::WaitAndAsk(delay)];
    let (script, answers) = Script::new(&daemon, &steps);
    let begin = tokio::time::Instant::now();
    motor.poll(script, client(LONG));
    let heard: Vec<_> = answers.iter().collect();
    assert_eq!([&heard[0], &heard[1], &heard[3]], [&Ok(200), &Ok(503), &Ok(200)]);
    assert!(
        heard[2].as_ref().is_err_and(|error| error.starts_with("connection lost")),
        "{heard:?}"
    );
    assert_eq!(heard.len(), 4);
    assert!(begin.elapsed() >= delay);
    assert_eq!(daemon.requests()[0].body, b"{}");
}

#[test]
fn a_question_that_hangs_or_finds_nobody_is_a_failure_like_others() {
    let (mut daemon, motor) = (XrayDaemon::start(), motor());
    daemon.script(PATH, [Answer::Hang]);
    let (script, answers) = Script::new(&daemon, &[Play::Ask]);
    motor.poll(script, client(Duration::from_millis(30)));
    assert_eq!(answers.recv_timeout(LONG), Ok(Err("no answer within 30ms".to_owned())));

    daemon.stop();
    let (script, answers) = Script::new(&daemon, &[Play::Ask; 5]);
    motor.poll(script, client(LONG));
    let heard: Vec<_> = answers.iter().collect();
    let is_refused = |it: &Result<u16, String>| {
        it.as_ref().is_err_and(|error| error.starts_with("cannot connect"))
    };
    assert!(heard.len() == 5 && heard.iter().all(is_refused), "{heard:?}");
}

#[test]
fn a_poller_that_panics_is_left_alone_for_a_while_and_harms_nobody() {
    let (daemon, motor) = (XrayDaemon::start(), motor());
    let (first, first_answers) = Script::new(&daemon, &[Play::Panic]);
    let (second, second_answers) = Script::new(&daemon, &[Play::AskAndPanicAtTheAnswer, Play::Ask]);
    let (third, third_answers) = Script::new(&daemon, &[Play::Ask]);
    motor.poll(first, client(LONG));
    motor.poll(second, client(LONG));
    motor.poll(third, client(LONG));
    assert_eq!(third_answers.iter().collect::<Vec<_>>(), [Ok(200)]);
    assert_eq!(second_answers.recv_timeout(LONG), Ok(Ok(200)));
    for answers in [first_answers, second_answers] {
        let still_there = answers.recv_timeout(Duration::from_millis(30));
        assert_eq!(still_there, Err(std::sync::mpsc::RecvTimeoutError::Timeout));
    }
    assert_eq!(daemon.requests().len(), 2);
}

#[test]
fn pollers_end_with_the_motor() {
    let daemon = XrayDaemon::start();
    daemon.script(PATH, [Answer::Hang]);
    for steps in [Play::Ask, Play::WaitForEver] {
        let motor = motor();
        let (script, answers) = Script::new(&daemon, &[steps]);
        motor.poll(script, client(LONG));
        assert!(motor.shutdown(LONG).is_empty());
        // Nothing is heard, and whoever would tell is gone.
        assert_eq!(
            answers.recv_timeout(LONG),
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected)
        );
    }
}
