//! Calls of AWS's libraries for region and credentials, each on a thread of its own.
//!
//! They read files synchronously, also on a file system that hangs, and must not hold up the I/O thread that
//! all destinations share. A look-up that hangs keeps its thread; each caller has one at most.

use std::io;
use std::thread;

use tokio::runtime::Builder;

use crate::diagnostics;

/// Runs a future to its end on a new thread, with a runtime of its own.
///
/// # Errors
/// The system gives no thread.
pub(crate) fn on_own_thread(look_up: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    thread::Builder::new().name("spanwright-aws".to_owned()).spawn(move || {
        diagnostics::suppress_thread();
        runtime.block_on(look_up);
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lookup_runs_on_another_thread() {
        let (sender, found) = std::sync::mpsc::channel();
        let look_up = async move { sender.send(thread::current().id()).unwrap() };
        on_own_thread(look_up).unwrap();
        assert_ne!(found.recv().unwrap(), thread::current().id());
    }
}
