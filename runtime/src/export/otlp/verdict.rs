//! What an answer means.
//!
//! | status | meaning |
//! |---|---|
//! | 2xx | delivered; with `partial_success` some records are rejected, which is final |
//! | 413 | too much at once: split |
//! | 429, 502, 503, 504 | retry, after `Retry-After` when it is given |
//! | any other | refused |
//!
//! Source: <https://opentelemetry.io/docs/specs/otlp/#otlphttp-response>. Splitting on 413 is
//! ours: the specification only says that the request is not to be repeated. The answer about log
//! records has the same fields under the same numbers as that about spans.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;

use crate::export::{Reply, Verdict, answer_text};

/// The body of a refusal; the crate with the OTLP messages does not have it.
///
/// Source: <https://github.com/googleapis/googleapis/blob/master/google/rpc/status.proto>.
#[derive(Clone, PartialEq, Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

/// The most of a refusal's text that is told, in characters.
const MAX_TEXT_CHARS: usize = 500;

pub(super) fn verdict(reply: &Reply) -> Verdict {
    match reply.status {
        200..=299 => success(&reply.body),
        413 => Verdict::Split,
        429 | 502 | 503 | 504 => {
            Verdict::Retry { after: reply.retry_after, reason: refusal(reply) }
        }
        _ => Verdict::Refused { reason: refusal(reply) },
    }
}

fn success(body: &[u8]) -> Verdict {
    let Ok(response) = ExportTraceServiceResponse::decode(body) else {
        let message = "the answer says success, its body cannot be read".to_owned();
        return Verdict::Partial { rejected: 0, message };
    };
    let Some(partial) = response.partial_success else { return Verdict::Delivered };
    let rejected = usize::try_from(partial.rejected_spans).unwrap_or(0);
    if rejected == 0 && partial.error_message.is_empty() {
        // An empty partial success is how some servers write a full one.
        return Verdict::Delivered;
    }
    let message = answer_text::line(partial.error_message.as_bytes(), MAX_TEXT_CHARS);
    Verdict::Partial { rejected, message }
}

fn refusal(reply: &Reply) -> String {
    let status = reply.status;
    match text(&reply.body) {
        text if text.is_empty() => format!("status {status}"),
        text => format!("status {status}: {text}"),
    }
}

/// The message of a `google.rpc.Status`, else the start of a body in plain text.
fn text(body: &[u8]) -> String {
    let message = RpcStatus::decode(body).map(|status| status.message).unwrap_or_default();
    let text = if message.is_empty() { body } else { message.as_bytes() };
    answer_text::line(text, MAX_TEXT_CHARS)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use opentelemetry_proto::tonic::collector::logs::v1::{
        ExportLogsPartialSuccess, ExportLogsServiceResponse,
    };
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTracePartialSuccess;

    use super::*;

    fn reply(status: u16, body: &[u8]) -> Reply {
        Reply { status, body: body.to_vec().into(), ..Reply::default() }
    }

    fn partial(rejected_spans: i64, error_message: &str) -> Verdict {
        let error_message = error_message.to_owned();
        let partial = ExportTracePartialSuccess { rejected_spans, error_message };
        let response = ExportTraceServiceResponse { partial_success: Some(partial) };
        verdict(&reply(200, &response.encode_to_vec()))
    }

    #[test]
    fn exactly_four_statuses_are_retried() {
        let retried: Vec<u16> = (100..600)
            .filter(|&status| matches!(verdict(&reply(status, b"")), Verdict::Retry { .. }))
            .collect();
        assert_eq!(retried, [429, 502, 503, 504]);
    }

    #[test]
    fn only_413_splits_and_only_2xx_delivers() {
        let found =
            [200, 204, 299, 300, 307, 400, 401, 404, 408, 413, 415, 500, 501].map(|status| {
                match verdict(&reply(status, b"")) {
                    Verdict::Delivered => 'd',
                    Verdict::Sent { .. } => 'u',
                    Verdict::Split => 's',
                    Verdict::Refused { .. } => 'r',
                    _ => '?',
                }
            });
        assert_eq!(found.iter().collect::<String>(), "dddrrrrrrsrrr");
    }

    #[test]
    fn the_wait_the_server_asks_for_is_handed_on() {
        let after = Some(Duration::from_secs(7));
        let verdict = verdict(&Reply { retry_after: after, ..reply(503, b"busy") });
        assert_eq!(verdict, Verdict::Retry { after, reason: "status 503: busy".to_owned() });
    }

    #[test]
    fn a_partial_success_rejects_what_it_says() {
        let message = "too old".to_owned();
        assert_eq!(partial(3, "too old"), Verdict::Partial { rejected: 3, message });
        let message = "slow down".to_owned();
        assert_eq!(partial(0, "slow down"), Verdict::Partial { rejected: 0, message });
        assert_eq!(partial(0, ""), Verdict::Delivered);
        assert_eq!(partial(-1, ""), Verdict::Delivered);
    }

    #[test]
    fn an_answer_about_log_records_reads_like_one_about_spans() {
        let error_message = "too old".to_owned();
        let partial = ExportLogsPartialSuccess { rejected_log_records: 3, error_message };
        let response = ExportLogsServiceResponse { partial_success: Some(partial) };
        let message = "too old".to_owned();
        let expected = Verdict::Partial { rejected: 3, message };
        assert_eq!(verdict(&reply(200, &response.encode_to_vec())), expected);
    }

    #[test]
    fn an_unreadable_success_is_a_success_with_a_note() {
        let Verdict::Partial { rejected: 0, message } = verdict(&reply(200, b"<html>")) else {
            panic!("expected a note");
        };
        assert!(message.contains("cannot be read"), "{message}");
    }

    #[test]
    fn a_refusal_gives_the_words_of_the_server() {
        let status = RpcStatus { code: 16, message: "unknown API key".to_owned() };
        let long = format!("{}ü", "x".repeat(MAX_TEXT_CHARS));
        let cut = format!("status 400: {}…", "x".repeat(MAX_TEXT_CHARS));
        let page = b"<html>\n<head><title>Not here</title></head><body>\n<p>long</p></body></html>";
        for (body, expected) in [
            (status.encode_to_vec(), "status 400: unknown API key"),
            (b" bad request\n".to_vec(), "status 400: bad request"),
            (page.to_vec(), "status 400: Not here"),
            (b"{\"message\":\"no\"}".to_vec(), "status 400: {\"message\":\"no\"}"),
            (vec![0xff, 0x00, 0x01], "status 400"),
            (long.into_bytes(), &cut),
            (vec![], "status 400"),
        ] {
            let expected = Verdict::Refused { reason: expected.to_owned() };
            assert_eq!(verdict(&reply(400, &body)), expected);
        }
    }
}
