//! Prints a small trace to the console, as an annotated service would.

use std::time::Duration;

use spanwright::config::Environment;
use spanwright::record::{SpanKind, Status};
use spanwright::{Config, Span};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let environment = Environment::of_process();
    let config = Config::from_environment(&environment)?.service_name("tree");
    let telemetry = config.console_if_alone(&environment).install()?;
    Span::build("GET /api/activities/home").kind(SpanKind::Server).start().in_scope(|| {
        spanwright::current().set_attribute("http.route", "/api/activities/home");
        spanwright::set_user("andrewbrown");
        Span::new("home_activities").in_scope(|| {
            spanwright::current().set_attribute("app.result_length", 3).add_event("cached", &[]);
        });
        Span::new("notify").set_status(&Status::Error { message: "connection refused".into() });
    });
    let report = telemetry.shutdown(Duration::from_secs(5));
    spanwright::diagnostics::say(report);
    Ok(())
}
