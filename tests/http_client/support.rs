//! A client on the thread of a capture, and what its spans say.

use spanwright::http_client::Client;
use spanwright::record::SpanRecord;
use spanwright::testing::Capture;
use support::http_server::Received;
use tokio::runtime::Builder;

/// Runs `body` on a runtime of this thread; what it returns, and the spans that ended by its end.
pub(crate) fn traced<F: Future>(body: impl FnOnce() -> F) -> (F::Output, Vec<SpanRecord>) {
    traced_by(Capture::default(), body)
}

/// The same with other settings.
pub(crate) fn traced_by<F: Future>(
    capture: Capture,
    body: impl FnOnce() -> F,
) -> (F::Output, Vec<SpanRecord>) {
    capture.run(|| block_on(body()))
}

/// Runs a future on a runtime of this thread.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(future)
}

/// A client that takes no proxy from the machine it runs on.
pub(crate) fn client() -> Client {
    reqwest::Client::builder().no_proxy().build().expect("a plain client can be built").into()
}

/// The only span.
pub(crate) fn only(spans: &[SpanRecord]) -> &SpanRecord {
    let [span] = spans else { panic!("one span, not {}", spanwright::testing::tree(spans)) };
    span
}

/// The value of an attribute as text.
pub(crate) fn value(span: &SpanRecord, key: &str) -> Option<String> {
    let attribute = span.attributes.iter().find(|attribute| attribute.key == key);
    attribute.map(|attribute| attribute.value.to_string())
}

/// The `traceparent` of a sampled span.
pub(crate) fn traceparent_of(span: &SpanRecord) -> String {
    let context = span.context;
    format!("00-{}-{}-{:02x}", context.trace_id, context.span_id, context.flags.to_u8())
}

/// The value of a header that is there.
pub(crate) fn header<'a>(received: &'a Received, name: &str) -> &'a str {
    received.header(name).unwrap_or_else(|| panic!("no {name} in {received:?}"))
}
