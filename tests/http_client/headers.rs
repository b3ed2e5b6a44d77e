//! What the other end of a request learns of the trace.

use spanwright::record::{Level, SpanKind};
use spanwright::sample::Sampler;
use spanwright::testing::Capture;
use spanwright::{Span, SpanRef, traced};
use support::http_server::{Answer, HttpServer};

use crate::support::{block_on, client, header, only, traced, traced_by, traceparent_of};

#[traced(name = "notify")]
async fn notify(url: String) -> u16 {
    client().get(url).send().await.expect("the server answers").status().as_u16()
}

#[traced(level = "warn")]
async fn import(url: String) {
    notify(url).await;
}

#[test]
fn the_other_end_learns_of_the_very_span_of_the_request() {
    let (server, log) = HttpServer::scripted(vec![], Answer::status(200));
    let (_, spans) = traced(async || (notify(server.url()).await, notify(server.url()).await));
    let [first, outer, second, _] = &*spans else { panic!("{spans:?}") };
    assert_eq!(first.kind, SpanKind::Client);
    assert_eq!(first.parent_span_id, Some(outer.context.span_id));
    assert_eq!(first.context.trace_id, outer.context.trace_id);
    let received = log.all();
    assert_eq!(header(&received[0], "traceparent"), traceparent_of(first));
    assert_eq!(header(&received[1], "traceparent"), traceparent_of(second));
}

#[test]
fn what_came_with_a_request_goes_on_with_its_calls() {
    let (server, log) = HttpServer::scripted(vec![], Answer::status(200));
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let incoming = [("traceparent", parent), ("tracestate", "a=b"), ("baggage", "user=worf")];
    let (_, spans) = traced(async || {
        let incoming = spanwright::extract(&incoming.as_slice());
        let span = Span::build("in").kind(SpanKind::Server).incoming(&incoming).start();
        span.wrap(client().get(server.url()).send()).await.unwrap()
    });
    assert_eq!(spans[0].context.trace_id.to_string(), "0af7651916cd43dd8448eb211c80319c");
    let received = &log.all()[0];
    assert_eq!(header(received, "traceparent"), traceparent_of(&spans[0]));
    assert_eq!(header(received, "tracestate"), "a=b");
    assert_eq!(header(received, "baggage"), "user=worf");
}

#[test]
fn a_request_under_no_span_begins_a_trace() {
    let (server, log) = HttpServer::scripted(vec![], Answer::status(200));
    let (_, spans) = traced(async || client().get(server.url()).send().await.unwrap());
    let span = only(&spans);
    assert_eq!(span.parent_span_id, None);
    assert_eq!(header(&log.all()[0], "traceparent"), traceparent_of(span));
}

#[test]
fn an_unsampled_trace_is_no_span_and_tells_the_other_end_not_to_record() {
    let (server, log) = HttpServer::scripted(vec![], Answer::status(200));
    let unsampled = Capture::default().sampler(Sampler::AlwaysOff);
    let (status, spans) = traced_by(unsampled, async || {
        client().get(server.url()).send().await.unwrap();
        notify(server.url()).await
    });
    assert_eq!(status, 200);
    assert!(spans.is_empty(), "{spans:?}");
    for received in log.all() {
        let traceparent = header(&received, "traceparent");
        let flags = traceparent.rsplit('-').next().and_then(|flags| flags.parse::<u8>().ok());
        assert!(flags.is_some_and(|flags| flags & 1 == 0), "{traceparent}");
    }
}

#[test]
fn below_the_level_that_is_recorded_the_headers_name_the_span_above() {
    let (server, log) = HttpServer::scripted(vec![], Answer::status(200));
    let ((), spans) = traced_by(Capture::default().level(Level::Warn), async || {
        import(server.url()).await;
    });
    assert_eq!(header(&log.all()[0], "traceparent"), traceparent_of(only(&spans)));
}

#[test]
fn a_header_that_the_request_has_already_gives_way_to_the_true_one() {
    let (server, log) = HttpServer::scripted(vec![], Answer::status(200));
    let (_, spans) = traced(async || {
        let stale = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let request = client().get(server.url()).header("traceparent", stale);
        request.header("x-other", "stays").send().await.unwrap()
    });
    let received = &log.all()[0];
    let all: Vec<_> = received.headers.iter().filter(|(name, _)| name == "traceparent").collect();
    assert_eq!(all, [&("traceparent".to_owned(), traceparent_of(only(&spans)))]);
    assert_eq!(header(received, "x-other"), "stays");
}

#[test]
fn nothing_is_sent_along_where_nothing_is_installed_or_all_is_muted() {
    let (server, log) = HttpServer::scripted(vec![], Answer::status(200));
    block_on(notify(server.url()));
    let (_, spans) = traced(async || {
        use spanwright::FutureExt as _;
        client().get(server.url()).send().in_context(SpanRef::MUTED).await.unwrap()
    });
    assert!(spans.is_empty(), "{spans:?}");
    let received = log.all();
    assert_eq!(received.len(), 2);
    assert!(received.iter().all(|request| request.header("traceparent").is_none()));
}
