//! The double itself, where no sender of ours would show what it does.

use std::net::UdpSocket;

use spanwright::export::Request;
use spanwright::pipeline::transport::Transport;
use spanwright::secret::Secret;
use support::rig::{LONG, client};
use support::xray_daemon::{Dropped, HEADER, XrayDaemon};

#[test]
fn datagrams_are_taken_dropped_and_refused_as_by_the_daemon() {
    let daemon = XrayDaemon::start();
    let socket = UdpSocket::bind("127.0.0.1:0").expect("loopback has free ports");
    let send = |document: &[u8]| {
        let datagram = [HEADER, document].concat();
        socket.send_to(&datagram, daemon.address()).expect("loopback takes datagrams");
    };
    send(br#"{"id": "spaced", "name":"a"}"#);
    send(br#"{"trace_id":"1-2-3","name":"b","id":"compact"}"#);
    send(b"{\"id\":\"4\",\"name\":\"\xff\"}");
    send(b"{\"id\":\"5\"}\n{\"id\":\"6\"}");
    send(b"");
    socket.send_to(b"{}", daemon.address()).expect("loopback takes datagrams");
    daemon.wait_for_datagrams(6);

    let documents = daemon.documents();
    let found: Vec<_> =
        documents.iter().map(|it| (it.id.as_deref(), it.json["name"].as_str())).collect();
    let expected = [(None, Some("a")), (Some("compact"), Some("b")), (Some("4"), Some("\u{fffd}"))];
    assert_eq!(found, expected);
    assert_eq!(documents[1].trace_id.as_deref(), Some("1-2-3"));
    let unprocessed = daemon.unprocessed();
    assert_eq!((unprocessed.len(), unprocessed[0].error_code), (1, "ParseError"));
    assert_eq!(daemon.dropped(), [Dropped::NoDocument, Dropped::NoHeader]);
}

#[test]
fn a_stopped_daemon_refuses_and_keeps_what_came_before() {
    let mut daemon = XrayDaemon::start();
    let socket = UdpSocket::bind("127.0.0.1:0").expect("loopback has free ports");
    socket.connect(daemon.address()).expect("connecting a datagram socket sends nothing");
    let send = |number: usize| {
        let document = format!("{{\"id\":\"{number}\"}}");
        let sent = socket.send(&[HEADER, document.as_bytes()].concat());
        sent.and_then(|_| socket.take_error()?.map_or(Ok(()), Err))
    };
    assert!((1..=50).all(|number| send(number).is_ok()));
    daemon.stop();
    assert_eq!(daemon.documents().len(), 50);
    let refused = send(51).expect_err("nobody listens");
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    daemon.restart();
    send(52).expect("the daemon is back");
    daemon.wait_for(51);
}

#[tokio::test(flavor = "current_thread")]
async fn paths_of_the_service_are_answered_and_others_are_not_found() {
    let daemon = XrayDaemon::start();
    let client = client(LONG);
    for (path, body, status, answer) in [
        ("/GetSamplingRules", "{}", 200, r#"{"SamplingRuleRecords":[]}"#),
        (
            "/TraceSegments",
            r#"{"TraceSegmentDocuments":[]}"#,
            200,
            r#"{"UnprocessedTraceSegments":[]}"#,
        ),
        ("/TraceSegments", "{}", 400, r#"{"message":"TraceSegmentDocuments is missing"}"#),
        ("/TraceSegments", "", 400, r#"{"message":"the body is not JSON"}"#),
        ("/Traces", "{}", 404, ""),
    ] {
        let url = Secret::new(format!("http://{}{path}", daemon.address()));
        let request = Request { url, headers: Vec::new(), body: vec![body.into()] };
        let reply = client.send(request).await.expect("the double answers");
        assert_eq!((reply.status, &reply.body[..]), (status, answer.as_bytes()), "{path}");
    }
    let targets = Secret::new(format!("http://{}/SamplingTargets", daemon.address()));
    let request = Request { url: targets, headers: Vec::new(), body: vec!["{}".into()] };
    assert_eq!(client.send(request).await.expect("the double answers").status, 200);
}
