//! Requests to a service: Flask's and aiohttp's there, those of actix-web here.

use std::fmt;

use actix_http::HttpService;
use actix_service::{ServiceFactory as _, map_config};
use actix_web::body::to_bytes;
use actix_web::dev::AppConfig;
use actix_web::http::StatusCode;
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::{App, HttpResponse, ResponseError, rt, web};
use serde_json::{Value, json};
use spanwright::actix::Tracing;
use spanwright::record::SpanRecord;
use spanwright::sample::Sampler;
use spanwright::testing::Capture;
use spanwright::{ClassifyError, ErrorClass, xray_subsegment};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::{assert_same_but, encoded, node, reference, with_headers};

const SERVICE: &str = "golden-svc";
const HEADER: &str = "x-amzn-trace-id";
const ROOT: &str = "Root=1-5759e988-bd862e3fe1be46a994272793";

/// What this recorder says of every request besides: its route and its id.
const MORE: [&str; 2] = ["annotations", "metadata"];

#[derive(Debug)]
struct ValueError(&'static str);

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl ClassifyError for ValueError {
    fn error_class(&self) -> ErrorClass {
        ErrorClass::Fault
    }
}

impl ResponseError for ValueError {
    fn error_response(&self) -> HttpResponse {
        HttpResponse::InternalServerError().body(" ".repeat(265))
    }
}

async fn boom() -> Result<&'static str, ValueError> {
    Err(ValueError("boom \"quoted\" é\n second line"))
}

/// Where `told` stands.
const LINE: u32 = line!() + 3;

#[xray_subsegment]
async fn told() -> Result<&'static str, ValueError> {
    Err(ValueError("told"))
}

fn routes(config: &mut web::ServiceConfig) {
    let empty = |status: StatusCode, bytes| {
        move || {
            let response = HttpResponse::build(status).body(" ".repeat(bytes));
            async move { response }
        }
    };
    config
        .route("/ok", web::get().to(async || "content"))
        .route("/throttle", web::get().to(empty(StatusCode::TOO_MANY_REQUESTS, 9)))
        .route("/boom", web::get().to(boom))
        .route("/told", web::get().to(told))
        .default_service(web::to(empty(StatusCode::NOT_FOUND, 207)));
}

/// What a request was answered, and what was recorded of it.
struct Answered {
    status: u16,
    /// What the response says of the trace.
    trace: String,
    spans: Vec<SpanRecord>,
    documents: Vec<Value>,
}

fn get(path: &str) -> TestRequest {
    let request = TestRequest::with_uri(path).peer_addr("127.0.0.1:1".parse().expect("an address"));
    request.insert_header(("host", "localhost")).insert_header(("user-agent", "Werkzeug/3.1.9"))
}

fn answered(capture: Capture, request: TestRequest) -> Answered {
    let ((status, trace), spans) = capture.run(|| {
        rt::System::new().block_on(async {
            let app = init_service(
                App::new().configure(routes).wrap(Tracing::new().classify_errors::<ValueError>()),
            )
            .await;
            let response = call_service(&app, request.to_request()).await;
            let trace = response.headers().get(HEADER).expect("every response says its trace");
            let trace = trace.to_str().expect("it is text").to_owned();
            let status = response.status().as_u16();
            to_bytes(response.into_body()).await.expect("it has a body");
            (status, trace)
        })
    });
    Answered { status, trace, documents: encoded(SERVICE, &spans), spans }
}

fn trace_of(document: &Value) -> String {
    format!("Root={}", document["trace_id"].as_str().expect("a document has one"))
}

#[test]
fn answers_of_every_kind_are_told_with_the_same_words_and_flags() {
    for (scenario, path, status) in
        [("flask_404", "/missing", 404), ("flask_429", "/throttle", 429)]
    {
        let answered = answered(with_headers(), get(path));
        assert_eq!(answered.status, status);
        assert_same_but(&MORE, &answered.documents, &reference(scenario));
        assert_eq!(answered.trace, trace_of(&answered.documents[0]));
    }
    let request = get("/ok").insert_header(("user-agent", "golden/1.0"));
    let answered = answered(with_headers(), request);
    assert_same_but(&MORE, &answered.documents, &reference("flask_200"));
    assert_eq!(answered.documents[0]["annotations"], json!({"http_route": "/ok"}));
}

#[test]
fn an_error_of_a_handler_is_a_fault_with_its_cause() {
    let answered = answered(with_headers(), get("/boom"));
    assert_eq!(answered.status, 500);
    let reference = reference("flask_500_exception");
    assert_same_but(&MORE, &answered.documents, &reference);
    // There its stack has the frames that take the request down; a handler without an attribute has
    // none, and one with an attribute the next test.
    assert_eq!(answered.documents[0]["cause"]["exceptions"][0]["stack"], Value::Null);
}

#[test]
fn an_error_of_an_annotated_handler_points_to_the_handler() {
    let documents = answered(with_headers(), get("/told")).documents;
    let handler = node(&documents, "told");
    let exception = &handler["cause"]["exceptions"][0];
    assert_eq!(exception["type"], "ValueError");
    let frame = &exception["stack"][0];
    assert_eq!((&frame["path"], &frame["line"]), (&file!().into(), &LINE.into()));
    assert_eq!(node(&documents, SERVICE)["cause"], exception["id"], "the segment names it");
}

#[test]
fn a_sampled_caller_is_followed_and_told_the_trace() {
    let caller = format!("{ROOT};Parent=53995c3f42cd8ad8;Sampled=1");
    let answered = answered(with_headers(), get("/ok").insert_header((HEADER, caller)));
    let reference = reference("flask_incoming_sampled1");
    assert_same_but(&MORE, &answered.documents, &reference);
    for member in ["trace_id", "parent_id"] {
        assert_eq!(answered.documents[0][member], reference[0][member], "{member}");
    }
    assert_eq!(answered.trace, ROOT);
}

#[test]
fn a_caller_that_asks_is_told_the_decision() {
    let caller = format!("{ROOT};Parent=53995c3f42cd8ad8;Sampled=?");
    let answered = answered(with_headers(), get("/ok").insert_header((HEADER, caller)));
    let reference = reference("flask_incoming_sampledQ");
    assert_same_but(&MORE, &answered.documents, &reference);
    assert_eq!(answered.documents[0]["trace_id"], reference[0]["trace_id"]);
    assert_eq!(answered.trace, format!("{ROOT};Sampled=1"));
}

#[test]
fn an_unsampled_request_keeps_its_trace_where_the_reference_answers_zeros() {
    let caller = format!("{ROOT};Parent=53995c3f42cd8ad8;Sampled=0");
    for capture in [with_headers(), with_headers().sampler(Sampler::AlwaysOff)] {
        let request = get("/ok").insert_header((HEADER, caller.as_str()));
        let answered = answered(capture, request);
        assert_eq!(answered.documents, [] as [Value; 0]);
        assert_eq!(answered.trace, ROOT);
        assert!(answered.spans.iter().all(|span| span.segment.is_none()));
    }
}

#[test]
fn a_header_of_nonsense_begins_a_new_trace_even_where_the_reference_uses_it() {
    for header in ["total nonsense", "Root=abc;Sampled=1"] {
        let answered = answered(with_headers(), get("/ok").insert_header((HEADER, header)));
        let reference = reference("flask_incoming_malformed");
        assert_same_but(&MORE, &answered.documents, &reference);
        assert_eq!(answered.documents[0]["parent_id"], Value::Null);
        assert_eq!(answered.trace, trace_of(&answered.documents[0]));
    }
}

#[test]
fn requests_over_a_connection_are_told_without_their_query_and_answered_with_their_trace() {
    let (answers, spans) = with_headers().run(|| {
        rt::System::new().block_on(async {
            let app = App::new()
                .route("/ok", web::get().to(async || "content"))
                .route("/boom", web::get().to(async || Err::<&str, _>(ValueError("x"))))
                .wrap(Tracing::new().classify_errors::<ValueError>());
            let app = map_config(app, |()| AppConfig::default());
            let http = HttpService::build().h1(app).tcp().new_service(()).await.unwrap();
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let mut answers = Vec::new();
            for path in ["/ok?x=1", "/boom", "/nf"] {
                let mut client = TcpStream::connect(address).await.unwrap();
                // The port that the reference had, which is not this one's.
                let request = format!(
                    "GET {path} HTTP/1.1\r\nhost: 127.0.0.1:35039\r\nconnection: close\r\n\
                     user-agent: Python/3.11 aiohttp/3.14.5\r\n\r\n"
                );
                client.write_all(request.as_bytes()).await.unwrap();
                let (stream, _) = listener.accept().await.unwrap();
                let served = rt::spawn(actix_service::Service::call(&http, stream));
                let mut answer = String::new();
                client.read_to_string(&mut answer).await.unwrap();
                served.await.unwrap().unwrap();
                answers.push(answer);
            }
            answers
        })
    });
    let documents = encoded(SERVICE, &spans);
    let mut reference = reference("aiohttp_server");
    // The reference tells the query, with whatever secrets it has, leaves the response of a failure
    // without its trace, and tells no length.
    reference[0]["http"]["request"]["url"] = json!("http://127.0.0.1:35039/ok");
    for (document, length) in reference.iter_mut().zip([7, 265, 0]) {
        document["http"]["response"]["content_length"] = json!(length);
    }
    assert_same_but(&MORE, &documents, &reference);
    for (answer, document) in answers.iter().zip(&documents) {
        assert!(answer.contains(&format!("\r\n{HEADER}: {}\r\n", trace_of(document))), "{answer}");
    }
}
