//! What a running destination tells of itself.

use spanwright::Span;
use spanwright::xray::Verdict;
use support::http_server::Answer;
use support::xray_daemon::XrayDaemon;

use super::{LONG, install, request, turn};

#[test]
fn a_running_destination_tells_of_its_rules_its_losses_and_its_changes() {
    let _turn = turn();
    let daemon = XrayDaemon::start();
    let telemetry = install(&daemon, &[("OTEL_SERVICE_NAME", "crud<dur>")]);
    daemon.wait_for_requests(1);
    request(0);
    // Nothing is above it.
    drop(Span::build("lonely").subsegment().start());
    assert!(telemetry.flush(LONG).in_time);

    let diagnosis = telemetry.xray_diagnosis().expect("X-Ray is installed");
    let delivery = &diagnosis.about("delivery").expect("something was delivered").detail;
    assert!(
        delivery.starts_with("traces accepted 1, delivered 0, sent 1, pending 0"),
        "{delivery}"
    );
    let changes = diagnosis.about("changes").expect("the name was changed");
    assert_eq!(changes.verdict, Verdict::Warning, "{changes}");
    assert!(changes.detail.starts_with("name: 1\n  \"crud<dur>\" became "), "{changes}");
    let orphans = diagnosis.about("orphans").expect("one subsegment had no segment");
    assert_eq!(orphans.verdict, Verdict::Warning, "{orphans}");
    assert!(diagnosis.findings.iter().all(|it| it.advice.is_none() == (it.verdict == Verdict::Ok)));

    let report = telemetry.shutdown(LONG);
    assert_eq!((report.changes["name"], report.missing_segments), (1, 1));
    let said = report.to_string();
    let end = "; changed or refused: name 1; subsegments without a segment 1";
    assert!(said.ends_with(end), "{said}");
}

#[test]
fn a_daemon_without_sampling_shows_in_a_running_destination() {
    let _turn = turn();
    let daemon = XrayDaemon::start();
    daemon.answer("/GetSamplingRules", |_| Answer::status(404));
    let telemetry = install(&daemon, &[]);
    let fresh = telemetry.xray_diagnosis().expect("X-Ray is installed");
    let sampling = fresh.about("sampling").expect("rules are asked for");
    assert_ne!(sampling.verdict, Verdict::Ok, "{sampling}");
    assert!(sampling.detail.starts_with("no rules of the account so far"), "{sampling}");
    let report = telemetry.shutdown(LONG);
    assert!(report.in_time && !report.to_string().contains("changed"), "{report}");
}
