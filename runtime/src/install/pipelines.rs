//! The destinations that are driven by `pipeline`.

#[cfg(any(
    feature = "otlp",
    feature = "xray",
    feature = "cloudwatch",
    feature = "rollbar",
    feature = "console"
))]
use std::sync::Arc;
use std::time::Duration;

use super::InstallError;
use super::outlets::{Delivery, Outlet, Outlets, Parts, Wait};
use crate::config::Config;
use crate::pipeline::{Flushed, Motor};

/// Starts the I/O thread if a destination needs it, and those destinations.
pub(super) fn start(
    config: &mut Config,
    outlets: &mut Outlets,
    parts: &mut Parts,
) -> Result<(), InstallError> {
    let has_errors = config.has_rollbar() || config.has_otlp_exceptions();
    let has_spans = config.has_otlp() || config.has_xray() || config.has_console();
    #[cfg(feature = "xray")]
    let has_rules = config.sampler.xray().is_some();
    #[cfg(not(feature = "xray"))]
    let has_rules = false;
    if !has_spans && !has_errors && !config.has_cloudwatch() && !has_rules {
        return Ok(());
    }
    let motor = Motor::start()?;
    #[cfg(feature = "cloudwatch")]
    super::cloudwatch::tell_group(config);
    #[cfg(feature = "otlp")]
    otlp(config, &motor, parts);
    #[cfg(feature = "rollbar")]
    rollbar(config, &motor, parts);
    outlets.add(Pipelines {
        #[cfg(feature = "cloudwatch")]
        calls: super::cloudwatch::start(config, &motor, parts),
        #[cfg(feature = "xray")]
        xray: super::xray::start(config, &motor, parts),
        #[cfg(feature = "console")]
        console: console(config, &motor, parts),
        motor,
    });
    Ok(())
}

#[cfg(feature = "otlp")]
fn otlp(config: &mut Config, motor: &Motor, parts: &mut Parts) {
    use crate::export::otlp::{Exceptions, Exporter, Settings};
    use crate::pipeline::transport::http;

    let (spans, exceptions) = (config.otlp.take(), config.otlp_exceptions.take());
    let mut start = |settings: Option<Settings>, name: &'static str| {
        let mut settings = settings?;
        settings.resource = config.resource.clone();
        let tls = settings.needs_tls().then(|| settings.tls.clone());
        let proxies = config.proxies.clone();
        let client = http::Settings { timeout: settings.timeout, tls, proxies };
        let problem =
            |error| format!("requests to `{}` cannot be made: {error}", settings.endpoint);
        let client = http::Client::new(&client);
        let client = client.map_err(|error| parts.fail(name, problem(error))).ok()?;
        Some((settings, client))
    };
    let spans = start(spans, "otlp");
    let exceptions = start(exceptions, "otlp exceptions");
    if let Some((settings, client)) = spans {
        let handle = motor.add(Exporter::new(&settings), client, &config.pipeline);
        parts.processors.spans.push(Arc::new(handle));
    }
    if let Some((settings, client)) = exceptions {
        let handle = motor.add(Exceptions::new(&settings), client, &config.pipeline);
        parts.of_errors.push(Arc::new(handle));
    }
}

#[cfg(feature = "rollbar")]
fn rollbar(config: &mut Config, motor: &Motor, parts: &mut Parts) {
    use crate::export::TlsFiles;
    use crate::export::rollbar::Exporter;
    use crate::pipeline::transport::http;

    let Some(mut settings) = config.rollbar.take() else { return };
    settings.resource = config.resource.clone();
    let tls = settings.needs_tls().then(TlsFiles::default);
    let proxies = config.proxies.clone();
    match http::Client::new(&http::Settings { timeout: settings.timeout, tls, proxies }) {
        Ok(client) => {
            let handle = motor.add(Exporter::new(&settings), client, &config.pipeline);
            parts.of_errors.push(Arc::new(handle));
        }
        Err(error) => {
            let endpoint = &settings.endpoint;
            parts.fail("rollbar", format_args!("requests to `{endpoint}` cannot be made: {error}"));
        }
    }
}

#[cfg(feature = "console")]
type Console = crate::pipeline::Assembler<crate::pipeline::Handle<crate::record::LocalTrace>>;

#[cfg(feature = "console")]
fn console(config: &mut Config, motor: &Motor, parts: &mut Parts) -> Option<Arc<Console>> {
    use crate::export::console::{Errors, Exporter, Logs};
    use crate::pipeline::transport::Stdout;
    use crate::pipeline::{Assembler, Settings};

    /// People want to see a trace when it ends.
    const MAX_AGE: Duration = Duration::from_millis(50);

    let settings = config.console.take()?;
    // Whatever the batch variables say is meant for what goes over a network.
    let pipeline = Settings { max_batch_age: MAX_AGE, max_in_flight: 1, ..Settings::default() };
    let errors = Errors::new(settings);
    let errors = motor.add(errors, Stdout, &pipeline);
    parts.of_errors.push(Arc::new(errors));
    let logs = motor.add(Logs::new(settings), Stdout, &pipeline);
    parts.processors.logs.push(Arc::new(logs));
    let handle = motor.add(Exporter::new(settings), Stdout, &pipeline);
    let console = Arc::new(Assembler::new(handle));
    parts.processors.spans.push(Arc::clone(&console) as _);
    Some(console)
}

/// The I/O thread and what hangs off it.
#[derive(Debug)]
struct Pipelines {
    #[cfg(feature = "cloudwatch")]
    calls: Option<Arc<super::cloudwatch::Calls>>,
    #[cfg(feature = "xray")]
    xray: Option<Arc<super::xray::Xray>>,
    #[cfg(feature = "console")]
    console: Option<Arc<Console>>,
    motor: Motor,
}

impl Outlet for Pipelines {
    fn flush(&self) -> Wait<'_> {
        // What has ended of requests that may go on.
        #[cfg(feature = "xray")]
        if let Some(gatherer) = &self.xray {
            gatherer.release();
        }
        // What has been counted of minutes that are not over.
        #[cfg(feature = "cloudwatch")]
        if let Some(calls) = &self.calls {
            calls.release();
        }
        let pending = self.motor.start_flush();
        Box::new(|timeout| pending.wait(timeout).into_iter().map(delivery).collect())
    }

    fn shutdown(&self, timeout: Duration) -> Wait<'_> {
        // Traces whose roots have not ended will not be finished any more.
        #[cfg(feature = "xray")]
        if let Some(gatherer) = &self.xray {
            gatherer.close();
        }
        #[cfg(feature = "console")]
        if let Some(console) = &self.console {
            console.release();
        }
        #[cfg(feature = "cloudwatch")]
        if let Some(calls) = &self.calls {
            calls.close();
        }
        let pending = self.motor.start_shutdown(timeout);
        Box::new(|timeout| pending.wait(timeout).into_iter().map(delivery).collect())
    }

    fn abort(&self) {
        self.motor.abort();
    }
}

fn delivery(flushed: Flushed) -> Delivery {
    let Flushed { destination, in_time, tally } = flushed;
    Delivery { destination: destination.into(), in_time, tally }
}
