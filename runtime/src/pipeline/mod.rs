//! The motion, written once for every destination: queue, encode, batch, send, retry.
//!
//! In: groups of finished records through [`Handle`]. Out: requests, and one fate for every record
//! in the destination's [`Ledger`](crate::loss::Ledger).
//! Never: blocks the thread that hands records in, uses the application's runtime, knows a
//! vendor's document.
//!
//! ```text
//!            Handle ──────▶ Worker ─ encode ─▶ Machine ─ Send ─▶ Transport ─▶ network
//!  bounded in bytes,        one task each,     pure: batch,         │
//!  newest lost when full    all on one         retry, split,  ◀─────┘ verdict
//!                           I/O thread         flush, stop
//! ```
//!
//! What asks instead of telling, and uses the answers itself, is a [`Poller`] on the same thread.
//!
//! Memory of one destination: at most [`Settings::max_bytes`] for everything that has no fate yet,
//! plus what compression makes of the bodies in flight,
//! and one spare buffer of the size of a batch.

#[cfg(feature = "cloudwatch")]
mod aggregate;
mod assemble;
mod batch;
#[cfg(feature = "xray")]
mod gather;
mod motor;
mod poll;
mod priority;
mod queue;
mod retry;
mod settings;
mod state;
mod worker;

pub mod transport;

#[cfg(feature = "cloudwatch")]
pub use aggregate::Aggregator;
pub use assemble::Assembler;
#[cfg(feature = "xray")]
pub use gather::{GatherSettings, Gatherer};
pub use motor::{Flushed, Motor, StartError};
pub use poll::{Poller, Step};
pub use queue::Handle;
pub use retry::Backoff;
pub use settings::{Settings, SettingsError};
