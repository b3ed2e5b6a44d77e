//! A build whose only destination is Rollbar: functions make spans, since reports name them.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use spanwright::config::Environment;
use spanwright::{Config, report_errors, traced};

#[traced]
fn outer() -> Result<(), std::fmt::Error> {
    inner()
}

#[traced]
#[report_errors]
fn inner() -> Result<(), std::fmt::Error> {
    Err(std::fmt::Error)
}

/// Takes one request, answers as Rollbar does, and returns the body.
fn take_item(listener: &TcpListener) -> String {
    let (stream, _) = listener.accept().expect("there is a report");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("it is not zero");
    let mut reader = BufReader::new(&stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).expect("the request has a head");
        let line = line.trim_end().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.parse().expect("it is a number");
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("the body is whole");
    let answer = r#"{"err":0,"result":{}}"#;
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n";
    let length = answer.len();
    write!(&stream, "{head}content-length: {length}\r\n\r\n{answer}").expect("it reads");
    String::from_utf8(body).expect("an item is JSON")
}

#[test]
fn report_of_a_build_with_rollbar_alone_has_its_trace_and_spans() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("the system has a free port");
    let endpoint = format!("http://{}", listener.local_addr().expect("it is bound"));
    let token = "0123456789abcdef0123456789abcdef";
    let variables = [("ROLLBAR_ACCESS_TOKEN", token), ("ROLLBAR_ENDPOINT", &endpoint)];
    let environment: Environment = variables.into_iter().collect();
    let config = Config::from_environment(&environment).expect("the variables are right");
    let telemetry = config.install().expect("nothing else is installed");
    let server = thread::spawn(move || take_item(&listener));
    assert!(outer().is_err());
    let report = telemetry.shutdown(Duration::from_secs(20));
    assert!(report.in_time, "{report}");
    // Otherwise the server may wait for ever.
    assert_eq!((report.errors.accepted, report.errors.delivered), (1, 1), "{report}");
    let item = server.join().expect("the server does not panic");
    assert!(item.contains(r#""span_path":"outer > inner""#), "{item}");
    assert!(item.contains(r#""trace_id":"#), "{item}");
}
