//! The destinations that are exporters of the OpenTelemetry SDK.

use std::time::Duration;

use super::outlets::{Delivery, Outlet, Outlets, Parts};
use crate::config::Config;
use crate::opentelemetry;

/// Starts every exporter that was added.
pub(super) fn start(config: &mut Config, outlets: &mut Outlets, parts: &mut Parts) {
    for exporter in std::mem::take(&mut config.exporters) {
        let name = exporter.name().to_owned();
        match exporter.start(&config.resource) {
            Ok(delivery) => {
                parts.processors.spans.push(delivery.processor());
                outlets.add(Exporter { name, delivery });
            }
            Err(error) => parts.fail(name, error),
        }
    }
}

/// An exporter at work.
#[derive(Debug)]
struct Exporter {
    name: String,
    delivery: opentelemetry::Delivery,
}

impl Exporter {
    fn delivery(&self, in_time: bool) -> Vec<Delivery> {
        let destination = self.name.clone().into();
        vec![Delivery { destination, in_time, tally: self.delivery.tally() }]
    }
}

impl Outlet for Exporter {
    fn flush(&self, timeout: Duration) -> Vec<Delivery> {
        self.delivery(self.delivery.flush(timeout))
    }

    fn shutdown(&self, timeout: Duration) -> Vec<Delivery> {
        self.delivery(self.delivery.shutdown(timeout))
    }
}
