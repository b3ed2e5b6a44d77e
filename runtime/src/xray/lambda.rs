//! AWS Lambda, which makes and sends the segment of each invocation itself.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime>.

use crate::config::Environment;
use crate::propagate::{Context, Propagator as _, Xray, xray};

/// The variables that are set in every function and nowhere else, as X-Ray's SDKs and OpenTelemetry's
/// resource detectors have it.
const OF_FUNCTIONS: [&str; 2] = ["LAMBDA_TASK_ROOT", "AWS_LAMBDA_FUNCTION_NAME"];

/// The header of the invocation under way. The runtime sets it before each.
///
/// Source: <https://github.com/awslabs/aws-lambda-rust-runtime/blob/main/lambda-runtime/src/runtime.rs>.
const TRACE_ID: &str = "_X_AMZN_TRACE_ID";

/// Returns true if these are the variables of a function.
pub(super) fn is_function(environment: &Environment) -> bool {
    OF_FUNCTIONS.iter().any(|name| environment.get(name).is_some())
}

/// Reads the context of the invocation that is under way.
#[expect(clippy::disallowed_methods, reason = "the variable changes with each invocation")]
pub(crate) fn invocation() -> Context {
    let mut context = Context::default();
    if let Ok(header) = std::env::var(TRACE_ID) {
        Xray.extract(&[(xray::HEADER, header)].as_slice(), &mut context);
    }
    context
}
