//! Answers and their verdicts.

use super::super::Oversize;
use super::super::testing::{batch, encoded_by, record, settings};
use super::*;
use crate::record::LogRecord;

/// An answer by status and code.
fn reply(status: u16, code: &str, message: &str) -> Reply {
    let body = match code {
        "" => message.to_owned(),
        _ => format!(r#"{{"__type":"com.amazonaws.logs#{code}","message":"{message}"}}"#),
    };
    Reply { status, body: body.into(), ..Reply::default() }
}

fn judge() -> Judge {
    Judge::new(&settings("s"))
}

/// What an answer means for so many events.
fn of(events: usize, reply: &Reply) -> Verdict {
    judge().verdict(&batch(&vec![0; events]), reply)
}

fn letter(verdict: &Verdict) -> char {
    match verdict {
        Verdict::Delivered => 'd',
        Verdict::Sent { .. } => 'u',
        Verdict::Partial { .. } => 'p',
        Verdict::Retry { after: Some(ACCESS_WAIT), .. } => 'a',
        Verdict::Retry { after: Some(MISSING_WAIT), .. } => 'm',
        Verdict::Retry { .. } => 'r',
        Verdict::Split => 's',
        Verdict::Isolate { .. } => 'i',
        Verdict::Reduce { .. } => 'l',
        Verdict::Refused { .. } => 'x',
    }
}

fn reason(verdict: Verdict) -> String {
    match verdict {
        Verdict::Retry { reason, .. } | Verdict::Refused { reason } => reason,
        Verdict::Partial { message, .. } => message,
        other => panic!("expected a reason, found {other:?}"),
    }
}

#[test]
fn each_status_has_its_meaning() {
    let statuses = [301, 400, 401, 403, 404, 408, 413, 418, 429, 500, 502, 503, 504];
    let letters = statuses.map(|status| letter(&of(2, &reply(status, "", ""))));
    assert_eq!(letters.iter().collect::<String>(), "xxaaxxsxrrrrr");
}

#[test]
fn each_code_has_its_meaning() {
    for (code, several, single) in [
        ("ThrottlingException", 'r', 'r'),
        ("RequestLimitExceeded", 'r', 'r'),
        ("ServiceUnavailableException", 'r', 'r'),
        ("InternalFailure", 'r', 'r'),
        ("RequestTimeout", 'r', 'r'),
        ("UnrecognizedClientException", 'a', 'a'),
        ("InvalidSignatureException", 'a', 'a'),
        ("ExpiredTokenException", 'a', 'a'),
        ("AccessDeniedException", 'a', 'a'),
        ("ResourceNotFoundException", 'r', 'r'),
        ("InvalidParameterException", 'i', 'i'),
        ("RequestEntityTooLargeException", 's', 's'),
        ("DataAlreadyAcceptedException", 'd', 'd'),
        ("InvalidSequenceTokenException", 'x', 'x'),
        ("SerializationException", 'x', 'x'),
    ] {
        let letters = [2, 1].map(|events| letter(&of(events, &reply(400, code, "no"))));
        assert_eq!(letters, [several, single], "{code}");
    }
}

#[test]
fn message_of_an_invalid_parameter_tells_what_is_too_large() {
    let of = |message| of(2, &reply(400, "InvalidParameterException", message));
    let upload = "Upload too large: 1049882 bytes exceeds limit of 1048576";
    assert_eq!(of(upload), Verdict::Split);
    for (message, expected) in [
        ("Log event too large: 292824 bytes exceeds limit of 262144", true),
        ("1 validation error detected", false),
    ] {
        let Verdict::Isolate { is_too_large, reason } = of(message) else { panic!("{message}") };
        assert!(is_too_large == expected && reason.contains(message), "{reason}");
    }
}

#[test]
fn a_wait_that_is_asked_for_is_kept() {
    let after = Some(Duration::from_secs(7));
    let asked = Reply { retry_after: after, ..reply(400, "ThrottlingException", "Rate exceeded") };
    let reason = "ThrottlingException: Rate exceeded (status 400)".to_owned();
    assert_eq!(of(1, &asked), Verdict::Retry { after, reason });
}

#[test]
fn what_is_wrong_with_the_credentials_is_said_with_what_to_do() {
    let long = "x".repeat(1_000);
    for (code, message, expected) in [
        (
            "UnrecognizedClientException",
            "The security token is invalid.",
            "AWS_ACCESS_KEY_ID, or what the chain",
        ),
        ("InvalidSignatureException", "does not match", "AWS_SECRET_ACCESS_KEY does not belong"),
        (
            "InvalidSignatureException",
            "Credential should be scoped to a valid region, not 'us-east-1'.",
            "the service at this address is of another region: see AWS_REGION",
        ),
        (
            "InvalidSignatureException",
            "Signature expired: 20261120T100000Z is now earlier",
            "the clock of this machine is off",
        ),
        (
            "InvalidSignatureException",
            "Signature not yet current: …",
            "the clock of this machine is off",
        ),
        ("RequestTimeTooSkewed", "", "the clock of this machine is off"),
        ("RequestInTheFuture", "", "the clock of this machine is off"),
        (
            "SignatureDoesNotMatch",
            "Signature expired: 20261120T100000Z is now earlier",
            "the clock of this machine is off",
        ),
        ("InvalidAccessKeyId", "", "AWS_ACCESS_KEY_ID, or what the chain"),
        ("ExpiredTokenException", &long, "the credentials have expired: renew AWS_SESSION_TOKEN"),
        ("AccessDeniedException", &long, "the AWS credentials need logs:PutLogEvents"),
    ] {
        let told = reason(of(1, &reply(400, code, message)));
        assert!(told.starts_with(expected) && told.contains(code), "{told}");
        assert!(told.chars().count() < 200, "{told}");
    }
}

#[test]
fn status_403_needs_no_permission_unless_the_answer_says_so() {
    for (message, expected) in [
        (
            r#"{"message":"The security token included in the request is invalid."}"#,
            "AWS_ACCESS_KEY_ID, or what the chain",
        ),
        (
            r#"{"message":"User: a is not authorized to perform: logs:PutLogEvents"}"#,
            "the AWS credentials need logs:PutLogEvents",
        ),
        ("<html><title>Blocked</title>by\nus</html>", "the answer has no code of AWS"),
    ] {
        let told = reason(of(1, &reply(403, "", message)));
        assert!(told.starts_with(expected) && !told.contains('<'), "{told}");
    }
}

#[test]
fn what_is_missing_is_waited_for_and_named_where_it_is_not_created() {
    let missing = reply(400, MISSING, "The specified log group does not exist.");
    let alone = Settings { creates: false, ..settings("s") };
    let verdict = Judge::new(&alone).verdict(&batch(&[0]), &missing);
    assert_eq!(letter(&verdict), 'm');
    let told = reason(verdict);
    assert!(
        told.starts_with("create the log group `cruddur`")
            && told.contains("CLOUDWATCH_LOG_CREATE"),
        "{told}"
    );
    assert_eq!(letter(&of(1, &missing)), 'r');
}

#[test]
fn a_step_that_stopped_the_request_is_named_and_tried_again() {
    for (operation, status, code, skipped, expected, told) in [
        (
            "CreateLogStream",
            400,
            "ThrottlingException",
            "",
            'r',
            "CreateLogStream: ThrottlingException",
        ),
        ("CreateLogGroup", 503, "", "", 'r', "CreateLogGroup: "),
        ("CreateLogGroup", 400, "LimitExceededException", "", 'm', "CreateLogGroup: LimitExceeded"),
        (
            "CreateLogStream",
            400,
            "InvalidParameterException",
            "",
            'm',
            "CreateLogStream: InvalidParameter",
        ),
        ("CreateLogStream", 400, "AccessDeniedException", "", 'a', "logs:CreateLogStream"),
        (
            "CreateLogStream",
            400,
            MISSING,
            "CreateLogGroup",
            'm',
            "create the log group `cruddur`, or allow logs:CreateLogGroup",
        ),
    ] {
        let stopped_at = Some(operation);
        let reply = Reply { stopped_at, skipped: vec![skipped], ..reply(status, code, "no") };
        let verdict = of(2, &reply);
        assert_eq!(letter(&verdict), expected, "{operation} {code}");
        let reason = reason(verdict);
        assert!(reason.contains(told), "{reason}");
    }
}

#[test]
fn a_success_is_delivered_and_garbage_is_worth_a_word() {
    for body in ["{}", r#"{"nextSequenceToken":"4"}"#] {
        assert_eq!(of(3, &reply(200, "", body)), Verdict::Delivered);
    }
    for body in ["", "<html>"] {
        assert!(matches!(of(3, &reply(200, "", body)), Verdict::Partial { rejected: 0, .. }));
    }
    let skipped = Reply { skipped: vec![PUT_RETENTION], ..reply(200, "", "{}") };
    let told = reason(of(3, &skipped));
    assert!(told.contains("logs:PutRetentionPolicy"), "{told}");
    let skipped = Reply { skipped: vec![CREATE_GROUP], ..reply(200, "", "{}") };
    assert_eq!(of(3, &skipped), Verdict::Delivered);
}

#[test]
fn rejected_events_are_counted_by_kind_and_once_where_kinds_overlap() {
    for (info, rejected, message) in [
        (r#"{"tooNewLogEventStartIndex":3}"#, 2, "2 too new, more than 2 h ahead"),
        (r#"{"tooOldLogEventEndIndex":2}"#, 2, "2 too old, more than 14 days"),
        (
            r#"{"tooOldLogEventEndIndex":2,"expiredLogEventEndIndex":3}"#,
            3,
            "2 too old, more than 14 days; 3 older than the group keeps them",
        ),
        (
            r#"{"tooNewLogEventStartIndex":4,"tooOldLogEventEndIndex":1}"#,
            2,
            "1 too new, more than 2 h ahead; 1 too old, more than 14 days",
        ),
        (
            r#"{"tooNewLogEventStartIndex":0,"expiredLogEventEndIndex":5}"#,
            5,
            "5 too new, more than 2 h ahead; 5 older than the group keeps them",
        ),
        (
            r#"{"tooNewLogEventStartIndex":99,"tooOldLogEventEndIndex":0}"#,
            0,
            r#"{"tooNewLogEventStartIndex":99,"tooOldLogEventEndIndex":0}"#,
        ),
        (r#"{"tooOldLogEventEndIndex":-1}"#, 0, r#"{"tooOldLogEventEndIndex":-1}"#),
    ] {
        let answer = format!(r#"{{"rejectedLogEventsInfo":{info}}}"#);
        let found = of(5, &reply(200, "", &answer));
        let Verdict::Partial { rejected: count, message: told } = found else {
            panic!("expected a partial success, found {found:?}")
        };
        assert_eq!(count, rejected, "{info}");
        let json = |text: &str| serde_json::from_str::<Value>(text).ok();
        assert!(told == message || json(&told).is_some() && json(&told) == json(message), "{told}");
    }
}

#[test]
fn an_event_in_parts_is_one_record_that_is_rejected() {
    let long = LogRecord { message: "x".repeat(3_000).into(), ..record(0) };
    let mut bytes = encoded_by(Oversize::Split, 1_024, &long);
    let parts = item::events(&bytes);
    let mut ends = vec![bytes.len()];
    bytes.extend(encoded_by(Oversize::Split, 1_024, &record(5_000_000)));
    ends.push(bytes.len());
    let batch = Batch::new(bytes, ends);
    for (info, expected) in [
        (format!(r#"{{"tooOldLogEventEndIndex":{parts}}}"#), 1),
        (format!(r#"{{"tooNewLogEventStartIndex":{parts}}}"#), 1),
        (r#"{"tooNewLogEventStartIndex":0}"#.to_owned(), 2),
    ] {
        let answer = reply(200, "", &format!(r#"{{"rejectedLogEventsInfo":{info}}}"#));
        let found = judge().verdict(&batch, &answer);
        assert!(
            matches!(found, Verdict::Partial { rejected, .. } if rejected == expected),
            "{info}: {found:?}"
        );
    }
}
