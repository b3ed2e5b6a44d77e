//! Which span a request gets: its name, its attributes, what runs in it.

use actix_web::http::Method;
use actix_web::middleware::{DefaultHeaders, NormalizePath, from_fn};
use actix_web::test::{TestRequest, call_and_read_body, call_service, init_service};
use actix_web::{App, HttpResponse, guard, rt, web};
use futures_util::future::join;
use futures_util::stream;
use spanwright::actix::{RequestId, Tracing};
use spanwright::record::SpanKind;
use spanwright::testing::tree;
use spanwright::{FutureExt, Span, set_user};

use crate::support::{named, only, spans_of, traced, value};

#[test]
fn a_request_is_a_server_span_with_the_attributes_of_the_conventions() {
    let spans = spans_of(async || {
        let user = web::scope("/users").route("/{id}", web::get().to(async || "ann"));
        let app = App::new().service(web::scope("/api").service(user)).wrap(Tracing::new());
        let app = init_service(app).await;
        let request = TestRequest::get()
            .uri("/api/users/7?full=1")
            .peer_addr("10.0.0.9:5511".parse().unwrap())
            .insert_header(("host", "cruddur.example:4567"))
            .insert_header(("user-agent", "probe/1.0"))
            .insert_header(("x-request-id", "abc-1"));
        call_and_read_body(&app, request.to_request()).await
    });
    assert_eq!(
        tree(&spans),
        "GET /api/users/{id} [Server] http.request.method=GET url.path=/api/users/7 \
         url.query=full=1 url.scheme=http server.address=cruddur.example server.port=4567 \
         client.address=10.0.0.9 network.peer.address=10.0.0.9 network.peer.port=5511 \
         user_agent.original=probe/1.0 network.protocol.name=http network.protocol.version=1.1 \
         spanwright.request_id=abc-1 http.route=/api/users/{id} http.response.status_code=200 \
         http.response.body.size=3\n"
    );
    assert_eq!(only(&spans).kind, SpanKind::Server);
}

/// Attributes of a request with these headers, on a connection of a peer at 10.0.0.1.
fn origin(tracing: Tracing, headers: &[(&str, &str)]) -> [Option<String>; 4] {
    let spans = spans_of(async || {
        let app = init_service(App::new().wrap(tracing)).await;
        let request = TestRequest::get()
            .peer_addr("10.0.0.1:1".parse().expect("an address"))
            .insert_header(("host", "cruddur.example:8080"));
        let request = headers.iter().fold(request, |request, pair| request.append_header(*pair));
        call_and_read_body(&app, request.to_request()).await
    });
    let span = only(&spans);
    assert_eq!(value(span, "network.peer.address").as_deref(), Some("10.0.0.1"));
    let keys = ["url.scheme", "server.address", "server.port", "client.address"];
    keys.map(|key| value(span, key))
}

/// A client at 192.0.2.7 that has written 6.6.6.6 before two proxies added their elements.
const LEGACY: [(&str, &str); 4] = [
    ("x-forwarded-for", "6.6.6.6, 192.0.2.7"),
    ("x-forwarded-for", "10.0.0.3"),
    ("x-forwarded-host", "evil.example"),
    ("x-forwarded-proto", "https"),
];

const STANDARD: (&str, &str) = (
    "forwarded",
    "for=6.6.6.6;proto=ftp;host=evil.example, for=\"192.0.2.7:81\";proto=https;host=cdn.example, \
     for=10.0.0.3;host=\"lb.example:81\"",
);

fn some(texts: [&str; 4]) -> [Option<String>; 4] {
    texts.map(|text| Some(text.to_owned()))
}

#[test]
fn headers_of_a_client_do_not_change_its_address() {
    let own = some(["http", "cruddur.example", "8080", "10.0.0.1"]);
    for text in ["6.6.6.6", "unknown", "admin OR 1=1", "::1", "127.0.0.1, 127.0.0.1"] {
        let forwarded = format!("for={text};host=evil.example;proto=https");
        let headers = [
            ("forwarded", &*forwarded),
            ("x-forwarded-for", text),
            ("x-forwarded-host", "evil.example"),
            ("x-forwarded-proto", "https"),
            ("x-real-ip", text),
        ];
        for tracing in [Tracing::new(), Tracing::new().trusted_proxies(0)] {
            assert_eq!(origin(tracing, &headers), own, "{text}");
        }
    }
}

#[test]
fn trusted_proxies_say_who_asked_for_what() {
    for (count, expected) in [
        (1, ["https", "evil.example", "443", "10.0.0.3"]),
        (2, ["https", "evil.example", "443", "192.0.2.7"]),
        (9, ["https", "evil.example", "443", "6.6.6.6"]),
    ] {
        assert_eq!(origin(Tracing::new().trusted_proxies(count), &LEGACY), some(expected));
    }
}

#[test]
fn trusted_proxies_may_write_forwarded_of_rfc_7239() {
    for (count, expected) in [
        (1, ["http", "lb.example", "81", "10.0.0.3"]),
        (2, ["https", "cdn.example", "443", "192.0.2.7"]),
        (9, ["http", "evil.example", "80", "6.6.6.6"]),
    ] {
        assert_eq!(origin(Tracing::new().trusted_proxies(count), &[STANDARD]), some(expected));
    }
}

#[test]
fn forwarded_of_a_client_does_not_override_the_header_of_a_proxy() {
    let headers = [("forwarded", "for=6.6.6.6;host=evil.example;proto=https"), LEGACY[1]];
    let expected = some(["http", "cruddur.example", "8080", "10.0.0.3"]);
    assert_eq!(origin(Tracing::new().trusted_proxies(1), &headers), expected);
}

#[test]
fn only_an_ip_address_is_the_address_of_a_client() {
    for text in ["unknown", "_hidden", "localhost", "admin OR 1=1", "<b>"] {
        let headers = [("x-forwarded-for", text)];
        let [.., client] = origin(Tracing::new().trusted_proxies(1), &headers);
        assert_eq!(client.as_deref(), Some("10.0.0.1"), "{text}");
    }
}

#[test]
fn a_request_without_a_route_is_named_after_its_method_alone() {
    let spans = spans_of(async || {
        let app = init_service(App::new().wrap(Tracing::new())).await;
        call_and_read_body(&app, TestRequest::post().uri("/wp-admin.php").to_request()).await
    });
    let request = only(&spans);
    assert_eq!(request.name, "POST");
    assert_eq!(value(request, "http.route"), None);
    assert_eq!(value(request, "http.response.status_code").as_deref(), Some("404"));
}

#[test]
fn a_method_nobody_knows_does_not_become_a_name() {
    let spans = spans_of(async || {
        let app = App::new().route("/", web::to(async || "")).wrap(Tracing::new());
        let app = init_service(app).await;
        let method = Method::from_bytes(b"PROPFIND").unwrap();
        call_service(&app, TestRequest::with_uri("/").method(method).to_request()).await
    });
    let request = only(&spans);
    assert_eq!(request.name, "HTTP /");
    assert_eq!(value(request, "http.request.method").as_deref(), Some("_OTHER"));
    assert_eq!(value(request, "http.request.method_original").as_deref(), Some("PROPFIND"));
}

#[test]
fn of_two_routes_for_one_path_the_span_is_named_after_the_one_that_answered() {
    let spans = spans_of(async || {
        let by_id = web::resource("/{id}").guard(guard::Header("x-by", "id"));
        let by_name = web::resource("/{name}");
        let app = App::new()
            .service(by_id.to(async || "by id"))
            .service(by_name.to(async || "by name"))
            .wrap(Tracing::new());
        let app = init_service(app).await;
        call_and_read_body(&app, TestRequest::with_uri("/ann").to_request()).await
    });
    assert_eq!(only(&spans).name, "GET /{name}");
}

#[test]
fn everything_the_handler_and_the_body_do_is_below_the_request() {
    let spans = spans_of(async || {
        let handler = async || {
            rt::task::yield_now().await;
            async { rt::task::yield_now().await }.in_span(Span::new("query")).await;
            rt::spawn(async { Span::new("task").end() }.in_current_span()).await.unwrap();
            let chunks = stream::iter([1, 2]).map_body_in_span();
            HttpResponse::Ok().streaming(chunks)
        };
        let app = App::new().route("/", web::get().to(handler)).wrap(Tracing::new());
        let app = init_service(app).await;
        call_and_read_body(&app, TestRequest::with_uri("/").to_request()).await
    });
    let request = named(&spans, "GET /");
    for name in ["query", "task", "chunk 1", "chunk 2"] {
        assert_eq!(named(&spans, name).parent_span_id, Some(request.context.span_id), "{name}");
    }
    assert_eq!(spans.len(), 5);
    assert_eq!(spans.last().unwrap().name, "GET /", "the body is part of the request");
}

/// A body that makes a span for each chunk.
trait MapBodyInSpan: stream::Stream<Item = i32> + Sized {
    fn map_body_in_span(
        self,
    ) -> impl stream::Stream<Item = Result<web::Bytes, actix_web::Error>> + 'static
    where
        Self: 'static,
    {
        futures_util::StreamExt::map(self, |number| {
            Span::new(&format!("chunk {number}")).end();
            Ok(web::Bytes::from_static(b"."))
        })
    }
}

impl<S: stream::Stream<Item = i32>> MapBodyInSpan for S {}

#[test]
fn requests_that_take_turns_on_one_worker_keep_their_own_spans() {
    let spans = spans_of(async || {
        let handler = async |name: web::Path<String>| {
            for round in 0..3 {
                rt::task::yield_now().await;
                Span::new(&format!("{name} {round}")).end();
            }
            name.into_inner()
        };
        let app = App::new().route("/{name}", web::get().to(handler)).wrap(Tracing::new());
        let app = init_service(app).await;
        let call = |uri| call_and_read_body(&app, TestRequest::with_uri(uri).to_request());
        let (ann, bob) = join(call("/ann"), call("/bob")).await;
        assert_eq!((&ann[..], &bob[..]), (&b"ann"[..], &b"bob"[..]));
        assert!(spanwright::current().is_none(), "nothing is left current");
    });
    let requests: Vec<_> = spans.iter().filter(|span| span.kind == SpanKind::Server).collect();
    assert_eq!(requests.len(), 2);
    assert_ne!(requests[0].context.trace_id, requests[1].context.trace_id);
    for request in requests {
        let name = value(request, "url.path").unwrap()[1..].to_owned();
        for round in 0..3 {
            let child = named(&spans, &format!("{name} {round}"));
            assert_eq!(child.parent_span_id, Some(request.context.span_id));
            assert_eq!(child.context.trace_id, request.context.trace_id);
        }
    }
}

#[test]
fn the_user_goes_onto_the_request_and_everything_below() {
    let spans = spans_of(async || {
        let handler = async || {
            set_user("u-7");
            Span::new("below").end();
            ""
        };
        let app = App::new().route("/", web::get().to(handler)).wrap(Tracing::new());
        let app = init_service(app).await;
        call_and_read_body(&app, TestRequest::with_uri("/").to_request()).await;
        call_and_read_body(&app, TestRequest::with_uri("/nobody").to_request()).await
    });
    assert_eq!(value(named(&spans, "GET /"), "user.id").as_deref(), Some("u-7"));
    assert_eq!(value(named(&spans, "below"), "user.id").as_deref(), Some("u-7"));
    assert_eq!(value(named(&spans, "GET"), "user.id"), None);
}

#[test]
fn code_deep_below_reaches_the_span_of_the_request() {
    let spans = spans_of(async || {
        let handler = async || {
            Span::new("below").in_scope(|| {
                spanwright::current().root().set_attribute("app.plan", "free");
            });
            ""
        };
        let app = App::new().route("/", web::get().to(handler)).wrap(Tracing::new());
        call_and_read_body(&init_service(app).await, TestRequest::with_uri("/").to_request()).await
    });
    assert_eq!(value(named(&spans, "GET /"), "app.plan").as_deref(), Some("free"));
    assert_eq!(value(named(&spans, "below"), "app.plan"), None);
}

#[test]
fn other_middleware_works_inside_and_outside() {
    let (response, spans) = traced(async || {
        let app = App::new()
            .route("/a", web::get().to(async || "a"))
            .wrap(from_fn(async |request, next: actix_web::middleware::Next<_>| {
                Span::new("inside").end();
                next.call(request).await
            }))
            .wrap(NormalizePath::trim())
            .wrap(Tracing::new())
            .wrap(DefaultHeaders::new().add(("x-outside", "1")))
            .wrap(from_fn(async |request, next: actix_web::middleware::Next<_>| {
                Ok(next.call(request).await?.map_into_boxed_body())
            }));
        let app = init_service(app).await;
        let response = call_service(&app, TestRequest::with_uri("/a/").to_request()).await;
        let has_header = response.headers().contains_key("x-outside");
        (has_header, actix_web::test::read_body(response).await)
    });
    assert_eq!(response, (true, web::Bytes::from_static(b"a")));
    let request = named(&spans, "GET /a");
    assert_eq!(named(&spans, "inside").parent_span_id, Some(request.context.span_id));
    assert_eq!(request.outcome.as_str(), "ok");
}

#[test]
fn a_request_id_comes_from_the_header_or_the_span_and_goes_back() {
    let too_long = "a".repeat(129);
    let longest = "a".repeat(128);
    for (sent, expected) in [
        (Some("abc-1_2.3:4+5/6=7@8"), "abc-1_2.3:4+5/6=7@8"),
        (Some(longest.as_str()), longest.as_str()),
        (Some(too_long.as_str()), "00000000-0000-8001-8000-000000000002"),
        (Some(""), "00000000-0000-8001-8000-000000000002"),
        (Some("a b"), "00000000-0000-8001-8000-000000000002"),
        (Some("<script>"), "00000000-0000-8001-8000-000000000002"),
        (None, "00000000-0000-8001-8000-000000000002"),
    ] {
        let ((in_handler, returned), spans) = traced(async || {
            let handler = async |id: RequestId| id.to_string();
            let app = App::new().route("/", web::get().to(handler)).wrap(Tracing::new());
            let app = init_service(app).await;
            let mut request = TestRequest::with_uri("/");
            if let Some(id) = sent {
                request = request.insert_header(("x-request-id", id));
            }
            let response = call_service(&app, request.to_request()).await;
            let returned = response.headers().get("x-request-id").unwrap().clone();
            (actix_web::test::read_body(response).await, returned)
        });
        assert_eq!(in_handler, expected, "{sent:?}");
        assert_eq!(returned, expected, "{sent:?}");
        assert_eq!(value(only(&spans), "spanwright.request_id").as_deref(), Some(expected));
    }
}

#[test]
fn a_request_id_that_the_handler_returns_itself_is_left_alone() {
    let (returned, _) = traced(async || {
        let handler = async || HttpResponse::Ok().insert_header(("x-request-id", "mine")).finish();
        let app = App::new().route("/", web::get().to(handler)).wrap(Tracing::new());
        let app = init_service(app).await;
        let response = call_service(&app, TestRequest::with_uri("/").to_request()).await;
        response.headers().get_all("x-request-id").cloned().collect::<Vec<_>>()
    });
    assert_eq!(returned, ["mine"]);
}

#[test]
fn the_name_of_the_handler_counts_more_than_ours() {
    let spans = spans_of(async || {
        let handler = async || {
            spanwright::current().set_name("import");
            ""
        };
        let app = App::new().route("/", web::get().to(handler)).wrap(Tracing::new());
        call_and_read_body(&init_service(app).await, TestRequest::with_uri("/").to_request()).await
    });
    assert_eq!(only(&spans).name, "import");
}

#[test]
fn a_route_and_a_query_are_told_without_what_only_the_application_should_know() {
    let spans = spans_of(async || {
        let handler = async || "";
        let app = App::new().route("/users/@{handle:[^/]{1,9}}", web::get().to(handler));
        let app = init_service(app.wrap(Tracing::new())).await;
        let request = TestRequest::with_uri("/users/@ann?page=2&token=hush");
        call_and_read_body(&app, request.to_request()).await
    });
    let span = only(&spans);
    assert_eq!(span.name, "GET /users/@{handle}");
    assert_eq!(value(span, "http.route").as_deref(), Some("/users/@{handle}"));
    assert_eq!(value(span, "url.query").as_deref(), Some("page=2&token=REDACTED"));
}
