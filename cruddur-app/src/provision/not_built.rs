//! Stands in for provisioning in a build that has not all of what it makes.

use std::{error::Error, future::ready, io::Write};

use super::Options;

/// Makes nothing.
///
/// # Errors
/// Always: says what the build lacks.
pub fn run(
    _lookup: &dyn Fn(&str) -> Option<String>,
    _options: Options,
    _out: &mut dyn Write,
) -> impl Future<Output = Result<(), Box<dyn Error>>> {
    ready(Err("this build was made without the feature `xray` or `cloudwatch`".into()))
}
