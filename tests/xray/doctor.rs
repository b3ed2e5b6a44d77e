//! What the doctor finds, of daemons that are well and of daemons that are not.

use std::collections::BTreeSet;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use spanwright::record::{Attribute, Resource};
use spanwright::sample::RequestFacts;
use spanwright::xray::{
    Address, Diagnosis, Doctor, Request, Sampling, Settings, Transport, Verdict,
};
use support::http_server::Answer;
use support::xray_daemon::{self, Way, XrayDaemon};

use super::judge;

const RULES: &str = "/GetSamplingRules";
const SEGMENTS: &str = "/TraceSegments";

/// Long enough for whatever works at all.
const LONG: Duration = Duration::from_secs(20);

fn settings(address: &impl ToString) -> Settings {
    Settings::new(Address::parse(&address.to_string()).expect("it is an address"))
}

fn doctor(settings: Settings) -> Doctor {
    let mut resource = Resource::default();
    resource.set(Attribute::new("service.name", "cruddur"));
    Doctor::new(settings, resource).timeout(LONG)
}

fn examine(doctor: &Doctor, request: Option<&Request<'_>>) -> Diagnosis {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let diagnosis = runtime.expect("a runtime").block_on(doctor.examine(request));
    // Whatever was found, every bad thing says what to do.
    for finding in &diagnosis.findings {
        assert_eq!(finding.advice.is_none(), finding.verdict == Verdict::Ok, "{finding}");
    }
    diagnosis
}

#[track_caller]
fn assert_finding(diagnosis: &Diagnosis, what: &str, verdict: Verdict, words: &[&str]) {
    let finding =
        diagnosis.about(what).unwrap_or_else(|| panic!("nothing of {what}:\n{diagnosis}"));
    assert_eq!(finding.verdict, verdict, "{finding}");
    let text = finding.to_string();
    for word in words {
        assert!(text.contains(word), "no {word:?} in: {text}");
    }
}

fn rule(name: &str, service: &str, path: &str, priority: u32) -> Value {
    json!({"SamplingRule": {
        "RuleName": name, "ResourceARN": "*", "Priority": priority, "FixedRate": 0.5,
        "ReservoirSize": 2, "ServiceName": service, "ServiceType": "*", "Host": "*",
        "HTTPMethod": "*", "URLPath": path, "Version": 1,
    }})
}

/// A daemon whose account has these rules besides `Default`.
fn daemon_with(rules: &[Value]) -> XrayDaemon {
    let daemon = XrayDaemon::start();
    let records: Vec<_> =
        rules.iter().cloned().chain([rule("Default", "*", "*", 10_000)]).collect();
    let body = json!({ "SamplingRuleRecords": records }).to_string();
    daemon.answer(RULES, move |_| Answer::status(200).body(body.clone()));
    daemon
}

fn verdicts(diagnosis: &Diagnosis) -> Vec<(&'static str, Verdict)> {
    diagnosis.findings.iter().map(|finding| (finding.what, finding.verdict)).collect()
}

#[test]
fn where_all_is_well_every_part_of_the_way_says_so() {
    let daemon = daemon_with(&[rule("writes", "cruddur", "/api/*", 1)]);
    let diagnosis = examine(&doctor(settings(&daemon.address())), None);
    let expected = ["name", "tcp", "sampling", "rules", "clock", "probe tcp", "probe udp"];
    let expected: Vec<_> = expected.map(|what| (what, Verdict::Ok)).into();
    assert_eq!(verdicts(&diagnosis), expected, "{diagnosis}");
    assert_finding(&diagnosis, "sampling", Verdict::Ok, &["with 2 rules"]);
    assert_finding(&diagnosis, "rules", Verdict::Ok, &["\"cruddur\"", "writes, Default"]);
    assert_eq!(diagnosis.settings[0].value, daemon.address().to_string());

    daemon.wait_for(2);
    let documents = daemon.documents();
    let ways: Vec<_> = documents.iter().map(|it| it.way).collect();
    assert!(ways.contains(&Way::Tcp) && ways.contains(&Way::Udp), "{ways:?}");
    for document in &documents {
        assert_eq!(document.json["annotations"]["spanwright_probe"], true);
        assert_eq!(document.json["name"], "cruddur");
    }
    let ids: BTreeSet<_> = documents.iter().map(|it| it.id.clone()).collect();
    let traces: BTreeSet<_> = documents.iter().map(|it| it.trace_id.clone()).collect();
    assert_eq!((ids.len(), traces.len()), (2, 1));
    let trace_id = documents[0].trace_id.as_deref().expect("a probe has a trace");
    assert_finding(&diagnosis, "probe tcp", Verdict::Ok, &[trace_id]);
}

#[test]
fn the_probe_is_a_document_that_x_ray_accepts() {
    let daemon = daemon_with(&[]);
    examine(&doctor(settings(&daemon.address())), None);
    daemon.wait_for(2);
    for document in daemon.documents() {
        judge::judge(format!("{}{}", judge::HEADER, document.text).as_bytes());
    }
}

#[test]
fn a_request_is_explained_by_the_rules_of_the_account_in_their_order() {
    let daemon =
        daemon_with(&[rule("reads", "*", "/api/read/*", 1), rule("writes", "*", "/api/*", 2)]);
    let facts = RequestFacts {
        method: Some("GET"),
        path: Some("/api/activities/home"),
        host: Some("localhost:4567"),
        ..RequestFacts::default()
    };
    let request = Request { facts, trace_header: None };
    let doctor = doctor(settings(&daemon.address()));
    let diagnosis = examine(&doctor, Some(&request));
    let lines: Vec<_> = diagnosis.about("decision").expect("it was asked").detail.lines().collect();
    assert!(lines[1].starts_with("reads: no, URLPath is \"/api/activities/home\""), "{lines:?}");
    assert_eq!(lines[2], "writes: decides: 2 a second, then 50 %");

    for (header, decision) in [("Sampled=1", "sampled"), ("Root=abc;Sampled=0", "not sampled")] {
        let request = Request { facts, trace_header: Some(header) };
        let said = format!("the caller decided: {decision}; no rule is asked");
        assert_finding(&examine(&doctor, Some(&request)), "decision", Verdict::Ok, &[&said]);
    }
    let request = Request { facts, trace_header: Some("Sampled=?") };
    assert_finding(
        &examine(&doctor, Some(&request)),
        "decision",
        Verdict::Ok,
        &["writes: decides"],
    );
}

#[test]
fn where_nobody_listens_both_protocols_say_so() {
    let mut daemon = XrayDaemon::start();
    let address = daemon.address();
    daemon.stop();
    let diagnosis = examine(&doctor(settings(&address)), None);
    assert_finding(
        &diagnosis,
        "tcp",
        Verdict::Problem,
        &["refused", "Start the daemon", "-t 0.0.0.0:2000"],
    );
    assert_finding(&diagnosis, "probe udp", Verdict::Problem, &["refused", "-b 0.0.0.0:2000"]);
    assert_eq!(diagnosis.verdict(), Verdict::Problem);
}

#[test]
fn a_name_that_nobody_knows_ends_the_examination() {
    let lookup = Arc::new(|_: &_| Err(io::Error::other("Name or service not known")));
    let doctor = doctor(settings(&"xray-daemon:2000")).lookup(lookup);
    let diagnosis = examine(&doctor, None);
    let words =
        ["xray-daemon has no address", "Name or service not known", "AWS_XRAY_DAEMON_ADDRESS"];
    assert_finding(&diagnosis, "name", Verdict::Problem, &words);
    assert!(diagnosis.about("tcp").is_none() && diagnosis.about("probe udp").is_none());
}

#[test]
fn a_name_is_shown_with_its_addresses_and_each_is_tried() {
    let daemon = daemon_with(&[]);
    let port = daemon.address().port();
    let addresses: Vec<SocketAddr> =
        ["[::1]", "127.0.0.1"].map(|ip| format!("{ip}:{port}").parse().unwrap()).into();
    let lookup = Arc::new(move |_: &_| Ok(addresses.clone()));
    let doctor = doctor(settings(&format!("localhost:{port}"))).lookup(lookup);
    let diagnosis = examine(&doctor, None);
    let words = ["localhost is 127.0.0.1 (IPv4), ::1 (IPv6), found in "];
    assert_finding(&diagnosis, "name", Verdict::Ok, &words);
    assert_eq!(diagnosis.verdict(), Verdict::Ok, "{diagnosis}");
}

#[test]
fn where_tcp_refuses_datagrams_may_still_be_fine() {
    let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    let address = format!("udp:{} tcp:{closed}", udp.local_addr().unwrap());
    let central = settings(&address);
    let diagnosis = examine(&doctor(central.clone()), None);
    assert_finding(&diagnosis, "tcp", Verdict::Problem, &["rules of the account are not known"]);
    assert_finding(&diagnosis, "probe udp", Verdict::Ok, &[]);

    let local = Settings { sampling: Sampling::Local(None), ..central };
    let diagnosis = examine(&doctor(local.clone()), None);
    assert_finding(&diagnosis, "tcp", Verdict::Warning, &["do without TCP"]);
    let acked = Settings { transport: Transport::TcpAcked, ..local };
    assert_finding(&examine(&doctor(acked), None), "tcp", Verdict::Problem, &["Start the daemon"]);
}

#[test]
fn rules_for_another_service_are_told_with_the_name_that_would_do() {
    let daemon = daemon_with(&[rule("Cruddur", "backend-flask", "*", 9000)]);
    let diagnosis = examine(&doctor(settings(&daemon.address())), None);
    let words = [
        "Cruddur is never for it: ServiceName is \"cruddur\", not \"backend-flask\"",
        "AWS_XRAY_TRACING_NAME",
        "`cruddur` or `*`",
    ];
    assert_finding(&diagnosis, "rules", Verdict::Warning, &words);

    let mut elsewhere = rule("ECS", "*", "*", 9000);
    elsewhere["SamplingRule"]["ServiceType"] = json!("AWS::ECS::Container");
    let in_a_container = daemon_with(&[elsewhere]);
    let diagnosis = examine(&doctor(settings(&in_a_container.address())), None);
    let words = ["ServiceType is not known", "OTEL_RESOURCE_ATTRIBUTES", "`*`"];
    assert_finding(&diagnosis, "rules", Verdict::Warning, &words);

    let name = Some("backend-flask".to_owned());
    let named = Settings { service_name: name, ..settings(&daemon.address()) };
    assert_finding(&examine(&doctor(named), None), "rules", Verdict::Ok, &["Cruddur, Default"]);
}

#[test]
fn a_name_that_x_ray_refuses_is_told_from_a_name_that_had_to_be_changed() {
    let judge: xray_daemon::Judge = Arc::new(|_| Some("InvalidName"));
    let daemon = XrayDaemon::with(xray_daemon::Settings { judge, ..Default::default() });
    let diagnosis = examine(&doctor(settings(&daemon.address())), None);
    let words = ["X-Ray refuses it: 1 × InvalidName", "AWS_XRAY_TRACING_NAME"];
    assert_finding(&diagnosis, "probe tcp", Verdict::Problem, &words);
    assert!(diagnosis.about("segments").is_none(), "its name is fine");

    let mut resource = Resource::default();
    resource.set(Attribute::new("service.name", "crud<dur>"));
    let daemon = daemon_with(&[]);
    let diagnosis =
        examine(&Doctor::new(settings(&daemon.address()), resource).timeout(LONG), None);
    assert_finding(&diagnosis, "segments", Verdict::Warning, &["\"crud<dur>\" is sent as", "Set"]);
    assert_finding(&diagnosis, "probe tcp", Verdict::Ok, &[]);
}

#[test]
fn what_the_daemon_answers_instead_of_rules_is_told_with_its_text() {
    for (answer, words) in [
        (Answer::status(404), &["status 404", "version 3", "SPANWRIGHT_XRAY_SAMPLING=local"][..]),
        (
            Answer::status(403)
                .body(r#"{"message":"The security token included in the request is invalid."}"#),
            &["status 403", "The security token", "access key that exists"],
        ),
        (
            Answer::status(403)
                .header("x-amzn-ErrorType", "AccessDeniedException:http://internal/")
                .body(r#"{"message":"no"}"#),
            &["AccessDeniedException: no", "AWSXRayDaemonWriteAccess"],
        ),
        (
            Answer::status(403).body(
                r#"{"__type":"InvalidSignatureException","message":"Signature expired: 2020"}"#,
            ),
            &["Signature expired", "Set the clock of the daemon's machine"],
        ),
        (
            Answer::status(502).body("<html>\n<title>502 Bad Gateway</title>\n<p>nginx</p></html>"),
            &[": 502 Bad Gateway (status 502)\n"],
        ),
        (
            Answer::status(500).body("NoCredentialProviders: no valid providers in chain\n"),
            &["NoCredentialProviders", "keys or a role"],
        ),
        (Answer::status(502), &["status 502", "the daemon's own log"]),
        (Answer::status(200).body("<html>"), &["not JSON", "not the X-Ray daemon"]),
        (Answer::Reset, &["Can the daemon reach AWS?"]),
    ] {
        let daemon = XrayDaemon::start();
        let played = answer.clone();
        daemon.answer(RULES, move |_| played.clone());
        let diagnosis = examine(&doctor(settings(&daemon.address())), None);
        assert_finding(&diagnosis, "sampling", Verdict::Problem, words);
        assert_finding(&diagnosis, "probe tcp", Verdict::Ok, &[]);
    }
}

#[test]
fn a_probe_that_is_refused_as_a_whole_is_told_with_its_text() {
    let daemon = daemon_with(&[]);
    let body = r#"{"message":"User is not authorized to perform: xray:PutTraceSegments"}"#;
    daemon.script(SEGMENTS, [Answer::status(403).body(body)]);
    let diagnosis = examine(&doctor(settings(&daemon.address())), None);
    let words = ["xray:PutTraceSegments", "AWSXRayDaemonWriteAccess"];
    assert_finding(&diagnosis, "probe tcp", Verdict::Problem, &words);
}

#[test]
fn a_clock_that_is_far_off_is_a_problem() {
    let daemon = daemon_with(&[]);
    let past = Answer::status(200)
        .header("date", "Fri, 20 Nov 2020 10:00:00 GMT")
        .body(r#"{"SamplingRuleRecords":[]}"#);
    daemon.script(RULES, [past]);
    let diagnosis = examine(&doctor(settings(&daemon.address())), None);
    assert_finding(&diagnosis, "clock", Verdict::Problem, &["ahead of that", "Set the clock"]);
}

#[test]
fn a_daemon_that_hangs_costs_its_timeouts_and_no_more() {
    let daemon = XrayDaemon::start();
    for path in [RULES, SEGMENTS] {
        daemon.answer(path, |_| Answer::Hang);
    }
    let patience = Duration::from_millis(100);
    let diagnosis = examine(&doctor(settings(&daemon.address())).timeout(patience), None);
    assert_finding(&diagnosis, "sampling", Verdict::Problem, &["no answer within 100ms"]);
    assert_finding(&diagnosis, "probe tcp", Verdict::Problem, &["no answer within", "log"]);
    assert_finding(&diagnosis, "clock", Verdict::Ok, &["not compared"]);
}

#[test]
fn where_the_sampler_of_spans_decides_no_rules_are_asked() {
    let daemon = XrayDaemon::start();
    let as_spans = Settings { sampling: Sampling::AsSpans, ..settings(&daemon.address()) };
    let diagnosis = examine(&doctor(as_spans), Some(&Request::default()));
    assert_finding(&diagnosis, "rules", Verdict::Ok, &["none are asked"]);
    assert_finding(&diagnosis, "decision", Verdict::Ok, &["OTEL_TRACES_SAMPLER"]);
    assert!(daemon.requests().iter().all(|request| request.path == SEGMENTS));
}
