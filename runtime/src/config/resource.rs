//! Who we are, from the environment.
//!
//! In: `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_SERVICE_NAME`, the process. Out: a [`Resource`].
//!
//! Source: <https://opentelemetry.io/docs/specs/otel/resource/sdk/#specifying-resource-information-via-an-environment-variable>.

use percent_encoding::percent_decode_str;

use super::{ConfigError, Environment};
use crate::record::{Attribute, Resource};

const ATTRIBUTES: &str = "OTEL_RESOURCE_ATTRIBUTES";

/// The resource, and whether the environment names the service.
pub(super) fn read(environment: &Environment) -> Result<(Resource, bool), ConfigError> {
    let mut resource = Resource::default();
    resource.set(Attribute::new("service.name", default_service_name()));
    resource.set(Attribute::new("telemetry.sdk.name", env!("CARGO_PKG_NAME")));
    resource.set(Attribute::new("telemetry.sdk.language", "rust"));
    resource.set(Attribute::new("telemetry.sdk.version", env!("CARGO_PKG_VERSION")));
    resource.set(Attribute::new("process.pid", std::process::id()));

    let mut has_service_name = false;
    for (key, value) in pairs(environment.get(ATTRIBUTES).unwrap_or_default())? {
        has_service_name |= key == "service.name";
        resource.set(Attribute::new(key, value));
    }
    if let Some(name) = environment.get("OTEL_SERVICE_NAME") {
        has_service_name = true;
        resource.set(Attribute::new("service.name", name.to_owned()));
    }
    Ok((resource, has_service_name))
}

fn pairs(list: &str) -> Result<Vec<(String, String)>, ConfigError> {
    let members = list.split(',').map(str::trim).filter(|member| !member.is_empty());
    members
        .map(|member| {
            let pair = member.split_once('=').filter(|(key, _)| !key.trim().is_empty());
            let decoded = pair.and_then(|(key, value)| Some((decode(key)?, decode(value)?)));
            decoded.ok_or_else(|| ConfigError::Value {
                variable: ATTRIBUTES,
                found: member.to_owned(),
                expected: "a list like `key=value,key=value` with percent-encoded values",
            })
        })
        .collect()
}

fn decode(text: &str) -> Option<String> {
    Some(percent_decode_str(text.trim()).decode_utf8().ok()?.into_owned())
}

/// Source: <https://opentelemetry.io/docs/specs/semconv/resource/#service>.
fn default_service_name() -> String {
    let program = std::env::current_exe().ok();
    let name = program.as_deref().and_then(std::path::Path::file_stem);
    match name {
        Some(name) => format!("unknown_service:{}", name.to_string_lossy()),
        None => "unknown_service".to_owned(),
    }
}
