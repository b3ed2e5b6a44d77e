//! The sampler of spans by its two variables.
//!
//! Source: <https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#general-sdk-configuration>.

use super::Environment;
use crate::sample::{Sampler, SamplerError};
use crate::warnings::Warnings;

const NAME: &str = "OTEL_TRACES_SAMPLER";
const ARGUMENT: &str = "OTEL_TRACES_SAMPLER_ARG";

/// Sampler of spans, as the variables choose it.
#[derive(Debug)]
pub(crate) enum Choice {
    /// One of the generic samplers.
    Generic(Sampler),
    /// Sampling rules of AWS X-Ray.
    #[cfg(feature = "xray")]
    Xray(crate::xray::SpanRules),
}

impl Choice {
    /// The generic sampler; the default one where rules of X-Ray decide.
    pub(crate) fn generic(self) -> Sampler {
        match self {
            Self::Generic(sampler) => sampler,
            #[cfg(feature = "xray")]
            Self::Xray(_) => Sampler::default(),
        }
    }

    /// Sampling rules of AWS X-Ray, where they decide.
    #[cfg(feature = "xray")]
    pub(crate) const fn xray(&self) -> Option<&crate::xray::SpanRules> {
        match self {
            Self::Xray(rules) => Some(rules),
            Self::Generic(_) => None,
        }
    }
}

/// Reads the sampler. A name that is not known counts as unset, and so does an argument that its sampler
/// cannot take.
pub(super) fn read(environment: &Environment, warnings: &mut Warnings) -> Choice {
    let Some(name) = environment.get(NAME) else { return Choice::Generic(Sampler::default()) };
    if name.eq_ignore_ascii_case("xray") {
        return xray(environment, warnings);
    }
    let sampler = match Sampler::from_setting(name, environment.get(ARGUMENT)) {
        Err(error @ SamplerError::Argument { .. }) => {
            warnings.push(format_args!("{error}; using 1"));
            Sampler::from_setting(name, None)
        }
        sampler => sampler,
    };
    let instead = "using parentbased_always_on";
    let sampler = sampler.map_err(|error| warnings.push(format_args!("{error}; {instead}")));
    Choice::Generic(sampler.unwrap_or_default())
}

/// Reads `endpoint=http://host:port` of the argument: the address of a daemon, or of a collector's proxy for
/// sampling, that serves the rules.
///
/// Source: <https://docs.aws.amazon.com/xray/latest/devguide/xray-remote-sampling.html>.
#[cfg(feature = "xray")]
fn xray(environment: &Environment, warnings: &mut Warnings) -> Choice {
    let mut rules = crate::xray::SpanRules::default();
    for entry in environment.list(ARGUMENT) {
        let endpoint = entry.strip_prefix("endpoint=").map(|url| url.trim_end_matches('/'));
        let address = endpoint.map(|url| url.strip_prefix("http://").unwrap_or(url));
        match address.and_then(crate::xray::HostPort::parse) {
            Some(address) => rules.address = Some(address),
            None => warnings.invalid_entry(ARGUMENT, entry, "`endpoint=http://host:port`"),
        }
    }
    Choice::Xray(rules)
}

#[cfg(not(feature = "xray"))]
fn xray(_: &Environment, warnings: &mut Warnings) -> Choice {
    let expected = "a sampler of this build, which was made without feature `xray`";
    warnings.invalid(NAME, "xray", expected, "using parentbased_always_on");
    Choice::Generic(Sampler::default())
}
