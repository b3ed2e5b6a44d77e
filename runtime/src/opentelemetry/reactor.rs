//! A Tokio runtime around an exporter that may need one.
//!
//! Exporters with an asynchronous client fail on a plain thread, those with a blocking client fail
//! inside a runtime. On a thread that has entered a runtime which another thread drives, both work.
//! In: nothing. Out: a context to enter.
//! Never: uses the application's runtime.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use crate::diagnostics;

/// A runtime that a thread of its own drives until this is dropped.
#[derive(Debug)]
pub(super) struct Reactor {
    handle: Handle,
    _stop: oneshot::Sender<()>,
}

impl Reactor {
    /// Starts the runtime and its thread.
    pub(super) fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let drive = move || {
            diagnostics::suppress_thread();
            // The sender says nothing; it is dropped.
            let _ = runtime.block_on(stopped);
            runtime.shutdown_background();
        };
        thread::Builder::new().name("spanwright-sdk-io".into()).spawn(drive)?;
        Ok(Self { handle, _stop: stop })
    }

    pub(super) fn handle(&self) -> &Handle {
        &self.handle
    }
}

/// Polls a future to its end on this thread.
pub(super) fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}
