//! What AWS's own files say of region and keys. They are found by variables of the process, so each test
//! runs once more in a process with its own.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use spanwright::config::Environment;
use spanwright::loss::LossReason;
use spanwright::pipeline::Settings;
use spanwright::{Config, Span, Telemetry};
use support::alone::{alone, said};
use support::cloudwatch_server::{ACCESS_KEY_ID, CloudwatchServer, SECRET_ACCESS_KEY, refusal};
use support::otlp_sink::OtlpSink;
use support::proxy::ConnectProxy;
use support::rig::{A_MOMENT, LONG, delivered, lost, quick, sum};

use crate::rig::GROUP;

/// A new file that is gone with its test.
struct File(PathBuf);

impl File {
    fn new(name: &str, text: &str) -> Self {
        let file = Self(PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name));
        file.write(text);
        file
    }

    fn write(&self, text: &str) {
        fs::write(&self.0, text).expect("the folder of the build is writable");
    }
}

impl Drop for File {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.0));
    }
}

fn keys(id: &str) -> String {
    format!("[default]\naws_access_key_id = {id}\naws_secret_access_key = {SECRET_ACCESS_KEY}\n")
}

const REGION: &str = "[default]\nregion = eu-west-1\n";

/// Runs the test in a process that finds these texts in the files of AWS; what that says on standard
/// error, or `None` in that process.
fn elsewhere(test: &str, config: &str, credentials: &str) -> Option<String> {
    if std::env::var_os("AWS_CONFIG_FILE").is_some() {
        return None;
    }
    let files = [("config", config), ("credentials", credentials)]
        .map(|(kind, text)| File::new(&format!("{test}-{kind}"), text));
    let mut command = alone(&format!("chain::{test}"));
    command
        .env_clear()
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONFIG_FILE", &files[0].0)
        .env("AWS_SHARED_CREDENTIALS_FILE", &files[1].0);
    let said = said(&mut command);
    assert!(!said.contains(SECRET_ACCESS_KEY), "{said}");
    Some(said)
}

/// A log that finds out by itself what is not said here.
fn config(server: &CloudwatchServer, more: &[(&str, &str)]) -> Config {
    let url = server.url();
    let all = [("CLOUDWATCH_LOG_GROUP", GROUP), ("AWS_ENDPOINT_URL_LOGS", &url)];
    let environment: Environment = all.into_iter().chain(more.iter().copied()).collect();
    Config::from_environment(&environment).expect("there is nothing to misread")
}

fn server() -> CloudwatchServer {
    CloudwatchServer::start().in_real_time()
}

#[test]
fn region_and_keys_of_the_profile_are_found() {
    if elsewhere("region_and_keys_of_the_profile_are_found", REGION, &keys(ACCESS_KEY_ID)).is_some()
    {
        return;
    }
    let server = server();
    let telemetry = config(&server, &[]).install().expect("the profile names a region");
    tracing::info!("hello");
    let report = telemetry.shutdown(LONG);
    assert_eq!(sum(report.destinations[0].tally), delivered(1));
    assert_eq!(server.store().all_events().len(), 1);
}

// <https://github.com/argoproj/argo-events/issues/209>: a secret that was made by `echo` ends in a line break.
#[test]
fn line_break_behind_a_key_is_no_part_of_it() {
    let (id, secret) = (format!("{ACCESS_KEY_ID}\n"), format!(" {SECRET_ACCESS_KEY}\r\n"));
    let keys = [
        ("AWS_REGION", "eu-west-1\n"),
        ("AWS_ACCESS_KEY_ID", &*id),
        ("AWS_SECRET_ACCESS_KEY", &*secret),
    ];
    if elsewhere("line_break_behind_a_key_is_no_part_of_it", "", "").is_some() {
        return;
    }
    let server = server();
    let telemetry = config(&server, &keys).install().expect("the region is set");
    tracing::info!("hello");
    let report = telemetry.shutdown(LONG);
    assert_eq!(sum(report.destinations[0].tally), delivered(1));
}

/// The only destination that did not start.
fn failed(telemetry: &Telemetry) -> String {
    let [failed] = telemetry.failed_destinations() else { panic!("one does not start") };
    failed.to_string()
}

#[test]
fn without_a_region_the_log_is_off_and_others_run() {
    if elsewhere("without_a_region_the_log_is_off_and_others_run", "", "").is_some() {
        return;
    }
    let sink = OtlpSink::start();
    let telemetry = config(&server(), &[("OTEL_EXPORTER_OTLP_ENDPOINT", &sink.endpoint())]);
    let telemetry = telemetry.install().expect("a service starts");
    let failed = failed(&telemetry);
    assert!(failed.starts_with("cloudwatch is off: no AWS region: set AWS_REGION"), "{failed}");
    drop(Span::new("work"));
    let report = telemetry.shutdown(LONG);
    assert_eq!(report.destinations.len(), 1, "{report}");
    assert_eq!(sum(report.destinations[0].tally), delivered(1));
}

/// Runs the test in a process whose profile is a pipe that no process writes to, so that reading it hangs,
/// with these variables besides; returns true in that process.
fn with_a_profile_that_hangs(test: &str, variables: &[(&str, &str)]) -> bool {
    if std::env::var_os("AWS_CONFIG_FILE").is_some() {
        return true;
    }
    let pipe = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{test}-pipe"));
    drop(fs::remove_file(&pipe));
    let made = Command::new("mkfifo").arg(&pipe).status().expect("the system has pipes");
    assert!(made.success());
    let mut command = alone(&format!("chain::{test}"));
    command.env("AWS_EC2_METADATA_DISABLED", "true").env("AWS_CONFIG_FILE", &pipe);
    command.env_remove("AWS_REGION").env_remove("AWS_DEFAULT_REGION");
    command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
    command.envs(variables.iter().copied());
    said(&mut command);
    drop(fs::remove_file(&pipe));
    false
}

#[test]
fn a_profile_that_hangs_turns_off_the_log_alone() {
    if !with_a_profile_that_hangs("a_profile_that_hangs_turns_off_the_log_alone", &[]) {
        return;
    }
    let sink = OtlpSink::start();
    let telemetry = config(&server(), &[("OTEL_EXPORTER_OTLP_ENDPOINT", &sink.endpoint())]);
    let telemetry = telemetry.install().expect("a service starts");
    let expected = "cloudwatch is off: no AWS region: the profile could not be read within 2s; set \
                    AWS_REGION or AWS_DEFAULT_REGION";
    assert_eq!(failed(&telemetry), expected);
    drop(Span::new("work"));
    let report = telemetry.shutdown(LONG);
    assert!(report.in_time, "{report}");
    assert_eq!(sum(report.destinations[0].tally), delivered(1));
}

#[test]
fn credentials_that_hang_do_not_hold_up_other_destinations() {
    const TEST: &str = "credentials_that_hang_do_not_hold_up_other_destinations";
    if !with_a_profile_that_hangs(TEST, &[("AWS_REGION", "eu-west-1")]) {
        return;
    }
    let sink = OtlpSink::start();
    let more = [("AWS_REGION", "eu-west-1"), ("OTEL_EXPORTER_OTLP_ENDPOINT", &sink.endpoint())];
    let telemetry = config(&server(), &more).install().expect("a service starts");
    // The log waits for credentials, twice.
    for count in 1..=2 {
        tracing::info!("hello");
        assert!(!telemetry.flush(A_MOMENT).in_time);
        drop(Span::new("work"));
        let is_delivered = || {
            let _ = telemetry.flush(A_MOMENT);
            sink.received().len() == count
        };
        assert!((0..100).any(|_| is_delivered()), "the span {count} is not delivered");
    }
    let report = telemetry.shutdown(A_MOMENT);
    let tally = |name| report.destinations.iter().find(|it| it.destination == name).unwrap().tally;
    assert_eq!(sum(tally("otlp")), delivered(2));
    assert_eq!(sum(tally("cloudwatch")), lost(2, LossReason::Shutdown));
}

#[test]
fn a_proxy_that_credentials_cannot_use_is_a_warning() {
    const TEST: &str = "a_proxy_that_credentials_cannot_use_is_a_warning";
    if let Some(said) = elsewhere(TEST, REGION, &keys(ACCESS_KEY_ID)) {
        let expected = "spanwright: the proxy for https:// destinations is a SOCKS proxy, which the \
                        search for AWS credentials cannot use: roles and single sign-on are asked \
                        directly; set HTTPS_PROXY to an http:// proxy";
        assert_eq!(said.matches(expected).count(), 1, "{said}");
        return;
    }
    let server = server();
    for (proxy, more) in [
        ("socks5h://proxy.test:1080", &[][..]),
        ("http://proxy.test:3128", &[]),
        (
            "socks5h://proxy.test:1080",
            &[("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID), ("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY)],
        ),
    ] {
        let more: Vec<_> = [("ALL_PROXY", proxy)].iter().chain(more).copied().collect();
        let telemetry = config(&server, &more).install().expect("the profile names a region");
        tracing::info!("hello");
        let report = telemetry.shutdown(LONG);
        assert_eq!(sum(report.destinations[0].tally), delivered(1), "{proxy}");
    }
}

#[test]
fn a_role_is_asked_for_by_the_proxy() {
    const TEST: &str = "a_role_is_asked_for_by_the_proxy";
    const PROFILES: &str = "[default]\nregion = eu-west-1\nrole_arn = arn:aws:iam::1:role/logs\n\
                            source_profile = base\n[profile base]\nregion = eu-west-1\n";
    let keys = keys(ACCESS_KEY_ID).replace("[default]", "[base]");
    if elsewhere(TEST, PROFILES, &keys).is_some() {
        return;
    }
    let (server, proxy) = (server(), ConnectProxy::start(None));
    let address = format!("http://me:password@{}", proxy.address());
    let telemetry = config(&server, &[("HTTPS_PROXY", &address)]);
    let telemetry = telemetry.install().expect("the profile names a region");
    tracing::info!("hello");
    let _ = telemetry.flush(Duration::from_secs(3));
    let _ = telemetry.shutdown(Duration::from_millis(50));
    let heads = proxy.heads();
    let is_asked = heads.iter().any(|it| it.starts_with("CONNECT sts.eu-west-1.amazonaws.com:443"));
    assert!(is_asked, "{heads:?}");
}

#[test]
fn without_credentials_the_log_waits_and_it_is_said_at_once() {
    const TEST: &str = "without_credentials_the_log_waits_and_it_is_said_at_once";
    if let Some(said) = elsewhere(TEST, REGION, "") {
        let is_said =
            |line: &str| line.contains("cloudwatch") && line.contains("no AWS credentials");
        assert_eq!(said.lines().filter(|line| is_said(line)).count(), 1, "{said}");
        return;
    }
    let server = server();
    let telemetry = config(&server, &[]).install().expect("the profile names a region");
    tracing::info!("hello");
    assert!(!telemetry.flush(Duration::from_secs(2)).in_time);
    let report = telemetry.shutdown(Duration::from_millis(50));
    let lost = lost(1, LossReason::Shutdown);
    assert_eq!((sum(report.destinations[0].tally), server.operations().len()), (lost, 0));
}

#[test]
fn keys_that_are_mended_in_the_file_are_used_without_a_restart() {
    const TEST: &str = "keys_that_are_mended_in_the_file_are_used_without_a_restart";
    if elsewhere(TEST, REGION, &keys("AKIDOTHER")).is_some() {
        return;
    }
    let server = server();
    // No wait is longer than all patience.
    let settings = Settings { give_up_after: Duration::from_secs(1), ..quick() };
    let telemetry = config(&server, &[]).pipeline(settings).install();
    let telemetry = telemetry.expect("the profile names a region");
    tracing::info!("hello");
    // Sends it, and the wait begins.
    server.wait_for("PutLogEvents", 1);
    let file = std::env::var_os("AWS_SHARED_CREDENTIALS_FILE").expect("it is set here");
    fs::write(file, keys(ACCESS_KEY_ID)).expect("the folder of the build is writable");
    assert!(telemetry.flush(LONG).in_time);
    let report = telemetry.shutdown(LONG);
    assert_eq!(sum(report.destinations[0].tally), delivered(1));
    assert_eq!(server.refusals()[0].code, "UnrecognizedClientException");
}

/// A profile whose program gives one key first, and another from the second time on.
fn changing(test: &str, first: &str, later: &str) -> (String, [File; 2]) {
    let seen = File::new(&format!("{test}-seen"), "no");
    let program = format!(
        "read -r seen < '{0}'; echo yes > '{0}'
         if [ \"$seen\" = no ]; then id={first}; else id={later}; fi
         echo '{{\"Version\":1,\"SecretAccessKey\":\"{SECRET_ACCESS_KEY}\",\"AccessKeyId\":\"'$id'\"}}'",
        seen.0.display()
    );
    let program = File::new(&format!("{test}-program"), &program);
    let profile = format!("{REGION}credential_process = /bin/sh '{}'\n", program.0.display());
    (profile, [seen, program])
}

#[test]
fn keys_that_have_ended_are_looked_for_anew_and_the_log_goes_on_at_once() {
    const TEST: &str = "keys_that_have_ended_are_looked_for_anew_and_the_log_goes_on_at_once";
    let (profile, _files) = changing(TEST, "AKIDOTHER", ACCESS_KEY_ID);
    if elsewhere(TEST, &profile, "").is_some() {
        return;
    }
    let server = server().script("PutLogEvents", [refusal("ExpiredTokenException")]);
    let telemetry = config(&server, &[]).install().expect("the profile names a region");
    tracing::info!("hello");
    assert!(telemetry.flush(LONG).in_time);
    let report = telemetry.shutdown(LONG);
    assert_eq!(sum(report.destinations[0].tally), delivered(1));
    assert_eq!(server.store().all_events().len(), 1);
    assert_eq!(server.operations()[..2], ["PutLogEvents", "PutLogEvents"]);
}

#[test]
fn where_the_new_keys_are_not_taken_either_the_log_waits() {
    const TEST: &str = "where_the_new_keys_are_not_taken_either_the_log_waits";
    let (profile, _files) = changing(TEST, "AKIDOTHER", "AKIDTHIRD");
    if let Some(said) = elsewhere(TEST, &profile, "") {
        assert!(said.contains("cloudwatch at 127.0.0.1"), "{said}");
        assert!(said.contains("takes nothing for 300s: AWS_ACCESS_KEY_ID, or what"), "{said}");
        return;
    }
    let server = server();
    let telemetry = config(&server, &[]).install().expect("the profile names a region");
    tracing::info!("hello");
    server.wait_for("PutLogEvents", 2);
    assert!(!telemetry.flush(A_MOMENT).in_time);
    let report = telemetry.shutdown(Duration::from_millis(30));
    let found = (sum(report.destinations[0].tally), server.operations().len());
    assert_eq!(found, (lost(1, LossReason::Shutdown), 2));
}
