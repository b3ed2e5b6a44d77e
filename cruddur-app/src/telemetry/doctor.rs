//! Why nothing arrives at X-Ray.
//!
//! In: the variables that the service would have, and a request that somebody wonders about. Out: a
//! page for people.
//! Never: starts telemetry.

use std::{collections::HashMap, error::Error, hash::BuildHasher, io::Write};

use spanwright::{
    config::Environment,
    sample::RequestFacts,
    xray::{Request, Verdict},
};

use super::{UNOBSERVED, running};
use crate::command::Wondering;

/// Tries each part of the way and writes what it finds; whether nothing is a problem. Needs a Tokio
/// runtime.
///
/// # Errors
/// A variable cannot be used, X-Ray is not turned on, or `out` takes nothing.
pub async fn examine(
    variables: &HashMap<String, String, impl BuildHasher>,
    request: Option<&Wondering>,
    out: &mut dyn Write,
) -> Result<bool, Box<dyn Error>> {
    let environment: Environment = variables.iter().collect();
    let config = running::config(&environment)?;
    for warning in config.warnings() {
        writeln!(out, "{warning}")?;
    }
    let Some(doctor) = config.xray_doctor() else {
        let off = "X-Ray is off: AWS_XRAY_DAEMON_ADDRESS is not set, or AWS_XRAY_SDK_ENABLED, AWS_XRAY_SDK_DISABLED \
                   or OTEL_SDK_DISABLED turns it off";
        return Err(off.into());
    };
    let diagnosis = doctor.examine(request.map(facts).as_ref()).await;
    write!(out, "{diagnosis}")?;
    if let Some(request) = request.filter(|request| UNOBSERVED.contains(&&*request.path)) {
        writeln!(out, "note: the middleware leaves {} out before any rule is asked", request.path)?;
    }
    Ok(diagnosis.verdict() != Verdict::Problem)
}

/// What rules may ask of the request, and who else decides.
fn facts(request: &Wondering) -> Request<'_> {
    let header = |name: &str| {
        let found = request.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    };
    Request {
        facts: RequestFacts {
            host: header("host").or(request.host.as_deref()),
            method: Some(&request.method),
            path: Some(&request.path),
            user_agent: header("user-agent"),
            attributes: &[],
        },
        trace_header: header("x-amzn-trace-id"),
    }
}
