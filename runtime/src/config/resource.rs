//! Who we are, from the environment.
//!
//! In: `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_SERVICE_NAME`, the process. Out: a [`Resource`].
//!
//! Source: <https://opentelemetry.io/docs/specs/otel/resource/sdk/#specifying-resource-information-via-an-environment-variable>.

use percent_encoding::percent_decode_str;

use super::Environment;
use crate::record::{Attribute, Resource};
use crate::warnings::Warnings;

const ATTRIBUTES: &str = "OTEL_RESOURCE_ATTRIBUTES";

/// The resource, and whether the environment names the service.
pub(super) fn read(environment: &Environment, warnings: &mut Warnings) -> (Resource, bool) {
    let mut resource = Resource::default();
    resource.set(Attribute::new("service.name", default_service_name()));
    resource.set(Attribute::new("telemetry.sdk.name", env!("CARGO_PKG_NAME")));
    resource.set(Attribute::new("telemetry.sdk.language", "rust"));
    resource.set(Attribute::new("telemetry.sdk.version", env!("CARGO_PKG_VERSION")));
    resource.set(Attribute::new("process.pid", std::process::id()));

    let mut has_service_name = false;
    for member in environment.list(ATTRIBUTES) {
        let Some((key, value)) = pair(member) else {
            let expected = "`key=value` with a percent-encoded value";
            warnings.invalid_entry(ATTRIBUTES, member, expected);
            continue;
        };
        has_service_name |= key == "service.name";
        resource.set(Attribute::new(key, value));
    }
    if let Some(name) = environment.get("OTEL_SERVICE_NAME") {
        has_service_name = true;
        resource.set(Attribute::new("service.name", name.to_owned()));
    }
    (resource, has_service_name)
}

fn pair(member: &str) -> Option<(String, String)> {
    let (key, value) = member.split_once('=').filter(|(key, _)| !key.trim().is_empty())?;
    Some((decode(key)?, decode(value)?))
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
