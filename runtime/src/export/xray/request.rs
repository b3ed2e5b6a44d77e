//! A batch of documents to datagrams, or to one request that the service answers.
//!
//! The scheme of the URL says which: `udp://host:port`, where every part of the body is a datagram,
//! or `http://host:port/TraceSegments`. A batch goes one way as a whole: a trace of more documents
//! than the service takes at once goes by datagrams, whatever the settings say.
//!
//! Sources: <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html>,
//! <https://docs.aws.amazon.com/xray/latest/api/API_PutTraceSegments.html>.

use bytes::Bytes;

use super::MAX_DOCUMENTS;
use super::encode::{Document, documents};
use super::json;
use super::settings::{Settings, Transport};
use crate::export::{Batch, Header, Request};
use crate::notes::Notes;
use crate::secret::Secret;

/// What is the same in every request.
#[derive(Debug)]
pub(super) struct Framing {
    udp_url: Secret,
    tcp_url: Secret,
    transport: Transport,
    notes: Notes,
}

impl Framing {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            udp_url: Secret::new(format!("udp://{}", settings.udp_address)),
            tcp_url: Secret::new(format!("http://{}/TraceSegments", settings.tcp_address)),
            transport: settings.transport,
            notes: settings.notes.clone(),
        }
    }

    pub(super) fn request(&self, batch: &Batch) -> Request {
        if self.is_acked(batch) {
            return self.acked(batch.bytes());
        }
        if self.wants_answer(batch) {
            self.notes.add("sent without an answer: too many documents", batch.len() as u64);
        }
        self.datagrams(batch.bytes())
    }

    /// True if the service answers the request of this batch, false if it goes by datagrams.
    pub(super) fn is_acked(&self, batch: &Batch) -> bool {
        self.wants_answer(batch) && documents(batch.bytes()).nth(MAX_DOCUMENTS).is_none()
    }

    fn wants_answer(&self, batch: &Batch) -> bool {
        match self.transport {
            Transport::Udp => false,
            Transport::TcpAcked => true,
            Transport::Auto => documents(batch.bytes()).any(|document| document.is_precious),
        }
    }

    fn datagrams(&self, items: &Bytes) -> Request {
        let datagram = |Document { start, end, .. }| items.slice(start..end);
        let body = documents(items).map(datagram).collect();
        Request { url: self.udp_url.clone(), headers: Vec::new(), body }
    }

    fn acked(&self, items: &Bytes) -> Request {
        let all: Vec<_> = documents(items)
            .filter_map(|document| str::from_utf8(&items[document.json_start()..document.end]).ok())
            .collect();
        // Every quote of a document gets a backslash.
        let mut body = Vec::with_capacity(items.len() + items.len() / 4);
        body.extend_from_slice(b"{\"TraceSegmentDocuments\":");
        json::list(&all, |document, out| json::text(document, out), &mut body);
        body.push(b'}');
        let content_type = Secret::new("application/json");
        let headers = vec![Header { name: "content-type".into(), value: content_type }];
        Request { url: self.tcp_url.clone(), headers, body: vec![body.into()] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_says_which_way() {
        for (transport, expected) in [
            (Transport::Udp, "udp://127.0.0.1:2000"),
            (Transport::TcpAcked, "http://[::1]:2001/TraceSegments"),
            (Transport::Auto, "udp://127.0.0.1:2000"),
        ] {
            let tcp_address = "[::1]:2001".to_owned();
            let settings = Settings { tcp_address, transport, ..Settings::new("127.0.0.1:2000") };
            let request = Framing::new(&settings).request(&Batch::default());
            assert_eq!(request.url.reveal(), expected);
        }
    }
}
