//! The web edge: the only list of paths, and who may call them from a browser.
//!
//! In: requests. Out: what the services return, as JSON.
//! Never: decides anything; a handler takes its arguments apart and calls one service.

mod activities;
mod general;
mod messages;
mod users;

use std::future::ready;

use actix_cors::Cors;
use actix_web::{
    FromRequest, Handler, HttpResponse, Resource, Responder, ResponseError, guard,
    http::{Method, header},
    web,
};

use crate::{error::AppError, identity::USER_HEADER, settings::Settings};

/// Mounts every route. Paths without variables come before those with.
pub(crate) fn mount(config: &mut web::ServiceConfig, settings: &Settings) {
    let api = web::scope("/api")
        .wrap(cors(settings))
        .service(read("/health-check", general::health_check))
        .service(write("/activities", activities::create))
        .service(read("/activities/home", activities::home))
        .service(read("/activities/notifications", activities::notifications))
        .service(read("/activities/search", activities::search))
        .service(read("/activities/@{handle:[^/]*}", activities::of_user))
        .service(read("/activities/@{handle}/status/{activity_uuid}", activities::status))
        .service(read("/activities/{activity_uuid}", activities::show))
        .service(write("/activities/{activity_uuid}/reply", activities::reply))
        .service(read("/message_groups", messages::groups))
        .service(write("/messages", messages::create))
        .service(read("/messages/@{handle}", messages::conversation))
        .service(read("/users/@{handle}/short", users::short));
    config
        .service(read("/rollbar/test", general::rollbar_test))
        .service(read("/rollbar/test/error", general::rollbar_test_error))
        .service(read("/rollbar/test/panic", general::rollbar_test_panic))
        .service(api)
        .default_service(web::to(not_found));
}

/// A path that answers GET, and HEAD with the same headers and no body.
fn read<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    F::Output: Responder + 'static,
    Args: FromRequest + 'static,
{
    let get_or_head = guard::Any(guard::Get()).or(guard::Head());
    web::resource(path)
        .route(web::route().guard(get_or_head).to(handler))
        .default_service(web::to(|method| ready(other_method(&method, "GET, HEAD, OPTIONS"))))
}

/// A path that answers POST.
fn write<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    F::Output: Responder + 'static,
    Args: FromRequest + 'static,
{
    web::resource(path)
        .route(web::post().to(handler))
        .default_service(web::to(|method| ready(other_method(&method, "OPTIONS, POST"))))
}

/// What a path answers to the methods it has no handler for.
fn other_method(method: &Method, allowed: &'static str) -> HttpResponse {
    let mut res = if method == Method::OPTIONS {
        HttpResponse::Ok().finish()
    } else {
        AppError::MethodNotAllowed.error_response()
    };
    res.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static(allowed));
    res
}

async fn not_found() -> Result<HttpResponse, AppError> {
    Err(AppError::NotFound("not_found"))
}

/// Which pages may call the API. Others get their answer too, but without the headers that let a browser show it.
fn cors(settings: &Settings) -> Cors {
    let origins = [&settings.frontend_url, &settings.backend_url];
    let cors = Cors::default()
        .allowed_methods(["OPTIONS", "GET", "HEAD", "POST"])
        .allowed_headers(["authorization", "content-type", "if-modified-since", USER_HEADER])
        .allowed_headers(["traceparent", "tracestate", "baggage", "x-amzn-trace-id"])
        .expose_headers(["location", "link", "x-amzn-trace-id", "x-request-id"])
        .block_on_origin_mismatch(false)
        .max_age(3600);
    if origins.iter().any(|origin| *origin == "*") {
        return cors.allow_any_origin().send_wildcard();
    }
    origins.into_iter().fold(cors, |cors, origin| cors.allowed_origin(origin))
}
