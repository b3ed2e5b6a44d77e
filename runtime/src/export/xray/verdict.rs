//! What an answer means.
//!
//! | answer | meaning |
//! |---|---|
//! | 2xx without a body | delivered |
//! | 2xx with `UnprocessedTraceSegments` | these are rejected, which is final |
//! | 413 to datagrams | a document is too large for one: isolate its trace |
//! | any other 413, or a body that says the request is too large | too much at once: split |
//! | 429, 5xx, or a body that speaks of throttling | retry |
//! | any other | refused |
//!
//! What is rejected is counted as it was accepted: a trace of which a document is, counts once.
//!
//! Source: <https://docs.aws.amazon.com/xray/latest/api/API_PutTraceSegments.html>.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::encode;
use crate::export::{AccessProblem, Batch, Refusal, Reply, Verdict, answer_text};
use crate::notes::Notes;

/// The most of a refusal's text that is told, in characters.
const MAX_TEXT_CHARS: usize = 1_024;

pub(super) fn verdict(batch: &Batch, reply: &Reply, is_acked: bool, notes: &Notes) -> Verdict {
    let retry = || Verdict::Retry { after: reply.retry_after, reason: refusal(reply) };
    match reply.status {
        200..=299 => success(batch, &reply.body, notes),
        413 if !is_acked => Verdict::Isolate { is_too_large: true, reason: String::new() },
        413 => Verdict::Split,
        429 | 500..=599 => retry(),
        _ if says(reply, "TooLarge") => Verdict::Split,
        _ if says(reply, "Throttl") => retry(),
        _ => Verdict::Refused { reason: refusal(reply) },
    }
}

fn success(batch: &Batch, body: &[u8], notes: &Notes) -> Verdict {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Verdict::Delivered;
    }
    let Ok(answer) = serde_json::from_slice::<Value>(body) else {
        let message = "the answer says success, its body cannot be read".to_owned();
        return Verdict::Partial { rejected: 0, message };
    };
    let unprocessed = answer["UnprocessedTraceSegments"].as_array().map_or(&[][..], |all| all);
    if unprocessed.is_empty() {
        return Verdict::Delivered;
    }
    let mut codes = BTreeMap::<&str, (usize, &str)>::new();
    for segment in unprocessed {
        let code = segment["ErrorCode"].as_str().unwrap_or("unknown");
        let message = segment["Message"].as_str().unwrap_or_default();
        codes.entry(code).or_insert((0, message)).0 += 1;
        let id = segment["Id"].as_str().unwrap_or("unknown");
        notes.example("refused by X-Ray", id, &format!("{code}: {message}"));
    }
    let told = codes.iter().map(|(code, (count, message))| match *message {
        "" => format!("{count} × {code}"),
        message => format!("{count} × {code} ({message})"),
    });
    let message = told.collect::<Vec<_>>().join(", ");
    let message = answer_text::line(message.as_bytes(), MAX_TEXT_CHARS);
    Verdict::Partial { rejected: traces_of(batch, unprocessed), message }
}

/// How many traces these documents belong to; one of which nobody knows is one more.
fn traces_of(batch: &Batch, unprocessed: &[Value]) -> usize {
    let (named, nameless): (Vec<_>, Vec<_>) =
        unprocessed.iter().map(|segment| segment["Id"].as_str()).partition(Option::is_some);
    let mut ids: BTreeSet<&str> = named.into_iter().flatten().collect();
    let traces = batch.items().filter(|item| {
        let known = encode::documents(item).filter_map(|document| document.id(item));
        // All of them, since each is named once.
        known.filter(|id| ids.remove(id)).count() > 0
    });
    traces.count() + ids.len() + nameless.len()
}

fn says(reply: &Reply, word: &str) -> bool {
    str::from_utf8(&reply.body).is_ok_and(|body| body.contains(word))
}

/// Returns the code and the message of a refusal, and what to do where the service does not accept the
/// credentials of the daemon.
pub(crate) fn refusal(reply: &Reply) -> String {
    let refusal = Refusal::of(reply);
    match refusal.access().map(of_daemon) {
        Some(hint) => format!("{hint} ({refusal})"),
        None => refusal.to_string(),
    }
}

/// The problem with the credentials of the daemon, which signs.
const fn of_daemon(problem: AccessProblem) -> &'static str {
    match problem {
        AccessProblem::Clock => "the clock of the daemon's machine is off",
        AccessProblem::Region => "the daemon signs for another region: see its option -n",
        AccessProblem::WrongSecret => "the daemon's secret does not belong to its access key",
        AccessProblem::Expired => "the daemon's credentials have expired",
        AccessProblem::UnknownKey => "AWS does not know the daemon's access key",
        AccessProblem::Unsigned => "the daemon has no credentials",
        AccessProblem::NotAllowed => {
            "the daemon's credentials need the policy AWSXRayDaemonWriteAccess"
        }
        AccessProblem::Unknown => "the answer has no code of AWS: is it the daemon's?",
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn of(status: u16, body: &str) -> Verdict {
        let reply = Reply { status, body: body.to_owned().into(), ..Reply::default() };
        verdict(&Batch::default(), &reply, true, &Notes::default())
    }

    #[test]
    fn each_status_has_its_meaning() {
        let found: String = [200, 204, 301, 400, 403, 404, 413, 429, 500, 502, 503, 504]
            .into_iter()
            .map(|status| match of(status, "") {
                Verdict::Delivered => 'd',
                Verdict::Sent { .. } => 'u',
                Verdict::Split => 's',
                Verdict::Isolate { .. } => 'i',
                Verdict::Retry { .. } => 'r',
                Verdict::Refused { .. } => 'x',
                Verdict::Partial { .. } => 'p',
                Verdict::Reduce { .. } => 'm',
            })
            .collect();
        assert_eq!(found, "ddxxxxsrrrrr");
    }

    #[test]
    fn an_answer_without_unprocessed_segments_is_a_delivery() {
        for body in ["", " \n", "{}", r#"{"UnprocessedTraceSegments":[]}"#] {
            assert_eq!(of(200, body), Verdict::Delivered, "{body:?}");
        }
        let Verdict::Partial { rejected: 0, message } = of(200, "<html>") else {
            panic!("expected a note");
        };
        assert!(message.contains("cannot be read"), "{message}");
    }

    #[test]
    fn unprocessed_segments_are_counted_by_code_and_kept() {
        let body = r#"{"UnprocessedTraceSegments":[
            {"Id":"70de5b6f19ff9a0a","ErrorCode":"InvalidName","Message":"bad name"},
            {"Id":"70de5b6f19ff9a0b","ErrorCode":"InvalidName","Message":"bad name"},
            {"ErrorCode":"ParseError"}]}"#;
        let notes = Notes::default();
        let reply = Reply { status: 200, body: body.into(), ..Reply::default() };
        let message = "2 × InvalidName (bad name), 1 × ParseError".to_owned();
        assert_eq!(
            verdict(&Batch::default(), &reply, true, &notes),
            Verdict::Partial { rejected: 3, message }
        );
        let all = notes.all();
        let kind = &all["refused by X-Ray"];
        let ids: Vec<_> = kind.examples.iter().map(|example| &*example.was).collect();
        assert_eq!((kind.count, ids), (3, vec!["70de5b6f19ff9a0a", "70de5b6f19ff9a0b", "unknown"]));
    }

    /// Traces of documents with these ids, which are filled up with zeros.
    fn traces(of: &[&[&str]]) -> Batch {
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        for ids in of {
            for id in *ids {
                let json = format!("{{\"id\":\"{id:0<16}\"}}");
                let len = u32::try_from(super::super::HEADER.len() + json.len()).unwrap();
                bytes.push(0);
                bytes.extend_from_slice(&len.to_le_bytes());
                bytes.extend_from_slice(super::super::HEADER);
                bytes.extend_from_slice(json.as_bytes());
            }
            ends.push(bytes.len());
        }
        Batch::new(bytes, ends)
    }

    #[test]
    fn a_trace_of_several_documents_is_rejected_once() {
        let batch = traces(&[&["a1", "a2", "a3"], &["b1"], &["c1", "c2"]]);
        let full = |id: &str| format!("{id:0<16}");
        for (refused, expected) in [
            (vec!["a1", "a3"], 1),
            (vec!["a2", "c1"], 2),
            (vec!["b1", "c1", "c2"], 2),
            (vec!["a1", "unknown"], 2),
        ] {
            let all: Vec<_> =
                refused.iter().map(|id| serde_json::json!({"Id": full(id)})).collect();
            let body = serde_json::json!({"UnprocessedTraceSegments": all}).to_string();
            let reply = Reply { status: 200, body: body.into(), ..Reply::default() };
            let verdict = verdict(&batch, &reply, true, &Notes::default());
            let Verdict::Partial { rejected, .. } = verdict else { panic!("{refused:?}") };
            assert_eq!(rejected, expected, "{refused:?}");
        }
    }

    #[test]
    fn words_in_a_refusal_count() {
        assert!(matches!(of(400, r#"{"__type":"ThrottledException"}"#), Verdict::Retry { .. }));
        assert_eq!(of(400, r#"{"__type":"RequestTooLargeException"}"#), Verdict::Split);
        for (body, reason) in [
            ("", "status 400"),
            ("no ", "no (status 400)"),
            (r#"{"message":"signed?"}"#, "signed? (status 400)"),
            ("<html><title>Bad</title>\n<p>page</p></html>", "Bad (status 400)"),
        ] {
            assert_eq!(of(400, body), Verdict::Refused { reason: reason.to_owned() });
        }
        for (body, reason) in [
            ("", "the answer has no code of AWS: is it the daemon's? (status 403)"),
            (
                r#"{"__type":"UnrecognizedClientException","message":"no such key"}"#,
                "AWS does not know the daemon's access key \
                 (UnrecognizedClientException: no such key (status 403))",
            ),
            (
                r#"{"message":"Signature expired: 20261120T100000Z"}"#,
                "the clock of the daemon's machine is off \
                 (Signature expired: 20261120T100000Z (status 403))",
            ),
        ] {
            assert_eq!(of(403, body), Verdict::Refused { reason: reason.to_owned() });
        }
        let after = Some(Duration::from_secs(3));
        let reply =
            Reply { status: 503, retry_after: after, body: "busy".into(), ..Reply::default() };
        let reason = "busy (status 503)".to_owned();
        assert_eq!(
            verdict(&Batch::default(), &reply, true, &Notes::default()),
            Verdict::Retry { after, reason }
        );
    }
}
