//! Errors that no annotated function has reported, and that a request is answered with.

use std::fmt;

use actix_web::body::BoxBody;
use actix_web::dev::{Service, ServiceResponse};
use actix_web::error::ErrorServiceUnavailable;
use actix_web::http::StatusCode;
use actix_web::middleware::{Next, from_fn};
use actix_web::test::{TestRequest, init_service};
use actix_web::{App, HttpResponse, ResponseError, rt, web};
use spanwright::actix::Tracing;
use spanwright::record::{Cause, ErrorRecord};
use spanwright::report_errors;
use spanwright::testing::capture_errors;

#[derive(Debug)]
struct Failed(StatusCode);

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "answered with {}", self.0.as_u16())
    }
}

impl std::error::Error for Failed {}

impl ResponseError for Failed {
    fn status_code(&self) -> StatusCode {
        self.0
    }
}

async fn plain(status: web::Path<u16>) -> Result<&'static str, Failed> {
    Err(Failed(StatusCode::from_u16(*status).expect("the tests know their statuses")))
}

#[report_errors]
async fn annotated(status: web::Path<u16>) -> Result<&'static str, Failed> {
    plain(status).await
}

#[report_errors]
async fn opaque(status: web::Path<u16>) -> Result<&'static str, actix_web::Error> {
    Ok(plain(status).await?)
}

#[report_errors(ignore(Failed(_)))]
async fn ignored(status: web::Path<u16>) -> Result<&'static str, Failed> {
    plain(status).await
}

/// What is reported of one request, answered to its end.
fn reported(tracing: Tracing, path: &str) -> Vec<ErrorRecord> {
    capture_errors(|| {
        rt::System::new().block_on(async {
            let app = App::new()
                .route("/plain/{status}", web::get().to(plain))
                .route("/annotated/{status}", web::get().to(annotated))
                .route("/opaque/{status}", web::get().to(opaque))
                .route("/ignored/{status}", web::get().to(ignored))
                .route("/response", web::get().to(async || HttpResponse::InternalServerError()))
                .service(web::resource("/closed").wrap(from_fn(async |_, _: Next<BoxBody>| {
                    Err::<ServiceResponse, _>(ErrorServiceUnavailable("closed"))
                })))
                .wrap(tracing);
            let app = init_service(app).await;
            drop(app.call(TestRequest::with_uri(path).to_request()).await);
        });
    })
}

fn only(path: &str) -> ErrorRecord {
    let [report] = <[ErrorRecord; 1]>::try_from(reported(Tracing::new(), path))
        .unwrap_or_else(|reports| panic!("one report of {path}, not {reports:#?}"));
    report
}

#[test]
fn an_error_that_is_the_fault_of_the_service_is_reported_with_its_request() {
    let report = only("/plain/503");
    let expected = Cause { type_name: None, message: "answered with 503".to_owned() };
    assert_eq!(report.subject.causes(), [expected]);
    assert_eq!(report.request.and_then(|it| it.route).as_deref(), Some("/plain/{status}"));
    assert!(report.span.is_some());
}

#[test]
fn an_error_of_actix_web_has_no_type_whoever_reports_it() {
    let (annotated, at_the_edge) = (only("/opaque/503"), only("/plain/503"));
    assert_eq!(annotated.subject.causes(), at_the_edge.subject.causes());
}

#[test]
fn an_error_of_a_middleware_is_reported_too() {
    let report = only("/closed");
    assert_eq!(report.subject.causes()[0].message, "closed");
    assert_eq!(report.request.map(|it| it.url).as_deref(), Some("/closed"));
}

#[test]
fn what_an_annotated_function_has_reported_is_not_reported_again() {
    let report = only("/annotated/503");
    assert_eq!(report.path.iter().map(|source| source.name).collect::<Vec<_>>(), ["annotated"]);
}

#[test]
fn what_is_the_client_s_fault_or_no_error_is_not_reported() {
    for path in ["/plain/404", "/plain/422", "/response", "/nowhere"] {
        assert_eq!(reported(Tracing::new(), path), [], "{path}");
    }
}

#[test]
fn what_an_annotated_function_ignores_is_reported_if_the_service_is_to_blame() {
    assert_eq!(only("/ignored/503").subject.causes()[0].message, "answered with 503");
    assert_eq!(reported(Tracing::new(), "/ignored/404"), []);
}

#[test]
fn who_wants_to_report_errors_alone_is_left_to_it() {
    assert_eq!(reported(Tracing::new().leave_errors(), "/plain/503"), []);
    assert_eq!(reported(Tracing::new().leave_errors(), "/closed"), []);
    assert_eq!(reported(Tracing::new().leave_errors(), "/annotated/503").len(), 1);
}
