//! Stands in for provisioning in a build without X-Ray.

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
    ready(Err("this build has no X-Ray: it was made without the feature `xray`".into()))
}
