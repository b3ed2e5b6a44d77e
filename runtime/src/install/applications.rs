//! The processors of the application, each with a tally of its own.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use super::outlets::{Delivery, Outlet, Wait};
use crate::guard::catch;
use crate::loss::{Ledger, LossReason};
use crate::record::Processor;

/// The tallies of all processors of the application.
#[derive(Debug, Default)]
pub(super) struct Applications(Vec<(Cow<'static, str>, Arc<Ledger>)>);

impl Applications {
    /// Wraps processors of one kind, so that each counts what it takes.
    pub(super) fn count<R: 'static>(
        &mut self,
        kind: &'static str,
        processors: Vec<Arc<dyn Processor<R>>>,
    ) -> Vec<Arc<dyn Processor<R>>> {
        let count = |(at, processor)| {
            let name = if at == 0 { kind.into() } else { format!("{kind} {}", at + 1).into() };
            let ledger = Arc::default();
            self.0.push((name, Arc::clone(&ledger)));
            Arc::new(Counted { kind, processor, ledger }) as _
        };
        processors.into_iter().enumerate().map(count).collect()
    }
}

impl Applications {
    fn deliveries(&self) -> Vec<Delivery> {
        let delivery = |(name, ledger): &(Cow<'static, str>, Arc<Ledger>)| {
            let tally = ledger.tally();
            Delivery { destination: name.clone(), in_time: tally.pending() == 0, tally }
        };
        self.0.iter().map(delivery).collect()
    }
}

impl Outlet for Applications {
    /// A processor has done its work when it returns: nothing is held.
    fn flush(&self) -> Wait<'_> {
        Box::new(|_| self.deliveries())
    }

    fn shutdown(&self, _: Duration) -> Wait<'_> {
        Box::new(|_| {
            let mut deliveries = self.deliveries();
            for delivery in &mut deliveries {
                delivery.tally = delivery.tally.closed(LossReason::Shutdown);
            }
            deliveries
        })
    }

    fn abort(&self) {}
}

/// A processor and its tally. A panic of the processor costs the group that it was handed, and goes on
/// to the caller.
struct Counted<R> {
    kind: &'static str,
    processor: Arc<dyn Processor<R>>,
    ledger: Arc<Ledger>,
}

impl<R: 'static> Processor<R> for Counted<R> {
    fn process(&self, records: &Arc<[R]>) {
        self.ledger.accept(records.len());
        match catch(|| self.processor.process(records)) {
            Ok(()) => self.ledger.deliver(records.len()),
            Err(caught) => {
                self.ledger.lose(records.len(), LossReason::WorkerPanicked);
                caught.pass_on(&format_args!("{} `{}`", self.kind, self.processor.type_name()));
            }
        }
    }
}
