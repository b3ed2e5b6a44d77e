//! A batch of rendered traces, failures or events to one write.

use bytes::Bytes;

use crate::export::{Batch, Request};
use crate::secret::Secret;

pub(super) fn request(batch: &Batch) -> Request {
    Request {
        url: Secret::new("stdout:"),
        headers: Vec::new(),
        body: vec![Bytes::copy_from_slice(batch.bytes())],
    }
}
