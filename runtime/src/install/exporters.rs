//! The destinations that are exporters of the OpenTelemetry SDK.

use std::time::Duration;

use super::outlets::{Delivery, Outlet, Outlets, Parts, Wait};
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
    fn flush(&self) -> Wait<'_> {
        let target = self.delivery.start_flush();
        Box::new(move |timeout| self.delivery(self.delivery.wait_for_flush(target, timeout)))
    }

    fn shutdown(&self, _: Duration) -> Wait<'_> {
        self.delivery.close();
        Box::new(|timeout| self.delivery(self.delivery.shutdown(timeout)))
    }

    fn abort(&self) {
        self.delivery.abort();
    }
}
