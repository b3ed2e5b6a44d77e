//! Calls from web pages: CORS.

use reqwest::Method;

use crate::support::{Answer, TempFolder, TestApp, scenarios, send};

const FRONTEND: &str = "http://localhost:3000";
const BACKEND: &str = "http://localhost:4567";

scenarios!(
    the_two_origins_are_allowed,
    another_origin_gets_its_answer_without_the_headers,
    a_failure_has_the_headers_too,
    a_preflight_allows_trace_headers,
    a_preflight_of_another_origin_allows_nothing,
    paths_outside_the_api_have_no_cors_headers,
);

async fn get_from(app: &TestApp, origin: &str, path: &str) -> Answer {
    send(app.request(Method::GET, path).header("origin", origin)).await
}

async fn preflight(app: &TestApp, origin: &str, headers: &str) -> Answer {
    let request = app.request(Method::OPTIONS, "/api/activities").header("origin", origin);
    let request = request.header("access-control-request-method", "POST");
    send(request.header("access-control-request-headers", headers)).await
}

/// A comma-separated header as sorted lower-case words.
fn words(answer: &Answer, header: &str) -> Vec<String> {
    let mut words: Vec<_> = answer
        .header(header)
        .unwrap_or_default()
        .split(',')
        .map(|word| word.trim().to_lowercase())
        .collect();
    words.sort();
    words
}

async fn the_two_origins_are_allowed(app: &TestApp) {
    for origin in [FRONTEND, BACKEND] {
        let answer = get_from(app, origin, "/api/activities/home").await;
        answer.assert_ok();
        assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
        assert!(words(&answer, "vary").contains(&"origin".to_owned()));
        let exposed = words(&answer, "access-control-expose-headers");
        assert_eq!(exposed, ["link", "location", "x-amzn-trace-id", "x-request-id"]);
    }
}

async fn another_origin_gets_its_answer_without_the_headers(app: &TestApp) {
    let answer = get_from(app, "https://elsewhere.example", "/api/activities/home").await;
    answer.assert_ok();
    assert_eq!(answer.header("access-control-allow-origin"), None);
}

async fn a_failure_has_the_headers_too(app: &TestApp) {
    for (path, status) in [("/api/activities/home2", 404), ("/api/activities/search", 422)] {
        let answer = get_from(app, FRONTEND, path).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("access-control-allow-origin"), Some(FRONTEND));
    }
}

async fn a_preflight_allows_trace_headers(app: &TestApp) {
    let asked = "content-type, authorization, traceparent, tracestate, baggage, x-cruddur-user";
    let answer = preflight(app, FRONTEND, asked).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("access-control-allow-origin"), Some(FRONTEND));
    let methods = words(&answer, "access-control-allow-methods");
    assert_eq!(methods, ["get", "head", "options", "post"]);
    let allowed = words(&answer, "access-control-allow-headers");
    for header in asked.split(", ") {
        assert!(allowed.contains(&header.to_owned()), "{header} is missing in {allowed:?}");
    }
}

async fn a_preflight_of_another_origin_allows_nothing(app: &TestApp) {
    let answer = preflight(app, "https://elsewhere.example", "content-type").await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.header("access-control-allow-origin"), None);
}

async fn paths_outside_the_api_have_no_cors_headers(app: &TestApp) {
    let answer = get_from(app, FRONTEND, "/rollbar/test").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-origin"), None);
}

#[actix_web::test]
async fn a_star_allows_every_origin() {
    let folder = TempFolder::new();
    let data_dir = folder.0.display().to_string();
    let settings = [("CRUDDUR_DATA_DIR", &*data_dir), ("FRONTEND_URL", "*")];
    let app = TestApp::start(&settings, Some(folder)).await;
    let answer = get_from(&app, "https://elsewhere.example", "/api/activities/home").await;
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    app.stop().await;
}
