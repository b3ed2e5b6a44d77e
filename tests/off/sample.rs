//! Functions whose assembly is compared with and without attributes.
//!
//! Each entry is a symbol of its own, so that it is in the assembly whatever the rest is.
#![expect(unsafe_code, reason = "entries need names that a test finds in the assembly")]

use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// Something to record.
#[derive(Debug)]
#[repr(C)]
pub struct Order {
    /// The id.
    pub id: u64,
    /// The lines.
    pub lines: [u32; 4],
}

#[cfg_attr(feature = "annotated", spanwright::traced)]
fn plain(order: &Order) -> u32 {
    order.lines.iter().sum()
}

#[cfg_attr(
    feature = "annotated",
    spanwright::xray_subsegment(
        name = "checked", namespace = "aws",
        annotations(order.id = order.id, #[when(limit > 3)] limit),
        metadata(?order, total = order.lines.iter().sum::<u32>()), metadata("lines", order.lines),
        ok(metadata(sum = ok)), ret(annotations(failed = ret.is_err())),
        class = |err| if *err > limit { spanwright::ErrorClass::Fault } else { spanwright::ErrorClass::Error },
    )
)]
#[cfg_attr(
    feature = "annotated",
    spanwright::traced(
        name = "checked", level = "debug", kind = "client",
        fields(order.id = order.id, ?order, lines = order.lines.len(), #[when(limit > 3)] limit),
        ok(fields(sum = *ok)), err(fields(over = *err), level = "warn"), ret(fields(all = ?ret)),
        enabled = order.id > 1, parent = None,
    )
)]
#[cfg_attr(
    feature = "annotated",
    spanwright::report_errors(
        level = |err| if *err > 9 { spanwright::Severity::Critical } else { spanwright::Severity::Info },
        title = "Checked", fingerprint = %err, context = order.id.to_string(),
        person(id = order.id), custom(limit, ?order, over = err), when = |err| *err > 1, ignore(7 | 8),
        at = "boundary",
    )
)]
fn checked(order: &Order, limit: u32) -> Result<u32, u32> {
    let sum = plain(order);
    #[cfg(feature = "annotated")]
    spanwright::record!(
        sum, key = %order.id, annotations(sum, over = sum > limit), metadata("late", sum, ?order)
    );
    if sum > limit { Err(sum - limit) } else { Ok(sum) }
}

#[cfg_attr(feature = "annotated", spanwright::xray_subsegment(metadata(len = list.len())))]
#[cfg_attr(feature = "annotated", spanwright::report_errors(none))]
fn consumed(list: Vec<u32>) -> Option<u32> {
    list.into_iter().max()
}

#[cfg_attr(
    feature = "annotated",
    spanwright::traced(fields(#[annotation] order.id), ok(fields(sum = *ok)))
)]
#[cfg_attr(feature = "annotated", spanwright::xray_subsegment(metadata(order.lines), class = "error"))]
#[cfg_attr(feature = "annotated", spanwright::report_errors(panics, custom(order.id, over = err)))]
async fn awaited(order: Order, limit: u32) -> Result<u32, u32> {
    let sum = std::future::ready(plain(&order)).await;
    checked(&order, limit + sum)
}

/// An entry.
#[unsafe(no_mangle)]
pub extern "C" fn entry_checked(order: &Order, limit: u32) -> u32 {
    checked(order, limit).unwrap_or_else(|over| over)
}

/// An entry.
#[unsafe(no_mangle)]
pub extern "C" fn entry_consumed(order: &Order) -> u32 {
    consumed(order.lines.to_vec()).unwrap_or_default()
}

/// An entry.
#[unsafe(no_mangle)]
pub extern "C" fn entry_awaited(order: &Order, limit: u32) -> u32 {
    let order = Order { id: order.id, lines: order.lines };
    match pin!(awaited(order, limit)).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(sum)) => sum,
        Poll::Ready(Err(over)) => over,
        Poll::Pending => 0,
    }
}
