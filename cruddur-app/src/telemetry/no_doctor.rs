//! Stands in for the doctor in a build that sends nothing to X-Ray.

use std::{collections::HashMap, error::Error, future::ready, hash::BuildHasher, io::Write};

use crate::command::Wondering;

/// Examines nothing.
///
/// # Errors
/// Always: says what the build lacks.
pub fn examine(
    _variables: &HashMap<String, String, impl BuildHasher>,
    _request: Option<&Wondering>,
    _out: &mut dyn Write,
) -> impl Future<Output = Result<bool, Box<dyn Error>>> {
    ready(Err(
        "this build has no X-Ray: it was made without the feature `xray`, or with `off`".into()
    ))
}
