//! What a report of an error tells of the request that it happened in.

use std::rc::Rc;
use std::sync::mpsc;

use actix_web::dev::Service;
use actix_web::error::ErrorServiceUnavailable;
use actix_web::http::Method;
use actix_web::middleware::{Next, from_fn};
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, HttpRequest, HttpResponse, web};
use spanwright::actix::Tracing;
use spanwright::record::{RequestRecord, SpanKind};
use spanwright::sample::Sampler;
use spanwright::testing::{Capture, request_details};
use spanwright::{Span, SpanRef};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::support::{send, serve, traced, traced_by, watched};

/// What is told of a request when it is answered.
fn details_of(tracing: Tracing, request: TestRequest) -> RequestRecord {
    let (details, _) = traced(async || {
        let (tracing, span) = watched(tracing);
        let part = web::resource("/{part:[a-z]{1,9}}/x").to(async || ".");
        let scope = web::scope("/users/{id}").service(part);
        let no_route = async || HttpResponse::NotFound().body("no such page");
        let app = App::new().service(scope).default_service(web::to(no_route)).wrap(tracing);
        let response = call_service(&init_service(app).await, request.to_request()).await;
        let details = request_details(*span.get().expect("it has begun"));
        drop(response);
        details
    });
    details.expect("its body has not been sent")
}

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn a_request_is_told_as_it_came_in() {
    let request = TestRequest::post()
        .uri("/users/7/crud%20s/x?full=1&token=hush")
        .peer_addr("10.0.0.9:5511".parse().unwrap())
        .insert_header(("Host", "cruddur.example:4567"))
        .insert_header(("X-Cruddur-User", "ann"))
        .insert_header(("Authorization", "Bearer hush"));
    assert_eq!(
        details_of(Tracing::new(), request),
        RequestRecord {
            method: "POST".into(),
            url: "http://cruddur.example:4567/users/7/crud%20s/x?full=1&token=hush".into(),
            route: None,
            params: Vec::new(),
            headers: owned(&[
                ("authorization", "Bearer hush"),
                ("host", "cruddur.example:4567"),
                ("x-cruddur-user", "ann"),
            ]),
            client_address: Some("10.0.0.9".into()),
            body: None,
        }
    );
}

#[test]
fn the_route_and_its_parameters_are_told_of_a_request_that_was_answered() {
    let details = details_of(Tracing::new(), TestRequest::with_uri("/users/7/cruds/x?part=no"));
    assert_eq!(details.route.as_deref(), Some("/users/{id}/{part}/x"));
    assert_eq!(details.params, owned(&[("id", "7"), ("part", "cruds")]));
}

#[test]
fn a_request_that_matches_no_route_has_none() {
    let details = details_of(Tracing::new(), TestRequest::with_uri("/wp-admin.php"));
    assert_eq!((details.url.as_str(), details.route), ("/wp-admin.php", None));
    assert_eq!(details.params, []);
}

#[test]
fn an_error_of_a_middleware_has_the_route_that_the_path_leads_to() {
    let (details, _) = traced(async || {
        let (tracing, span) = watched(Tracing::new());
        let app = App::new()
            .route("/users/{id}", web::get().to(async || "."))
            .wrap(from_fn(async |_, _: Next<actix_web::body::BoxBody>| {
                Err::<actix_web::dev::ServiceResponse, _>(ErrorServiceUnavailable("closed"))
            }))
            .wrap(tracing);
        let app = init_service(app).await;
        let error = app.call(TestRequest::with_uri("/users/7").to_request()).await.err();
        let details = request_details(*span.get().expect("it has begun"));
        drop(error.expect("the middleware answers with an error"));
        details
    });
    assert_eq!(details.unwrap().route.as_deref(), Some("/users/{id}"));
}

#[test]
fn a_url_is_whole_as_far_as_the_request_says() {
    let long = format!("/{}?{}", "p".repeat(2_000), "q".repeat(9_000));
    let long_url = format!("http://cruddur.example{long}");
    for (uri, host, expected) in [
        ("/x?", "cruddur.example", "http://cruddur.example/x?"),
        ("/", "[::1]:4567", "http://[::1]:4567/"),
        ("/", "a host, or what", "http://a host, or what/"),
        ("/%2F?q=%C3%A4&q", "", "/%2F?q=%C3%A4&q"),
        ("https://cruddur.example/x?y=1", "", "https://cruddur.example/x?y=1"),
        ("http://cruddur.example:80", "", "http://cruddur.example:80/"),
        ("*", "cruddur.example", "http://cruddur.example/*"),
        (&long, "cruddur.example", &long_url),
    ] {
        let mut request = TestRequest::with_uri(uri);
        if !host.is_empty() {
            request = request.insert_header(("host", host));
        }
        assert_eq!(details_of(Tracing::new(), request).url, expected, "{uri} at {host:?}");
    }
}

#[test]
fn a_report_has_the_address_that_the_span_has() {
    for (tracing, url, client) in [
        (Tracing::new(), "http://cruddur.example:8080/", "2001:db8::2"),
        (Tracing::new().trusted_proxies(1), "https://evil.example/", "10.0.0.3"),
        (Tracing::new().trusted_proxies(2), "https://evil.example/", "192.0.2.7"),
    ] {
        let request = TestRequest::get()
            .peer_addr("[2001:db8::2]:1".parse().unwrap())
            .insert_header(("host", "cruddur.example:8080"))
            .append_header(("x-forwarded-for", "6.6.6.6, 192.0.2.7"))
            .append_header(("x-forwarded-for", "10.0.0.3"))
            .insert_header(("x-forwarded-host", "evil.example"))
            .insert_header(("x-forwarded-proto", "https"));
        let details = details_of(tracing.clone(), request);
        assert_eq!(details.url, url, "{tracing:?}");
        assert_eq!(details.client_address.as_deref(), Some(client), "{tracing:?}");
    }
    let forwarded = "for=\"[2001:db8::1]:4711\";host=cruddur.example;proto=https";
    let request = || TestRequest::with_uri("/x").insert_header(("forwarded", forwarded));
    let details = details_of(Tracing::new().trusted_proxies(1), request());
    assert_eq!(details.url, "https://cruddur.example/x");
    assert_eq!(details.client_address.as_deref(), Some("2001:db8::1"));
    assert_eq!(details_of(Tracing::new(), request()).client_address, None);
}

#[test]
fn a_method_that_nobody_knows_is_told_as_it_was_sent() {
    let method = Method::from_bytes(b"PropFind").unwrap();
    let request = TestRequest::with_uri("/").method(method);
    assert_eq!(details_of(Tracing::new(), request).method, "PropFind");
}

#[test]
fn headers_from_the_wire_are_told_one_by_one_whatever_is_in_them() {
    let (details, _) = traced(async || {
        let (sender, details) = mpsc::channel();
        let app = move || {
            let sender = sender.clone();
            let handler = web::to(move || {
                sender.send(request_details(spanwright::current())).expect("somebody listens");
                async { "" }
            });
            App::new().default_service(handler).wrap(Tracing::new())
        };
        let address = serve(app()).await;
        let mut stream = send(address, "GET /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n").await;
        let rest = b"X-Tag: b\r\nCookie: a=1; b=2\r\nx-tag: a:b\r\nX-Bytes: caf\xE9\tau lait\r\n\
            X-TAG:\r\nx-empty:   \r\n\r\n";
        stream.write_all(rest).await.unwrap();
        stream.read_to_end(&mut Vec::new()).await.unwrap();
        details.recv().expect("the handler was called")
    });
    let details = details.expect("the request is not over in its handler");
    assert_eq!(
        details.headers,
        owned(&[
            ("connection", "close"),
            ("cookie", "a=1; b=2"),
            ("host", "h"),
            ("x-bytes", "caf\u{FFFD}\tau lait"),
            ("x-empty", ""),
            ("x-tag", "b"),
            ("x-tag", "a:b"),
            ("x-tag", ""),
        ])
    );
    assert_eq!(details.url, "http://h/x");
    assert_eq!(details.client_address.as_deref(), Some("127.0.0.1"));
    assert_eq!(details.route, None);
}

#[test]
fn a_request_that_is_not_sampled_is_told_until_it_is_over() {
    let capture = Capture::default().sampler(Sampler::AlwaysOff);
    let (told, spans) = traced_by(capture, async || {
        let (sender, span) = mpsc::channel();
        let handler = move |_: HttpRequest| {
            sender.send(spanwright::current()).expect("somebody listens");
            async { "." }
        };
        let app = App::new().route("/users/{id}", web::to(handler)).wrap(Tracing::new());
        let app = init_service(app).await;
        let response = call_service(&app, TestRequest::with_uri("/users/7").to_request()).await;
        let span: SpanRef = span.recv().unwrap();
        let when_answered = request_details(span);
        read_body(response).await;
        (when_answered, request_details(span))
    });
    assert_eq!(spans.len(), 0);
    assert_eq!(told.0.expect("it was not over").route.as_deref(), Some("/users/{id}"));
    assert_eq!(told.1, None);
}

#[test]
fn a_request_that_is_left_out_is_not_told() {
    let (answer, _) = traced(async || {
        let handler =
            async || format!("{:?}", request_details(spanwright::current()).map(|told| told.url));
        let app = App::new().route("/health", web::get().to(handler));
        let app = init_service(app.wrap(Tracing::new().exclude(["/health"]))).await;
        read_body(call_service(&app, TestRequest::with_uri("/health").to_request()).await).await
    });
    assert_eq!(answer, "None");
}

#[test]
fn a_request_within_a_request_is_told_as_itself_or_else_as_the_one_around_it() {
    let (told, _) = traced(async || {
        let (sender, told) = mpsc::channel();
        let handler = move || {
            let by_hand = Span::build("job").kind(SpanKind::Consumer).start();
            let spans = [spanwright::current(), *by_hand];
            let clients = spans.map(|span| request_details(span)?.client_address);
            sender.send(clients).expect("somebody listens");
            async { "" }
        };
        let request = |path| {
            let header = ("x-forwarded-for", "192.0.2.1, 192.0.2.2");
            TestRequest::with_uri(path).insert_header(header).to_request()
        };
        let inside = web::get().to(handler.clone());
        let inner = App::new().route("/", inside).wrap(Tracing::new().trusted_proxies(1));
        let inner = Rc::new(init_service(inner).await);
        let outside = move || {
            let inner = Rc::clone(&inner);
            async move { read_body(call_service(&*inner, request("/")).await).await }
        };
        let app = App::new()
            .route("/outer", web::get().to(outside))
            .route("/", web::get().to(handler))
            .wrap(Tracing::new().trusted_proxies(2));
        let app = init_service(app).await;
        for path in ["/outer", "/"] {
            read_body(call_service(&app, request(path)).await).await;
        }
        told.try_iter().collect::<Vec<_>>()
    });
    let twice = |client: &str| [Some(client.to_owned()), Some(client.to_owned())];
    assert_eq!(told, [twice("192.0.2.2"), twice("192.0.2.1")]);
}
