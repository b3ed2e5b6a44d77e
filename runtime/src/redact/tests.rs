//! Whole records.

use super::*;
use crate::record::{
    Attribute, Breadcrumb, Cause, CodeLines, Happening, Person, ReportId, RequestRecord, Severity,
    StackFrame, Subject,
};

fn record() -> ErrorRecord {
    ErrorRecord::new(ReportId::from_random(1), 1, Severity::Error, Subject::Message(String::new()))
}

fn scrubbed(redaction: &Redaction, mut record: ErrorRecord) -> ErrorRecord {
    redaction.redact_error(&mut record);
    record
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn every_text_of_a_record_loses_a_configured_secret() {
    let text = || "is hunter2!".to_owned();
    let what = [
        Happening::Log { message: text() },
        Happening::Note { message: text() },
        Happening::Span { name: text().into(), duration_ns: 1, error: Some(text()) },
        Happening::Call { method: text(), url: text(), status: None },
    ];
    let crumb = |what| Breadcrumb { unix_ns: 1, severity: Severity::Info, what };
    let code = CodeLines { before: vec![text()], line: text(), after: vec![text()] };
    let record = ErrorRecord {
        subject: Subject::Error(vec![Cause { type_name: Some(text().into()), message: text() }]),
        title: Some(text()),
        fingerprint: Some(text()),
        context: Some(text()),
        stack: vec![StackFrame { code: Some(code), ..StackFrame::default() }],
        spans: vec![text().into()],
        request: Some(RequestRecord {
            method: text(),
            url: text(),
            route: Some(text()),
            params: vec![(text(), text())],
            headers: vec![(text(), text())],
            client_address: None,
            body: Some(text()),
        }),
        person: Person { id: Some(text()), username: Some(text()), email: Some(text()) },
        custom: vec![
            Attribute::new(text(), text()),
            Attribute::new("list", crate::record::Array::Str(vec![text()])),
        ],
        breadcrumbs: what.map(crumb).into(),
        thread: Some(text()),
        ..record()
    };
    let told = format!("{:?}", scrubbed(&Redaction::new().secret(Secret::new("hunter2")), record));
    assert!(!told.contains("hunter2"), "{told}");
    assert_eq!(told.matches("is …!").count(), 30, "{told}");
}

#[test]
fn custom_values_are_hidden_by_their_keys_whatever_their_type() {
    let custom = vec![
        Attribute::new("user.password", "x"),
        Attribute::new("pin", 1234),
        Attribute::new("tokens", 3),
        Attribute::new("body", r#"{"password":"x"}"#.to_owned()),
    ];
    let told = scrubbed(&Redaction::new(), ErrorRecord { custom, ..record() }).custom;
    assert_eq!(
        told,
        [
            Attribute::new("user.password", "…"),
            Attribute::new("pin", "…"),
            Attribute::new("tokens", 3),
            Attribute::new("body", r#"{"password":"…"}"#),
        ]
    );
}

#[test]
fn a_request_is_told_without_what_opens_doors() {
    let request = RequestRecord {
        method: "POST".into(),
        url: "https://u:p@a.b/reset/t%2Dk/x?session_id=1&q=2".into(),
        params: pairs(&[("reset_token", "t-k"), ("page", "x")]),
        headers: pairs(&[
            ("authorization", "Bearer x"),
            ("Cookie", "a=1; session=2;c"),
            ("set-cookie", "a=1; Path=/; HttpOnly"),
            ("x-api-key", "k"),
            ("x-amz-security-token", "k"),
            ("x-forwarded-authorization", "k"),
            ("x-amzn-oidc-data", "k"),
            ("x-honeycomb-team", "k"),
            ("referer", "https://a.b/reset/t-k?code=1&sig=2"),
            ("accept", "text/html"),
        ]),
        body: Some("handle=bob&password=x%26y&n=1".into()),
        ..RequestRecord::default()
    };
    let told =
        scrubbed(&Redaction::new(), ErrorRecord { request: Some(request), ..record() }).request;
    let told = told.expect("the request is still there");
    assert_eq!(told.url, "https://…@a.b/reset/…/x?session_id=…&q=2");
    assert_eq!(told.params, pairs(&[("reset_token", "…"), ("page", "x")]));
    assert_eq!(
        told.headers,
        pairs(&[
            ("authorization", "…"),
            ("Cookie", "a=…; session=…;…"),
            ("set-cookie", "a=…; Path=/; HttpOnly"),
            ("x-api-key", "…"),
            ("x-amz-security-token", "…"),
            ("x-forwarded-authorization", "…"),
            ("x-amzn-oidc-data", "…"),
            ("x-honeycomb-team", "…"),
            ("referer", "https://a.b/reset/…?code=…&sig=…"),
            ("accept", "text/html"),
        ])
    );
    assert_eq!(told.body.as_deref(), Some("handle=bob&password=…&n=1"));
}

#[test]
fn an_address_within_an_address_is_told_without_its_secrets() {
    for (url, expected) in [
        ("/?next=%2Freset%3Ftoken%3Dx%26a%3D1&b=2", "/?next=%2Freset%3Ftoken%3D…%26a%3D1&b=2"),
        ("/?n=%252F%253Ftoken%253Dx%2526a&b=2", "/?n=%252F%253Ftoken%253D…%2526a&b=2"),
        ("/?n=https%3A%2F%2Fu%3Ap%40host%2Fx", "/?n=https%3A%2F%2F…%40host%2Fx"),
        ("/?j=%7B%22pw%22%3A%22x%22%7D", "/?j=%7B%22pw%22%3A%22…%22%7D"),
        ("/?q=%E4&h=Bearer%20x9", "/?q=%E4&h=Bearer%20…"),
        ("/?token=a,b\"c<d&e=f", "/?token=…&e=f"),
        ("/?q=100%25&r=%zz", "/?q=100%25&r=%zz"),
    ] {
        let headers = pairs(&[("referer", url)]);
        let request = RequestRecord { url: url.to_owned(), headers, ..RequestRecord::default() };
        let told = scrubbed(&Redaction::new(), ErrorRecord { request: Some(request), ..record() });
        assert_eq!(told.request.map(|request| request.url).as_deref(), Some(expected));
    }
}

#[test]
fn a_form_is_told_without_its_secrets_whatever_is_in_them() {
    for (media_type, body, expected) in [
        ("application/x-www-form-urlencoded", "token=a,\"b\"&c={d}", "token=…&c={d}"),
        ("application/json", r#"{"a":"b&token=c","d":1}"#, r#"{"a":"b&token=…","d":1}"#),
    ] {
        let headers = pairs(&[("content-type", media_type)]);
        let body = Some(body.to_owned());
        let request = RequestRecord { headers, body, ..RequestRecord::default() };
        let told = scrubbed(&Redaction::new(), ErrorRecord { request: Some(request), ..record() });
        assert_eq!(told.request.and_then(|request| request.body).as_deref(), Some(expected));
    }
}

#[test]
fn lines_of_code_stay_lines_and_lose_their_secrets() {
    let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
    let code = CodeLines {
        before: lines(&["fn login() {", "    let password ="]),
        line: "        \"hunter2\";".into(),
        after: lines(&["    connect(\"postgres://a:b@c\", password)?;", "}"]),
    };
    let stack = vec![StackFrame { code: Some(code), ..StackFrame::default() }];
    let told = scrubbed(&Redaction::new(), ErrorRecord { stack, ..record() }).stack.remove(0).code;
    let told = told.expect("the code is still there");
    assert_eq!(told.before, ["fn login() {", "    let password ="]);
    assert_eq!(told.line, "        \"…\";");
    assert_eq!(told.after, ["    connect(\"postgres://…@c\", password)?;", "}"]);
}

#[test]
fn a_key_in_code_that_goes_over_several_lines_takes_them_with_it() {
    let code = CodeLines {
        before: vec!["-----BEGIN PRIVATE KEY-----".into(), "MII".into()],
        line: "abc".into(),
        after: vec!["def".into()],
    };
    let stack = vec![StackFrame { code: Some(code), ..StackFrame::default() }];
    let told = scrubbed(&Redaction::new(), ErrorRecord { stack, ..record() }).stack.remove(0).code;
    let told = told.expect("the code is still there");
    assert_eq!(told.before, ["-----BEGIN PRIVATE KEY-----", "…"]);
    assert_eq!((told.line.as_str(), told.after), ("…", vec!["…".to_owned()]));
}

#[test]
fn behind_what_is_hidden_every_line_of_code_is_where_it_was() {
    let code = CodeLines {
        before: vec![
            "let password = \"a \\".into(),
            "    b\";".into(),
            "connect(password);".into(),
        ],
        line: "list()?;".into(),
        after: vec!["}".into()],
    };
    let stack = vec![StackFrame { code: Some(code), ..StackFrame::default() }];
    let told = scrubbed(&Redaction::new(), ErrorRecord { stack, ..record() }).stack.remove(0).code;
    let told = told.expect("the code is still there");
    assert_eq!(told.before, ["let password = \"…", "…\";", "connect(password);"]);
    assert_eq!((told.line.as_str(), told.after), ("list()?;", vec!["}".to_owned()]));
}

#[test]
fn keys_headers_and_secrets_can_be_added_and_taken_away() {
    let secret = Secret::new("hunter2");
    let scrub = Redaction::new()
        .key("handle")
        .without_key("sig")
        .header("x-real-ip")
        .without_header("authorization")
        .secret(secret.clone())
        .without_secret(&secret);
    let request = RequestRecord {
        url: "/?handle=bob&sig=1&a=hunter2".into(),
        headers: pairs(&[("X-Real-IP", "::1"), ("Authorization", "own"), ("host", "h")]),
        ..RequestRecord::default()
    };
    let told = scrubbed(&scrub, ErrorRecord { request: Some(request), ..record() }).request;
    let told = told.expect("the request is still there");
    assert_eq!(told.url, "/?handle=…&sig=1&a=hunter2");
    assert_eq!(told.headers, pairs(&[("X-Real-IP", "…"), ("Authorization", "own"), ("host", "h")]),);
}

#[test]
fn a_text_that_is_too_long_is_cut_and_a_secret_at_the_cut_is_hidden() {
    let text = "ä".repeat(MAX_TEXT_BYTES / 2 - 2) + "hunter2" + "b";
    let record = ErrorRecord { subject: Subject::Message(text), ..record() };
    let told = scrubbed(&Redaction::new().secret(Secret::new("hunter2")), record).subject;
    let Subject::Message(told) = told else { panic!("a message stays one") };
    assert_eq!(told, "ä".repeat(MAX_TEXT_BYTES / 2 - 2) + "…");
}

#[test]
fn what_was_scrubbed_before_stays_as_it_is() {
    let text = "token=x Authorization: Bearer y http://a:b@c {\"pw\":[1]} eyJa.b.c";
    let scrub = Redaction::new();
    let once = scrubbed(&scrub, ErrorRecord { title: Some(text.into()), ..record() });
    assert_eq!(scrubbed(&scrub, once.clone()), once);
}

#[test]
fn no_text_takes_a_time_out_of_proportion_to_its_size() {
    let hostile = [
        "token={[(",
        "\\\"",
        "token=\"\\",
        "://a:b",
        "://",
        "eyJ",
        "PRIVATE KEY-----",
        "=:",
        "hunter",
        "Bearer ",
        "password ",
        "password=",
        "%68",
        "a%",
        "--\n--",
        "token:\\\\\\\\",
        "aaaaaaaa",
        "<token>",
        "<pw><![CDATA[",
        "<pw",
        "(\"pw\", ",
        "pw='",
        "pw={'",
        "&token=a,",
        "pw=b\\",
        "%25",
        "api key ",
    ];
    let scrub = Redaction::new().secret(Secret::new("hunter2")).secret(Secret::new("aaaaaaab"));
    for part in hostile {
        let text = part.repeat(MAX_TEXT_BYTES / part.len());
        let record = ErrorRecord { title: Some(text), ..record() };
        let told = scrubbed(&scrub, record);
        // With the square of its size, each would take minutes: nobody's patience reaches so far.
        assert!(told.title.is_some_and(|title| title.len() <= 3 * MAX_TEXT_BYTES), "{part}");
    }
}
