//! What the other end of a request learns of the trace.

use spanwright::propagate::Composite;
use spanwright::record::{Destinations, Level, SpanKind};
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
fn a_forwarded_trace_state_does_not_stay_beside_another_trace() {
    let (server, log) = HttpServer::scripted(vec![], Answer::status(200));
    let formats = "tracecontext,baggage,b3multi,jaeger";
    let formats = Composite::from_setting(formats).expect("known names");
    let (_, spans) = traced_by(Capture::default().propagator(formats), async || {
        let request = client().get(server.url());
        let forwarded = [
            ("tracestate", "a=1"),
            ("x-b3-flags", "1"),
            ("b3", "0"),
            ("uberctx-k", "v"),
            ("baggage", "k=v"),
        ];
        forwarded
            .into_iter()
            .fold(request, |request, (name, value)| request.header(name, value))
            .send()
            .await
            .unwrap()
    });
    let received = &log.all()[0];
    assert_eq!(header(received, "traceparent"), traceparent_of(only(&spans)));
    for name in ["tracestate", "x-b3-flags", "b3", "uberctx-k"] {
        assert_eq!(received.header(name), None, "{name}");
    }
    assert_eq!(header(received, "x-b3-sampled"), "1");
    assert_eq!(header(received, "baggage"), "k=v", "this service has none of its own");
}

#[test]
fn context_is_sent_to_propagation_targets_alone() {
    let (server, log) = HttpServer::scripted(vec![], Answer::status(200));
    let port =
        server.url().rsplit(':').next().and_then(|rest| rest.split('/').next()).unwrap().to_owned();
    let targets = [
        (vec![], false),
        (vec!["api.example.com".to_owned()], false),
        (vec!["127.0.0.1:1".to_owned()], false),
        (vec!["127.0.0.1".to_owned()], true),
        (vec![format!("127.0.0.1:{port}")], true),
        (vec!["*".to_owned()], true),
    ];
    let count = targets.len();
    for (hosts, is_target) in targets {
        let capture = Capture::default().propagation_targets(&hosts);
        let (_, spans) = traced_by(capture, async || {
            let incoming = [("baggage", "k=v"), ("tracestate", "a=1")];
            let incoming = spanwright::extract(&incoming.as_slice());
            let span = Span::build("in").kind(SpanKind::Server).incoming(&incoming).start();
            let request = client().get(server.url()).header("tracestate", "own=1");
            span.wrap(request.send()).await.unwrap()
        });
        assert_eq!(spans.len(), 2);
        let received = log.all().pop().unwrap();
        let names = ["traceparent", "baggage"];
        let has = names.map(|name| received.header(name).is_some());
        assert_eq!(has, [is_target; 2], "{hosts:?}");
        // A request to another host is left as the application made it.
        assert_eq!(received.header("tracestate").is_none(), is_target, "{hosts:?}");
    }
    assert_eq!(log.all().len(), count);
}

#[test]
fn redirect_to_another_host_does_not_take_context_along() {
    let (other, other_log) = HttpServer::scripted(vec![], Answer::status(200));
    let port = |url: &str| url.trim_end_matches('/').rsplit(':').next().unwrap().to_owned();
    let redirect = Answer::status(307).header("location", &other.url());
    let (target, _) = HttpServer::scripted(vec![], redirect);
    let first = format!("127.0.0.1:{}", port(&target.url()));
    let second = format!("127.0.0.1:{}", port(&other.url()));
    for (targets, status, received) in [
        (vec![first.clone()], 307, None),
        (vec![first, second.clone()], 200, Some(true)),
        (vec![second], 200, Some(false)),
    ] {
        let capture = Capture::default().propagation_targets(&targets);
        let before = other_log.all().len();
        let (found, _) = traced_by(capture, async || {
            let policy = spanwright::http_client::redirect_policy();
            let client = reqwest::Client::builder().no_proxy().redirect(policy).build().unwrap();
            let client = spanwright::http_client::Client::new(client);
            client.get(target.url()).send().await.unwrap().status().as_u16()
        });
        let sent = other_log.all().get(before).map(|it| it.header("traceparent").is_some());
        assert_eq!((found, sent), (status, received), "{targets:?}");
    }
}

#[test]
fn headers_into_a_map_follow_the_propagation_targets() {
    let capture = Capture::default().propagation_targets(["*.example.com"]);
    let ((), _) = capture.run(|| {
        let _span = Span::new("work").entered();
        let names = |host| {
            let stale = ("tracestate".to_owned(), "a=1".to_owned());
            let mut headers = std::collections::HashMap::from([stale]);
            spanwright::inject_into_for(host, None, &mut headers);
            headers.into_keys().collect::<Vec<_>>()
        };
        assert_eq!(names("api.example.com"), ["traceparent"]);
        assert_eq!(names("example.org"), ["tracestate"]);
    });
}

#[test]
fn headers_for_a_host_follow_the_propagation_targets() {
    let capture = Capture::default().propagation_targets(["*.example.com"]);
    let ((), _) = capture.run(|| {
        let _span = Span::new("work").entered();
        let count = |host| {
            let mut count = 0;
            spanwright::inject_for(host, None, |_, _| count += 1);
            count
        };
        assert_eq!((count("api.example.com"), count("example.org")), (1, 0));
        assert_eq!(spanwright::propagation_fields(), ["traceparent", "tracestate", "baggage"]);
    });
    assert!(spanwright::propagation_fields().is_empty(), "nothing is installed here");
}

#[test]
fn a_service_that_records_nothing_carries_context_from_caller_to_callee() {
    let (server, log) = HttpServer::scripted(vec![], Answer::status(200));
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let incoming = [("traceparent", parent), ("tracestate", "a=b"), ("baggage", "user=worf")];
    for capture in [
        Capture::default().destinations(Destinations::NONE),
        Capture::default().level(Level::Error),
    ] {
        let (_, spans) = traced_by(capture, async || {
            let incoming = spanwright::extract(&incoming.as_slice());
            let span = Span::build("in").kind(SpanKind::Server).incoming(&incoming).start();
            span.wrap(notify(server.url())).await
        });
        assert!(spans.is_empty(), "{spans:?}");
        let received = log.all().pop().unwrap();
        let traceparent = header(&received, "traceparent");
        assert!(traceparent.starts_with("00-0af7651916cd43dd8448eb211c80319c-"), "{traceparent}");
        assert!(traceparent.ends_with("-01"), "{traceparent}");
        assert_eq!(header(&received, "tracestate"), "a=b");
        assert_eq!(header(&received, "baggage"), "user=worf");
    }
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
