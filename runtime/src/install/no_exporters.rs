//! Stands in for the exporters of the OpenTelemetry SDK in a build without them.

use super::outlets::{Outlets, Parts};
use crate::config::Config;

pub(super) const fn start(_config: &mut Config, _outlets: &mut Outlets, _parts: &mut Parts) {}
