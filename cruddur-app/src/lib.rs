//! Cruddur, a micro-blog backend instrumented with spanwright.
//!
//! In: HTTP requests. Out: JSON, from rows in SQLite or PostgreSQL.
//! Never: reads the process environment; `main` hands it in.
//!
//! ```text
//! request → telemetry → panics → routes (CORS, identity, body) → services → db
//! ```

pub mod command;
pub mod provision;
pub mod settings;
pub mod telemetry;

mod routes;

mod body;
mod identity;
mod notifier;
mod panics;

mod rules;
mod services;

pub mod db;
mod error;
mod model;

use std::{io, net::SocketAddr};

use actix_web::{App, HttpServer, dev::Server, middleware::from_fn, web};

use crate::{db::Db, notifier::Notifier, settings::Settings};

/// Largest request body that is read.
const MAX_BODY_BYTES: usize = 64 * 1024;
/// How long requests in flight may take to end once the service is told to stop.
const SHUTDOWN_TIMEOUT_SECONDS: u64 = 8;

/// A service that listens.
#[must_use = "the service answers only while `server` is awaited"]
pub struct Running {
    /// Where it listens, with the real port when 0 was asked for.
    pub address: SocketAddr,
    /// Ends when `stop` has, or after a stop through its handle, and the requests in flight have their answers.
    pub server: Server,
}

impl std::fmt::Debug for Running {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Running").field("address", &self.address).finish_non_exhaustive()
    }
}

/// Starts to listen. Call it inside an actix runtime. The service ends in order when `stop` is ready;
/// it takes no signals by itself.
///
/// # Errors
/// When the address cannot be bound, or a webhook needs certificates and the system has none.
pub fn serve(
    settings: &Settings,
    db: Db,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<Running> {
    let listen = settings.listen;
    let settings = settings.clone();
    let notifier = Notifier::new(settings.notification_webhook.as_ref())?;
    let server = HttpServer::new(move || {
        App::new()
            .app_data(web::Data::new(db.clone()))
            .app_data(web::Data::new(notifier.clone()))
            .app_data(web::JsonConfig::default().limit(MAX_BODY_BYTES))
            .wrap(from_fn(panics::answer))
            .wrap(telemetry::middleware())
            .configure(|config| routes::mount(config, &settings))
    })
    .shutdown_signal(stop)
    .shutdown_timeout(SHUTDOWN_TIMEOUT_SECONDS)
    .bind(listen)?;
    let address = server.addrs().first().copied().unwrap_or(listen);
    Ok(Running { address, server: server.run() })
}
