//! What is not taken as it is: smaller forms of it, sent in its place until one is taken or none is left.

use std::sync::Arc;

use spanwright::export::{Batch, EncodeError, Exporter, Limits, Reply, Request, Verdict};
use spanwright::loss::LossReason;
use spanwright::record::Processor;
use spanwright::secret::Secret;
use support::http_server::{Answer, HttpServer};

use crate::rig::{LONG, Rig, Sum, client, delivered, lost, quick, sum};

/// A dialect of words, one a line, whose smaller form is the first half.
struct Words {
    url: String,
    limits: Limits,
}

impl Exporter for Words {
    type Record = &'static str;

    const NAME: &'static str = "words";

    fn weigh(record: &&'static str) -> usize {
        record.len() + 1
    }

    fn limits(&self) -> Limits {
        self.limits
    }

    fn encode(&mut self, record: &&'static str, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        out.extend_from_slice(record.as_bytes());
        out.push(b'\n');
        Ok(())
    }

    fn request(&self, batch: &Batch) -> Request {
        let body = vec![batch.bytes().clone()];
        Request { url: Secret::new(self.url.clone()), headers: Vec::new(), body }
    }

    fn reduce(&self, item: &[u8], reply: &Reply) -> Option<Vec<u8>> {
        let word = item.trim_ascii_end();
        assert_ne!(word, b"panic");
        match word {
            b"grows" => Some(b"grows and grows\n".to_vec()),
            b"stays" => Some(b"STAYS\n".to_vec()),
            _ if word.len() < 2 => None,
            // The answer may say how far to go.
            _ => {
                let most = reply.header("x-most-bytes").and_then(|most| most.parse().ok());
                let mut form = word[..most.unwrap_or(word.len() / 2)].to_vec();
                form.push(b'\n');
                Some(form)
            }
        }
    }

    fn verdict(&self, _: &Batch, reply: &Reply) -> Verdict {
        match reply.status {
            200 => Verdict::Delivered,
            413 => Verdict::Split,
            429 => Verdict::Retry { after: reply.retry_after, reason: "busy".to_owned() },
            status => Verdict::Reduce { reason: format!("status {status}") },
        }
    }
}

/// The words through a scripted server; the counts and the bodies of the requests.
fn play(script: Vec<Answer>, otherwise: Answer, words: &[&'static str]) -> (Sum, Vec<String>) {
    let (server, log) = HttpServer::scripted(script, otherwise);
    // The batch is full with the last word, and not before.
    let limits = Limits { items: words.len(), bytes: 1_000, overhead_bytes: 0 };
    let rig = Rig::new(Words { url: server.url(), limits }, client(LONG), &quick());
    let tally = rig.deliver(&Arc::from(words));
    let text = |body: Vec<u8>| String::from_utf8(body).expect("words are text").replace('\n', " ");
    let bodies = log.all().into_iter().map(|received| text(received.body));
    (sum(tally), bodies.map(|body| body.trim_end().to_owned()).collect())
}

fn ok() -> Answer {
    Answer::status(200)
}

#[test]
fn smaller_forms_are_sent_until_one_is_taken() {
    let script = vec![Answer::status(400), Answer::status(422)];
    let (sum, bodies) = play(script, ok(), &["abcdefgh", "ijklmnop"]);
    assert_eq!(sum, delivered(2));
    assert_eq!(bodies, ["abcdefgh ijklmnop", "abcd ijkl", "ab ij"]);
}

#[test]
fn what_has_no_form_left_is_refused_and_the_others_go_on() {
    let (sum, bodies) = play(vec![Answer::status(400)], ok(), &["a", "bb", "c", "dd"]);
    assert_eq!(sum, Sum(4, 2, 0, vec![(LossReason::Refused, 2)]));
    assert_eq!(bodies, ["a bb c dd", "b d"]);
}

#[test]
fn a_form_that_is_not_smaller_is_none() {
    let (sum, bodies) = play(vec![], Answer::status(400), &["grows", "stays"]);
    assert_eq!(sum, lost(2, LossReason::Refused));
    assert_eq!(bodies, ["grows stays"]);
}

#[test]
fn forms_come_to_an_end_whatever_the_answer_is() {
    let (sum, bodies) = play(vec![], Answer::status(400), &["abcdefghi"]);
    assert_eq!(sum, lost(1, LossReason::Refused));
    assert_eq!(bodies, ["abcdefghi", "abcd", "ab", "a"]);
}

#[test]
fn too_much_at_once_is_split_first_and_made_smaller_when_it_is_alone() {
    let script = vec![Answer::status(413), Answer::status(413)];
    let (sum, bodies) = play(script, ok(), &["abcd", "efgh"]);
    assert_eq!(sum, delivered(2));
    // What is not smaller than what was refused alone is made smaller before it is sent.
    assert_eq!(bodies, ["abcd efgh", "abcd", "ab", "ef"]);

    let (sum, bodies) = play(vec![], Answer::status(413), &["abcd"]);
    assert_eq!(sum, lost(1, LossReason::TooLarge));
    assert_eq!(bodies, ["abcd", "ab", "a"]);
}

#[test]
fn a_smaller_form_is_retried_like_any_other() {
    let script = vec![Answer::status(400), Answer::Reset, Answer::status(429)];
    let (sum, bodies) = play(script, ok(), &["abcd"]);
    assert_eq!(sum, delivered(1));
    assert_eq!(bodies, ["abcd", "ab", "ab", "ab"]);
}

#[test]
fn the_answer_that_did_not_take_it_is_there_when_a_form_is_made() {
    let script = vec![Answer::status(400).header("X-Most-Bytes", "3")];
    let (_, bodies) = play(script, ok(), &["abcdefgh"]);
    assert_eq!(bodies, ["abcdefgh", "abc"]);
}

#[test]
fn a_panic_while_a_form_is_made_costs_the_batch_and_the_worker_goes_on() {
    let (server, log) = HttpServer::scripted(vec![Answer::status(400)], ok());
    let limits = Limits { items: 2, bytes: 1_000, overhead_bytes: 0 };
    let rig = Rig::new(Words { url: server.url(), limits }, client(LONG), &quick());
    rig.handle.process(&Arc::from(["abcd", "panic"]));
    assert!(rig.flush(LONG).in_time);
    let tally = rig.deliver(&Arc::from(["efgh"]));
    assert_eq!(sum(tally), Sum(3, 1, 0, vec![(LossReason::WorkerPanicked, 2)]));
    assert_eq!(log.all().len(), 2);
}

#[test]
fn the_memory_of_what_became_smaller_is_given_back_at_once() {
    let script = vec![Answer::status(400), Answer::Hang];
    let (server, _) = HttpServer::scripted(script, ok());
    let limits = Limits { items: 3, bytes: 1_000, overhead_bytes: 0 };
    let rig = Rig::new(Words { url: server.url(), limits }, client(LONG), &quick());
    rig.handle.process(&Arc::from(["abcdefgh", "ijklmnop", "q"]));
    server.wait_for(2);
    assert_eq!((rig.handle.held_bytes(), rig.handle.ledger().tally().lost()), (10, 1));
}
