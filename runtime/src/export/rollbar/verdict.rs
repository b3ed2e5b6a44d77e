//! What an answer means.
//!
//! | answer | meaning |
//! |---|---|
//! | 2xx with `"err": 0` | delivered; of a failsafe item: the record it stands for is rejected |
//! | 2xx with any other `err`, 400, 422 | a plainer form; a failsafe item is refused |
//! | 413 | a smaller form; larger items are not sent again |
//! | 2xx with a body that cannot be read | delivered, and worth a word |
//! | 401, 403 | the token is wrong: retry after five minutes |
//! | 404 | the address is wrong: refused |
//! | 429 | retry after `X-Rate-Limit-Remaining-Seconds`, or else `Retry-After` |
//! | 5xx | retry |
//! | any other | refused |
//!
//! Sources: <https://docs.rollbar.com/reference/create-item>,
//! <https://docs.rollbar.com/docs/rate-limits>. `X-Rate-Limit-Reset` says the same as the
//! seconds, by a clock that is not here. A token can be given its scope while the service runs, so what
//! waits for that is kept, as far as the queue reaches.

use std::time::Duration;

use serde_json::Value;

use super::failsafe::is_failsafe;
use super::text::cut;
use crate::export::{Batch, Reply, Verdict, answer_text};

/// How long nothing is sent after Rollbar has said no to the token.
const TOKEN_WAIT: Duration = Duration::from_mins(5);

/// The most of a refusal's text that is told, in characters.
const MAX_TEXT_CHARS: usize = 500;

/// The most of it before what to do about it, in characters: what a line of ours has room for.
const MAX_HINTED_CHARS: usize = 100;

pub(super) fn verdict(batch: &Batch, reply: &Reply) -> Verdict {
    let reason = || reason(reply);
    let hinted = |hint| format!("{}; {hint}", cut(&reason(), MAX_HINTED_CHARS));
    match reply.status {
        200..=299 => success(batch, reply),
        400 | 422 => plainer(batch, reply),
        413 => Verdict::Split,
        401 | 403 => {
            let hint = "ROLLBAR_ACCESS_TOKEN has to be a token with the scope `post_server_item`";
            Verdict::Retry { after: Some(TOKEN_WAIT), reason: hinted(hint) }
        }
        404 => {
            let hint = "ROLLBAR_ENDPOINT is not where items are taken";
            Verdict::Refused { reason: hinted(hint) }
        }
        429 => Verdict::Retry { after: wait(reply), reason: reason() },
        500..=599 => Verdict::Retry { after: reply.retry_after, reason: reason() },
        _ => Verdict::Refused { reason: reason() },
    }
}

/// The status, and what the answer says about it.
pub(super) fn reason(reply: &Reply) -> String {
    let status = reply.status;
    let answer = serde_json::from_slice::<Value>(&reply.body).unwrap_or_default();
    let text = answer["message"].as_str().map_or(&reply.body[..], str::as_bytes);
    match answer_text::line(text, MAX_TEXT_CHARS) {
        text if text.is_empty() => format!("status {status}"),
        text => format!("status {status}: {text}"),
    }
}

fn success(batch: &Batch, reply: &Reply) -> Verdict {
    let answer = serde_json::from_slice::<Value>(&reply.body).unwrap_or_default();
    match answer["err"].as_i64() {
        Some(0) if batch.items().any(is_failsafe) => {
            let message = "the report itself was refused, an item that says so has arrived";
            Verdict::Partial { rejected: 1, message: message.to_owned() }
        }
        Some(0) => Verdict::Delivered,
        Some(_) => plainer(batch, reply),
        None => {
            let message = "the answer says success, its body cannot be read".to_owned();
            Verdict::Partial {
                rejected: batch.items().filter(|item| is_failsafe(item)).count(),
                message,
            }
        }
    }
}

/// What Rollbar has not taken it may take in a plainer form, of which the failsafe item is the last.
fn plainer(batch: &Batch, reply: &Reply) -> Verdict {
    let reason = reason(reply);
    if batch.items().any(is_failsafe) {
        Verdict::Refused { reason }
    } else {
        Verdict::Reduce { reason }
    }
}

fn wait(reply: &Reply) -> Option<Duration> {
    let seconds = reply.header("x-rate-limit-remaining-seconds");
    let seconds = seconds.and_then(|seconds| seconds.trim().parse::<f64>().ok());
    let seconds = seconds.filter(|seconds| *seconds >= 0.0);
    // What is beyond all bounds is for ever.
    let asked = seconds.map(|it| Duration::try_from_secs_f64(it).unwrap_or(Duration::MAX));
    asked.or(reply.retry_after)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAILSAFE: &str = r#"{"data":{"custom":{"spanwright":{"failsafe":true}}}}"#;

    fn reply(status: u16, body: &str) -> Reply {
        Reply { status, body: body.to_owned().into(), ..Reply::default() }
    }

    fn of(item: &str, status: u16, body: &str) -> Verdict {
        let batch = Batch::new(item.as_bytes().to_vec(), vec![item.len()]);
        verdict(&batch, &reply(status, body))
    }

    /// A letter for each verdict.
    fn letters(item: &str) -> String {
        let statuses = [301, 400, 401, 403, 404, 408, 413, 418, 422, 429, 500, 502, 503, 504];
        let letter = |status| match of(item, status, "") {
            Verdict::Delivered => 'd',
            Verdict::Sent { .. } => 'u',
            Verdict::Partial { .. } => 'p',
            Verdict::Retry { after: Some(TOKEN_WAIT), .. } => 't',
            Verdict::Retry { .. } => 'r',
            Verdict::Split => 's',
            Verdict::Isolate { .. } => 'i',
            Verdict::Reduce { .. } => 'l',
            Verdict::Refused { .. } => 'x',
        };
        statuses.into_iter().map(letter).collect()
    }

    #[test]
    fn each_status_has_its_meaning() {
        assert_eq!(letters("{}"), "xlttxxsxlrrrrr");
    }

    #[test]
    fn there_is_nothing_plainer_than_a_failsafe_item() {
        assert_eq!(letters(FAILSAFE), "xxttxxsxxrrrrr");
        let reason = "status 200: bad".to_owned();
        let found = of(FAILSAFE, 200, r#"{"err":1,"message":"bad"}"#);
        assert_eq!(found, Verdict::Refused { reason });
    }

    #[test]
    fn a_success_is_what_says_that_there_was_no_error() {
        let fine = r#"{"err":0,"result":{"id":null,"uuid":"x"}}"#;
        assert_eq!(of("{}", 200, fine), Verdict::Delivered);
        let reason = "status 200: bad".to_owned();
        assert_eq!(of("{}", 200, r#"{"err":1,"message":"bad"}"#), Verdict::Reduce { reason });
        for garbage in ["", "<html>", "{}", "[]", r#"{"err":"0"}"#] {
            let found = of("{}", 200, garbage);
            assert!(matches!(found, Verdict::Partial { rejected: 0, .. }), "{garbage}: {found:?}");
        }
    }

    #[test]
    fn a_failsafe_item_that_arrives_stands_for_a_record_that_did_not() {
        for body in [r#"{"err":0}"#, "garbage"] {
            let found = of(FAILSAFE, 200, body);
            assert!(matches!(found, Verdict::Partial { rejected: 1, .. }), "{body}: {found:?}");
        }
    }

    #[test]
    fn the_wait_is_the_one_that_is_asked_for() {
        let after = |headers: &[(&str, &str)], retry_after| {
            let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
            let headers = headers.iter().map(own).collect();
            let reply = Reply { retry_after, headers, ..reply(429, "") };
            match verdict(&Batch::default(), &reply) {
                Verdict::Retry { after, .. } => after.map(|after| after.as_secs()),
                other => panic!("expected a retry, found {other:?}"),
            }
        };
        let (asked, later) = ("x-rate-limit-remaining-seconds", Some(Duration::from_secs(9)));
        let reset = ("x-rate-limit-reset", "1795166494");
        assert_eq!(after(&[reset, (asked, "36")], later), Some(36));
        for garbage in ["-1", "", "soon", "NaN"] {
            assert_eq!(after(&[reset, (asked, garbage)], later), Some(9), "{garbage}");
        }
        assert_eq!(after(&[(asked, "36.7")], later), Some(36));
        for huge in ["99999999999", "99999999999999999999999"] {
            assert!(after(&[(asked, huge)], later) >= Some(99_999_999_999), "{huge}");
        }
        assert_eq!(after(&[reset], None), None);
    }

    #[test]
    fn however_long_an_answer_is_the_variable_is_named_in_the_part_that_is_told() {
        let page = "<html>".repeat(1_000);
        let Verdict::Retry { reason, .. } = of("{}", 401, &page) else {
            panic!("expected a retry")
        };
        assert!(reason.len() <= 200 && reason.contains("`post_server_item`"), "{reason}");
        let Verdict::Refused { reason } = of("{}", 404, &page) else {
            panic!("expected a refusal")
        };
        assert!(reason.len() <= 200 && reason.contains("ROLLBAR_ENDPOINT"), "{reason}");
    }

    #[test]
    fn a_wrong_token_or_address_is_named_by_its_variable() {
        let body = r#"{"err":1,"message":"access token not found"}"#;
        let Verdict::Retry { reason, .. } = of("{}", 403, body) else { panic!("expected a retry") };
        assert_eq!(
            reason,
            "status 403: access token not found; ROLLBAR_ACCESS_TOKEN has to be a token with the \
             scope `post_server_item`"
        );
        let Verdict::Refused { reason } = of("{}", 404, "") else { panic!("expected a refusal") };
        assert_eq!(reason, "status 404; ROLLBAR_ENDPOINT is not where items are taken");
    }

    #[test]
    fn page_of_a_proxy_is_one_line_of_text() {
        let page = "<html>\n<head><title>Bad\ngateway</title></head>\n<body>nginx</body></html>";
        assert_eq!(reason(&reply(502, page)), "status 502: Bad gateway");
        let long = reason(&reply(500, &"word\n".repeat(10_000)));
        assert!(long.chars().count() < 600 && !long.contains('\n'), "{long}");
    }
}
