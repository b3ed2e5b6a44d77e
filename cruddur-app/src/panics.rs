//! Turns a panic in a handler into a clean 500.
//!
//! In: a request on its way to a handler. Out: its response, or [`AppError::Panicked`].
//! Without it the server would drop the connection. Everything wrapped inside still sees the unwinding panic.
//! Never: hides the panic; the panic hook has run by then.

use std::{
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::Poll,
};

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
};

use crate::error::AppError;

/// The outermost middleware but for telemetry, which sees the response that this one makes.
pub(crate) async fn answer(
    req: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    // A request that panicked is dropped as a whole, so nothing half-changed is looked at again.
    let mut response = pin!(async { next.call(req).await });
    poll_fn(|context| {
        catch_unwind(AssertUnwindSafe(|| response.as_mut().poll(context)))
            .unwrap_or_else(|_| Poll::Ready(Err(AppError::Panicked.into())))
    })
    .await
}
