//! Stands in for the destinations driven by `pipeline` in a build without any.

use super::InstallError;
use super::outlets::{Outlets, Parts};
use crate::config::Config;

#[expect(clippy::unnecessary_wraps, reason = "the other form can fail")]
pub(super) fn start(
    _config: &mut Config,
    _outlets: &mut Outlets,
    _parts: &mut Parts,
) -> Result<(), InstallError> {
    Ok(())
}
