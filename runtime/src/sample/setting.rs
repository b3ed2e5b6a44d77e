//! Samplers by the names that OpenTelemetry gives them.
//!
//! In: the texts of two settings. Out: a sampler.
//! Never: reads the environment, or falls back to another sampler than the one named.
//!
//! Source: <https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#general-sdk-configuration>.

use super::{Ratio, Sampler};

const NAME: &str = "OTEL_TRACES_SAMPLER";
const ARGUMENT: &str = "OTEL_TRACES_SAMPLER_ARG";

/// The names known, in the order of the message.
const KNOWN: &str = "always_on, always_off, traceidratio, parentbased_always_on, \
                     parentbased_always_off, parentbased_traceidratio";

/// Why two settings do not name a sampler.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SamplerError {
    /// The name is not known.
    #[error("{NAME} is `{value}`, expected one of {KNOWN}")]
    Unknown {
        /// The name found.
        value: String,
    },
    /// The argument is not a share.
    #[error("{ARGUMENT} is `{value}`, expected a number from 0 to 1")]
    Argument {
        /// The argument found.
        value: String,
    },
}

impl Sampler {
    /// Reads the texts of `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG`; the name in any
    /// case. An empty name is the default. The argument is the share of the two ratio samplers, where
    /// `None` or an empty one is 1; the others have none and do not look at it. `xray`, which needs a source of
    /// rules, is read by [`Config::from_env`](crate::Config::from_env) alone.
    ///
    /// # Errors
    /// A name that is not known, and an argument that is not a number from 0 to 1.
    pub fn from_setting(name: &str, argument: Option<&str>) -> Result<Self, SamplerError> {
        let name = name.trim();
        match name.to_ascii_lowercase().as_str() {
            "" => Ok(Self::default()),
            "always_on" => Ok(Self::AlwaysOn),
            "always_off" => Ok(Self::AlwaysOff),
            "traceidratio" => read_ratio(argument),
            "parentbased_always_on" => Ok(Self::AlwaysOn.parent_based()),
            "parentbased_always_off" => Ok(Self::AlwaysOff.parent_based()),
            "parentbased_traceidratio" => read_ratio(argument).map(Self::parent_based),
            _ => Err(SamplerError::Unknown { value: name.to_owned() }),
        }
    }
}

fn read_ratio(argument: Option<&str>) -> Result<Sampler, SamplerError> {
    let argument = argument.map(str::trim).filter(|text| !text.is_empty()).unwrap_or("1");
    let share = argument.parse().ok().and_then(|share| Ratio::new(share).ok());
    let wrong = || SamplerError::Argument { value: argument.to_owned() };
    share.map(Sampler::Ratio).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_gives_its_sampler() {
        let ratio = |share| Sampler::Ratio(Ratio::new(share).unwrap());
        for (name, argument, expected) in [
            ("", None, Sampler::AlwaysOn.parent_based()),
            ("always_on", None, Sampler::AlwaysOn),
            ("always_off", Some("nonsense"), Sampler::AlwaysOff),
            ("traceidratio", Some("0.25"), ratio(0.25)),
            ("traceidratio", None, ratio(1.0)),
            ("traceidratio", Some(" "), ratio(1.0)),
            ("parentbased_always_on", None, Sampler::AlwaysOn.parent_based()),
            ("parentbased_always_off", None, Sampler::AlwaysOff.parent_based()),
            (" ParentBased_TraceIdRatio ", Some(" 1e-2 "), ratio(0.01).parent_based()),
        ] {
            let sampler = Sampler::from_setting(name, argument).unwrap();
            assert_eq!(format!("{sampler:?}"), format!("{expected:?}"), "{name}");
        }
    }

    #[test]
    fn an_unknown_name_is_an_error_that_lists_the_known_ones() {
        assert_eq!(
            Sampler::from_setting("Sometimes", None).unwrap_err().to_string(),
            "OTEL_TRACES_SAMPLER is `Sometimes`, expected one of always_on, \
             always_off, traceidratio, parentbased_always_on, parentbased_always_off, parentbased_traceidratio"
        );
    }

    #[test]
    fn an_argument_that_is_not_a_share_is_an_error_that_names_it() {
        for argument in ["-0.1", "1.5", "NaN", "inf", "10%", "0,5"] {
            for name in ["traceidratio", "parentbased_traceidratio"] {
                assert_eq!(
                    Sampler::from_setting(name, Some(argument)).unwrap_err().to_string(),
                    format!(
                        "OTEL_TRACES_SAMPLER_ARG is `{argument}`, expected a number from 0 to 1"
                    )
                );
            }
        }
    }
}
