//! Signed requests to AWS, as a service on loopback gets them.

use std::net::TcpListener;
use std::time::{Duration, SystemTime};

use spanwright::aws::{
    Call, CallError, Client, Credentials, Parts, Provider, Refusal, Region, Scope, Service, Target,
    sign,
};
use spanwright::export::Header;
use spanwright::secret::Secret;
use support::http_server::{Answer, HttpServer, Received};
use tokio::runtime::Builder;

const REGION: &str = "eu-west-1";

/// 2026-11-20T10:00:00Z.
fn signing_time() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_hours(498_658)
}

fn credentials() -> Credentials {
    let (secret, token) = (Secret::new("hunter2"), Secret::new("the-token"));
    Credentials::new("AKIDEXAMPLE", &secret, Some(&token))
}

fn client(service: Service, url: &str, timeout: Duration) -> Client {
    let lookup = |name: &str| (name == "AWS_ENDPOINT_URL").then(|| url.to_owned());
    let region = Region::new(REGION).expect("it is one");
    let target = Target::new(service, &lookup, &region).expect("an address of loopback");
    Client::new(target, Provider::fixed(credentials()), timeout).expect("no certificates needed")
}

/// Calls a service at `url`; the body of its answer, or what went wrong.
fn call(service: Service, url: &str, call: &Call) -> Result<Vec<u8>, CallError> {
    let client = client(service, url, Duration::from_secs(10));
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let answer = runtime.block_on(client.call(call, signing_time()))?;
    assert_eq!(answer.status, 200);
    Ok(answer.body.to_vec())
}

/// What the signature of a request has to be, worked out from what arrived.
fn expected_authorization(received: &Received, url: &str, service: Service) -> String {
    let of_signature = ["authorization", "x-amz-date", "x-amz-security-token"];
    let signed = received.header("authorization").expect("it is signed");
    let signed = signed.split("SignedHeaders=").nth(1).and_then(|rest| rest.split(',').next());
    let signed: Vec<_> = signed.expect("it says which").split(';').collect();
    let headers: Vec<_> = received
        .headers
        .iter()
        .filter(|(name, _)| signed.contains(&&**name) && !of_signature.contains(&&**name))
        .map(|(name, value)| Header { name: name.clone().into(), value: Secret::new(value) })
        .collect();
    let url = Secret::new(format!("{url}{}", received.path));
    let body = [received.raw_body.clone().into()];
    let parts = Parts { method: &received.method, url: &url, headers: &headers, body: &body };
    let credentials = credentials();
    let service = service.name();
    let scope = Scope { credentials: &credentials, region: REGION, service, time: signing_time() };
    let headers = sign(&parts, &scope).expect("it can be signed");
    let authorization = headers.iter().find(|header| header.name == "authorization");
    authorization.expect("it is signed").value.reveal().to_owned()
}

#[test]
fn both_protocols_arrive_as_they_were_signed() {
    let (server, log) = HttpServer::scripted(vec![], Answer::status(200).body("{}"));
    let group = Call::by_path("CreateGroup", "/CreateGroup", r#"{"GroupName":"ü"}"#);
    let log_group = Call::by_target("Logs_20140328.CreateLogGroup", r#"{"logGroupName":"c"}"#);
    let prefix = format!("{}/prefix", server.url());
    assert_eq!(call(Service::XRAY, &server.url(), &group).unwrap(), b"{}");
    assert_eq!(call(Service::LOGS, &prefix, &log_group).unwrap(), b"{}");

    let received = log.all();
    let [group, log_group] = &*received else { panic!("{received:?}") };
    assert_eq!((&*group.method, &*group.path), ("POST", "/CreateGroup"));
    assert_eq!(group.body, r#"{"GroupName":"ü"}"#.as_bytes());
    assert_eq!(group.header("content-type"), Some("application/json"));
    assert_eq!((&*log_group.method, &*log_group.path), ("POST", "/prefix/"));
    assert_eq!(log_group.header("content-type"), Some("application/x-amz-json-1.1"));
    assert_eq!(log_group.header("x-amz-target"), Some("Logs_20140328.CreateLogGroup"));
    for (request, service) in [(group, Service::XRAY), (log_group, Service::LOGS)] {
        assert_eq!(request.header("x-amz-date"), Some("20261120T100000Z"));
        assert_eq!(request.header("x-amz-security-token"), Some("the-token"));
        let expected = expected_authorization(request, &server.url(), service);
        assert_eq!(request.header("authorization"), Some(&*expected));
    }
}

#[test]
fn a_refusal_is_told_with_its_code_from_header_or_body() {
    let body = r#"{"Message":"Group already exists"}"#;
    let by_header = Answer::status(400).body(body);
    let by_header =
        by_header.header("x-amzn-ErrorType", "InvalidRequestException:http://internal/");
    let by_body = r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#;
    let script = vec![by_header, Answer::status(400).body(by_body), Answer::status(302)];
    let (server, log) = HttpServer::scripted(script, Answer::status(500));
    let group = Call::by_path("CreateGroup", "/CreateGroup", "{}");
    for (expected, is_throttled) in [
        ("InvalidRequestException: Group already exists (status 400)", false),
        ("ThrottlingException: Rate exceeded (status 400)", true),
        ("status 302", false),
        ("status 500", false),
    ] {
        let error = call(Service::XRAY, &server.url(), &group).unwrap_err();
        assert_eq!(error.to_string(), format!("CreateGroup was refused: {expected}"));
        assert_eq!(error.refusal().map(Refusal::is_throttled), Some(is_throttled));
    }
    assert_eq!(log.all().len(), 4, "nothing is sent twice or elsewhere");
}

#[test]
fn who_does_not_answer_is_named_and_no_secret_is() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let group = Call::by_path("CreateGroup", "/CreateGroup", "{}");
    let error = call(Service::XRAY, &format!("http://{address}"), &group).unwrap_err();
    assert_eq!(error.to_string(), format!("CreateGroup has no answer from {address}"));
    assert!(error.refusal().is_none());
    let shown = format!("{error:?}");
    assert!(shown.contains("Connect"), "{shown}");
    assert!(!shown.contains("hunter2") && !shown.contains("the-token"), "{shown}");
}

#[test]
fn an_answer_that_does_not_come_in_time_is_no_answer() {
    let (server, _) = HttpServer::scripted(vec![], Answer::Hang);
    let client = client(Service::XRAY, &server.url(), Duration::from_millis(50));
    let shown = format!("{client:?}");
    assert!(!shown.contains("hunter2") && !shown.contains("the-token"), "{shown}");
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let group = Call::by_path("CreateGroup", "/CreateGroup", "{}");
    let error = runtime.block_on(client.call(&group, signing_time())).unwrap_err();
    assert!(format!("{error:?}").contains("Timeout"), "{error:?}");
}
