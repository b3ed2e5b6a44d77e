//! What is configured, where the feature may be off.

use crate::secret::Secret;

macro_rules! has {
    ($($feature:literal $method:ident: $type:ty => $is:expr, else $otherwise:expr;)*) => {
        impl super::Config {$(
            #[cfg(feature = $feature)]
            pub(crate) fn $method(&self) -> $type {
                let is: fn(&Self) -> $type = $is;
                is(self)
            }

            #[cfg(not(feature = $feature))]
            pub(crate) const fn $method(&self) -> $type {
                $otherwise
            }
        )*}
    };
}

has! {
    "otlp" has_otlp: bool => |config| config.otlp.is_some(), else false;
    "otlp" has_otlp_exceptions: bool => |config| config.otlp_exceptions.is_some(), else false;
    "rollbar" has_rollbar: bool => |config| config.rollbar.is_some(), else false;
    "xray" has_xray: bool => |config| config.xray.is_some(), else false;
    "cloudwatch" has_cloudwatch: bool => |config| config.cloudwatch.is_some(), else false;
    "console" has_console: bool => |config| config.console.is_some(), else false;
    "otlp" secrets_of_otlp: Vec<Secret> => |config| {
        let settings = [&config.otlp, &config.otlp_exceptions].into_iter().flatten();
        settings.flat_map(|it| &it.headers).map(|header| header.value.clone()).collect()
    }, else Vec::new();
    "rollbar" secrets_of_rollbar: Vec<Secret> => |config| {
        config.rollbar.iter().map(|settings| settings.access_token.clone()).collect()
    }, else Vec::new();
    "cloudwatch" secrets_of_aws: Vec<Secret> => |config| {
        config.cloudwatch_access.iter().flat_map(crate::aws::Access::secrets).collect()
    }, else Vec::new();
    "opentelemetry" has_exporter: bool => |config| !config.exporters.is_empty(), else false;
}
