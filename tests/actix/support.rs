//! An application on the thread of a capture, alone or behind a real socket.

use std::fmt::Debug;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use actix_http::{HttpService, Request};
use actix_service::{IntoServiceFactory, Service, ServiceFactory, map_config};
use actix_web::body::MessageBody;
use actix_web::dev::{AppConfig, ServiceResponse};
use actix_web::rt;
use spanwright::SpanRef;
use spanwright::actix::Tracing;
use spanwright::record::SpanRecord;
use spanwright::testing::Capture;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Runs `body` on an actix system of its own and returns the spans that ended by its end.
pub(crate) fn traced<F: Future>(body: impl FnOnce() -> F) -> (F::Output, Vec<SpanRecord>) {
    traced_by(Capture::default(), body)
}

/// The same with other settings.
pub(crate) fn traced_by<F: Future>(
    capture: Capture,
    body: impl FnOnce() -> F,
) -> (F::Output, Vec<SpanRecord>) {
    capture.run(|| rt::System::new().block_on(body()))
}

/// The spans alone.
pub(crate) fn spans_of<F: Future>(body: impl FnOnce() -> F) -> Vec<SpanRecord> {
    traced(body).1
}

/// The only span.
pub(crate) fn only(spans: &[SpanRecord]) -> &SpanRecord {
    let [span] = spans else { panic!("one span, not {}", spanwright::testing::tree(spans)) };
    span
}

/// The span of this name.
pub(crate) fn named<'a>(spans: &'a [SpanRecord], name: &str) -> &'a SpanRecord {
    let mut found = spans.iter().filter(|span| span.name == name);
    let span = found.next().unwrap_or_else(|| panic!("{name}: {spans:#?}"));
    assert!(found.next().is_none(), "{name} comes once: {spans:#?}");
    span
}

/// The value of an attribute as text.
pub(crate) fn value(span: &SpanRecord, key: &str) -> Option<String> {
    let attribute = span.attributes.iter().find(|attribute| attribute.key == key);
    attribute.map(|attribute| attribute.value.to_string())
}

/// The middleware, and where it says which span it has begun.
pub(crate) fn watched(tracing: Tracing) -> (Tracing, Arc<OnceLock<SpanRef>>) {
    let span = Arc::new(OnceLock::new());
    let seen = Arc::clone(&span);
    let tracing = tracing.on_request(move |_, span| {
        seen.set(span).expect("one request");
    });
    (tracing, span)
}

/// Serves an application over HTTP/1 on this thread, as each worker of a server does on its own.
pub(crate) async fn serve<R, S, B>(app: R) -> SocketAddr
where
    R: IntoServiceFactory<S, Request>,
    S: ServiceFactory<
            Request,
            Config = AppConfig,
            Response = ServiceResponse<B>,
            Error = actix_web::Error,
        > + 'static,
    S::InitError: Debug,
    B: MessageBody + 'static,
{
    let app = map_config(app.into_factory(), |()| AppConfig::default());
    let http = HttpService::build().h1_allow_half_closed(false).h1(app).tcp();
    let http = http.new_service(()).await.expect("the application starts");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    rt::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            rt::spawn(http.call(stream));
        }
    });
    address
}

/// Sends bytes on a connection of its own.
pub(crate) async fn send(address: SocketAddr, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("the server listens");
    stream.write_all(text.as_bytes()).await.expect("the server reads");
    stream
}

/// Sends one request and returns all that comes back until the server closes.
pub(crate) async fn exchange(address: SocketAddr, text: &str) -> String {
    let mut stream = send(address, text).await;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("the server answers in text");
    answer
}

/// Reads until `end` has come.
pub(crate) async fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut text = String::new();
    while !text.contains(end) {
        let mut bytes = [0; 1024];
        let count = stream.read(&mut bytes).await.expect("the connection stays");
        assert_ne!(count, 0, "{end:?} comes, not only {text:?}");
        text.push_str(&String::from_utf8_lossy(&bytes[..count]));
    }
    text
}

/// Closes a connection the hard way, as a client that dies does.
pub(crate) fn reset(stream: TcpStream) {
    stream.set_zero_linger().expect("a socket has this option");
    drop(stream);
}
