//! Errors of handlers whose type gives their class.

use std::fmt;

use actix_web::body::BoxBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::middleware::{Next, from_fn};
use actix_web::test::{TestRequest, init_service, read_body};
use actix_web::{App, ResponseError, rt, web};
use spanwright::actix::Tracing;
use spanwright::record::{Attribute, Outcome, Value};
use spanwright::testing::{capture, capture_errors};
use spanwright::{ClassifyError, ErrorClass};

/// An error with a status and a class that the status does not tell.
#[derive(Clone, Copy, Debug)]
struct Classed(u16, ErrorClass);

impl fmt::Display for Classed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "answered with {}", self.0)
    }
}

impl ResponseError for Classed {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0).expect("the tests know their statuses")
    }
}

impl ClassifyError for Classed {
    fn error_class(&self) -> ErrorClass {
        self.1
    }
}

/// One request that a handler, or a middleware, answers with `error`.
fn request(tracing: Tracing, error: Classed, path: &str) {
    rt::System::new().block_on(async {
        let refuse = from_fn(move |_: ServiceRequest, _: Next<BoxBody>| async move {
            Err::<ServiceResponse, _>(actix_web::Error::from(error))
        });
        let app = App::new()
            .route("/handler", web::get().to(move || async move { Err::<String, _>(error) }))
            .service(web::resource("/middleware").wrap(refuse))
            .wrap(tracing);
        let app = init_service(app).await;
        if let Ok(response) = app.call(TestRequest::with_uri(path).to_request()).await {
            read_body(response).await;
        }
    });
}

fn classified() -> Tracing {
    Tracing::new().classify_errors::<Classed>()
}

#[test]
fn the_class_decides_about_the_report_of_an_answer() {
    use ErrorClass::{Error, Fault, Ignored, Throttle};
    for path in ["/handler", "/middleware"] {
        for (status, class, expected) in [
            (500, Fault, 1),
            (404, Fault, 1),
            (500, Error, 0),
            (503, Throttle, 0),
            (500, Ignored, 0),
        ] {
            let error = Classed(status, class);
            let errors = capture_errors(|| request(classified(), error, path));
            assert_eq!(errors.len(), expected, "{error:?} at {path}");
        }
        // A type that was not named keeps to the status.
        let error = Classed(500, Ignored);
        assert_eq!(capture_errors(|| request(Tracing::new(), error, path)).len(), 1);
    }
}

#[test]
fn type_that_was_named_is_that_of_span_event_and_report() {
    let error = |status| Classed(status, ErrorClass::Fault);
    for path in ["/handler", "/middleware"] {
        let spans = capture(|| request(classified(), error(500), path));
        assert_eq!(value(&spans[0].attributes, "error.type"), Some("actix::classes::Classed"));
        let errors = capture_errors(|| request(classified(), error(500), path));
        let causes = errors[0].subject.causes();
        assert_eq!(causes[0].type_name.as_deref(), Some("actix::classes::Classed"));
        let client = Classed(404, ErrorClass::Error);
        let spans = capture(|| request(classified(), client, path));
        let event = &spans[0].events[0];
        assert_eq!(value(&event.attributes, "exception.type"), Some("actix::classes::Classed"));
        // A type that was not named is unknown.
        let spans = capture(|| request(Tracing::new(), error(500), path));
        assert_eq!(value(&spans[0].attributes, "error.type"), Some("500"));
    }
}

fn value<'a>(attributes: &'a [Attribute], key: &str) -> Option<&'a str> {
    let found = attributes.iter().find(|attribute| attribute.key == key)?;
    match &found.value {
        Value::Str(text) => Some(text),
        other => panic!("a text, not {other:?}"),
    }
}

#[test]
fn the_class_is_that_of_the_segment_of_the_request() {
    for (class, outcome) in
        [(ErrorClass::Throttle, Outcome::Error), (ErrorClass::Ignored, Outcome::Ok)]
    {
        let spans = capture(|| request(classified(), Classed(500, class), "/handler"));
        let [span] = &spans[..] else { panic!("one span: {spans:#?}") };
        assert_eq!(span.segment.as_ref().and_then(|it| it.error_class), Some(class));
        assert_eq!(span.outcome, outcome);
    }
}
