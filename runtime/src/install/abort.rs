//! Ends waiting before its timeout, for instance at a second signal.

use std::process;
use std::sync::{Arc, Weak};
#[cfg(any(feature = "pipeline", feature = "opentelemetry"))]
use std::time::Duration;

#[cfg(any(feature = "pipeline", feature = "opentelemetry"))]
use super::Report;
use super::Telemetry;
use super::outlets::Outlets;
use crate::report::Teller;
use crate::span::collector;

/// Ends the waiting of [`Telemetry::flush`] and [`Telemetry::shutdown`] from another thread or task.
#[derive(Clone, Debug)]
pub struct AbortHandle {
    /// Id of the process whose telemetry it is.
    process: u32,
    destinations: Weak<Outlets>,
    teller: Weak<Teller>,
}

impl AbortHandle {
    /// Ends every wait under way and to come within some tenths of a second, in which what is on its way is
    /// counted; what is not delivered by now is lost, for the reason `shutdown`. For a process that is about to
    /// end.
    ///
    /// Never blocks. Does nothing after the shutdown and in a forked child.
    pub fn abort(&self) {
        let Some(destinations) = self.destinations.upgrade() else { return };
        if self.process != process::id() {
            // To drop the last owner would take locks that the parent's threads may have held.
            return std::mem::forget(destinations);
        }
        collector::abort();
        if let Some(teller) = self.teller.upgrade() {
            teller.abort();
        }
        destinations.abort();
    }
}

impl Telemetry {
    /// Stops like [`shutdown`](Self::shutdown), beside the runtime's other tasks, and at once when `interrupt`
    /// is ready: a second Ctrl-C, for instance. The report says what was lost.
    ///
    /// ```no_run
    /// # async fn stop(telemetry: spanwright::Telemetry, second_signal: impl Future<Output = ()>) {
    /// let report = telemetry.shutdown_until(std::time::Duration::from_secs(10), second_signal).await;
    /// eprintln!("{report}");
    /// # }
    /// ```
    ///
    /// Blocks a thread of the runtime's pool for blocking work, up to about `timeout`. Dropping the future
    /// leaves the shutdown going on.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    #[cfg(any(feature = "pipeline", feature = "opentelemetry"))]
    pub async fn shutdown_until(
        self,
        timeout: Duration,
        interrupt: impl Future<Output = ()>,
    ) -> Report {
        let abort = self.abort_handle();
        let mut stopped = tokio::task::spawn_blocking(move || self.shutdown(timeout));
        let stopped = tokio::select! {
            stopped = &mut stopped => stopped,
            () = interrupt => {
                abort.abort();
                stopped.await
            }
        };
        // Only a runtime that ends meanwhile has no report.
        stopped.unwrap_or_default()
    }

    /// Returns a handle that ends the waiting of a flush or a shutdown.
    pub fn abort_handle(&self) -> AbortHandle {
        let destinations = self.destinations.as_ref().map(Arc::downgrade);
        let teller = self.teller.as_ref().map(Arc::downgrade);
        AbortHandle {
            process: self.process,
            destinations: destinations.unwrap_or_default(),
            teller: teller.unwrap_or_default(),
        }
    }
}
