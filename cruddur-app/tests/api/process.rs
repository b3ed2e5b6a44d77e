//! The program itself: what it says when it cannot start, and how it stops.

use std::{
    io::{BufRead, BufReader},
    process::{Child, ChildStderr, Command, Output, Stdio},
};
#[cfg(all(feature = "actix", feature = "console", not(feature = "off")))]
use std::{
    io::{Read, Write},
    net::TcpStream,
};

use crate::support::TempFolder;

pub(crate) fn program(settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cruddur-app"));
    command.env_clear().env("BIND_ADDRESS", "127.0.0.1").env("PORT", "0");
    command.envs(settings.iter().copied()).stdin(Stdio::null());
    command
}

fn refused(settings: &[(&str, &str)]) -> String {
    let Output { status, stderr, .. } = program(settings).output().expect("the program was built");
    assert!(!status.success());
    String::from_utf8(stderr).expect("messages are UTF-8")
}

#[test]
fn a_bad_setting_ends_the_program_with_its_name() {
    assert_eq!(
        refused(&[("PORT", "http")]),
        "cruddur cannot run: PORT is `http`, expected a port number from 0 to 65535\n"
    );
    assert_eq!(
        refused(&[("DATABASE_URL", "mysql://cruddur:s3cret@db/cruddur")]),
        "cruddur cannot run: DATABASE_URL is `…`, \
         expected postgres://user:password@host:port/database, sqlite://file or sqlite::memory:\n"
    );
}

#[test]
fn a_data_folder_that_cannot_be_made_is_named() {
    let folder = TempFolder::new();
    let file = folder.0.join("file");
    std::fs::write(&file, "in the way").expect("it is our folder");
    let data_dir = file.join("data").display().to_string();
    let said = refused(&[("CRUDDUR_DATA_DIR", &data_dir)]);
    let expected = format!("cruddur cannot run: cannot make the data folder `{data_dir}`: ");
    assert!(said.starts_with(&expected), "{said}");
}

#[test]
fn a_signal_ends_the_program_in_order_and_a_second_start_finds_its_rows() {
    let folder = TempFolder::new();
    let data_dir = folder.0.join("a folder%20with?odd#signs").display().to_string();
    for signal in ["-TERM", "-INT"] {
        let mut child = program(&[("CRUDDUR_DATA_DIR", &data_dir)])
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program was built");
        let (url, stderr) = started(&mut child);
        assert!(url.starts_with("http://127.0.0.1:"), "{url}");
        send(signal, &child);
        assert!(child.wait().expect("it is our child").success());
        let last = stderr.lines().map(|line| line.expect("UTF-8")).last();
        assert_eq!(last.as_deref(), Some("cruddur stopped"));
    }
}

/// A destination is wanted, so this build must have it.
#[cfg(all(feature = "actix", feature = "otlp", feature = "console", not(feature = "off")))]
#[test]
fn a_second_signal_ends_the_wait_for_a_destination_that_hangs() {
    let folder = TempFolder::new();
    let data_dir = folder.0.display().to_string();
    // It takes connections and never answers.
    let hanging = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback has free ports");
    let endpoint = format!("http://{}", hanging.local_addr().expect("it is bound"));
    let settings = [("CRUDDUR_DATA_DIR", &*data_dir), ("OTEL_EXPORTER_OTLP_ENDPOINT", &*endpoint)];
    let mut child = program(&settings).stderr(Stdio::piped()).spawn().expect("it was built");
    let (url, mut stderr) = started(&mut child);
    let mut stream = TcpStream::connect(&url["http://".len()..]).expect("it listens");
    let request = "GET /api/activities/home HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).expect("it reads");
    stream.read_to_string(&mut String::new()).expect("it answers");

    let begin = tokio::time::Instant::now();
    send("-TERM", &child);
    send("-INT", &child);
    let mut said = String::new();
    stderr.read_to_string(&mut said).expect("messages are UTF-8");
    assert!(child.wait().expect("it is our child").success());
    let seconds = begin.elapsed().as_secs();
    assert!(seconds < 8, "{seconds} s, and ten are waited for: {said}");
    assert!(said.contains("(shutdown ") && said.ends_with("cruddur stopped\n"), "{said}");
}

/// Telemetry is wanted, so this build must have it.
#[cfg(all(feature = "actix", feature = "console", not(feature = "off")))]
#[test]
fn a_panic_is_answered_with_a_request_id_and_its_request_has_a_status() {
    let folder = TempFolder::new();
    let data_dir = folder.0.display().to_string();
    let settings = [("CRUDDUR_DATA_DIR", &*data_dir), ("OTEL_TRACES_EXPORTER", "console")];
    let mut command = program(&settings);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("built");
    let (url, mut stderr) = started(&mut child);
    let address = &url["http://".len()..];

    let mut stream = TcpStream::connect(address).expect("it listens");
    let request = "GET /rollbar/test/panic HTTP/1.1\r\nhost: x\r\nx-request-id: probe-1\r\n\
                   connection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    send("-TERM", &child);
    let mut said = String::new();
    stderr.read_to_string(&mut said).expect("messages are UTF-8");
    let output = child.wait_with_output().expect("it is our child");

    assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
    assert!(answer.to_lowercase().contains("x-request-id: probe-1\r\n"), "{answer}");
    let traces = String::from_utf8(output.stdout).expect("traces are text");
    assert!(traces.contains("http.response.status_code=500"), "{traces}\n{said}");
    assert!(traces.contains("error.type=cruddur_app::error::AppError"), "{traces}");
    let inner = traces.lines().find(|line| line.contains("rollbar-test-panic"));
    assert!(inner.is_some_and(|line| line.contains("  panic")), "{traces}");
}

/// The log is wanted, so this build must have it.
#[cfg(all(feature = "actix", feature = "console", feature = "tracing", not(feature = "off")))]
#[test]
fn with_nothing_configured_a_machine_reads_the_log_with_its_traces() {
    let folder = TempFolder::new();
    let data_dir = folder.0.display().to_string();
    let mut command = program(&[("CRUDDUR_DATA_DIR", &data_dir)]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("built");
    let (url, mut stderr) = started(&mut child);
    for path in ["/api/activities/home", "/api/health-check"] {
        let mut stream = TcpStream::connect(&url["http://".len()..]).expect("it listens");
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }
    send("-TERM", &child);
    let mut said = String::new();
    stderr.read_to_string(&mut said).expect("messages are UTF-8");
    let output = child.wait_with_output().expect("it is our child");

    let printed = String::from_utf8(output.stdout).expect("lines are text");
    let objects = printed.lines().filter(|line| line.starts_with('{'));
    let events: Vec<serde_json::Value> =
        objects.map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let of = |target: &str| -> Vec<_> {
        events.iter().filter(|event| event["target"] == target).collect()
    };
    let [listens] = of("cruddur_app")[..] else { panic!("one start: {printed}\n{said}") };
    assert_eq!(listens["message"], "cruddur listens");
    let [home] = of("cruddur_app::services::home_activities")[..] else { panic!("{printed}") };
    assert_eq!(home["message"], "HomeActivities");
    let [access] = of("spanwright::access")[..] else { panic!("one request: {printed}") };
    let message = access["message"].as_str().expect("a text");
    assert!(message.ends_with(" 127.0.0.1 GET http /api/activities/home? 200 OK"), "{message}");
    assert_eq!(access["trace_id"], home["trace_id"]);
    assert!(access["user"].is_string() && access["user"] == home["user"], "{access}");
}

/// Blocks until the program listens; returns its address, as a URL, and what it says from then on.
pub(crate) fn started(child: &mut Child) -> (String, BufReader<ChildStderr>) {
    let mut stderr = BufReader::new(child.stderr.take().expect("it is piped"));
    let mut line = String::new();
    stderr.read_line(&mut line).expect("it says where it listens");
    let url = line.strip_prefix("cruddur listens on ").and_then(|rest| rest.split(' ').next());
    (url.unwrap_or_else(|| panic!("it does not listen: {line}")).to_owned(), stderr)
}

pub(crate) fn send(signal: &str, child: &Child) {
    let id = child.id().to_string();
    let status = Command::new("kill").args([signal, &id]).status().expect("kill is everywhere");
    assert!(status.success());
}
