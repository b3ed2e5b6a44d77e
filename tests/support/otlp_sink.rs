//! An OTLP/HTTP receiver on loopback: decodes and keeps, or only counts.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsPartialSuccess, ExportLogsServiceRequest, ExportLogsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use prost::bytes::Buf;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

use crate::http_server::{Answer, HttpServer, Log, Received};

/// The receiver; stops when it is dropped.
#[derive(Debug)]
pub struct OtlpSink {
    /// The server underneath, for its address and for waiting.
    pub server: HttpServer,
    log: Log,
    counted: Arc<AtomicUsize>,
}

impl OtlpSink {
    /// Takes everything.
    pub fn start() -> Self {
        Self::scripted(Vec::new())
    }

    /// Plays the answers one by one, then takes everything.
    pub fn scripted(script: Vec<Answer>) -> Self {
        Self::scripted_then(script, ok())
    }

    /// Plays the answers one by one, then the last one for ever.
    pub fn scripted_then(script: Vec<Answer>, otherwise: Answer) -> Self {
        let (server, log) = HttpServer::scripted(script, otherwise);
        Self { server, log, counted: Arc::default() }
    }

    /// Takes everything, on a listener of the caller's.
    pub fn on(listener: TcpListener) -> Self {
        let (server, log) = HttpServer::scripted_on(listener, Vec::new(), ok());
        Self { server, log, counted: Arc::default() }
    }

    /// Takes everything, keeps nothing but the number of spans; for benches.
    pub fn counting() -> Self {
        let counted = Arc::new(AtomicUsize::new(0));
        let shared = Arc::clone(&counted);
        let server = HttpServer::start(move |received| {
            shared.fetch_add(count_spans(&received.body), Ordering::Relaxed);
            ok()
        });
        Self { server, log: Log::default(), counted }
    }

    /// The value of `OTEL_EXPORTER_OTLP_ENDPOINT` for this receiver.
    pub fn endpoint(&self) -> String {
        self.server.url()
    }

    /// Spans counted so far; 0 unless made by [`OtlpSink::counting`].
    pub fn counted_spans(&self) -> usize {
        self.counted.load(Ordering::Relaxed)
    }

    /// Every request so far, whatever the answer was.
    pub fn received(&self) -> Vec<Received> {
        self.log.all()
    }

    /// Every request so far but those of log records, decoded.
    ///
    /// # Panics
    /// A body is not an `ExportTraceServiceRequest`.
    pub fn requests(&self) -> Vec<ExportTraceServiceRequest> {
        self.decoded(|received| !is_of_logs(received))
    }

    /// The log records of every request of such so far.
    ///
    /// # Panics
    /// A body is not an `ExportLogsServiceRequest`.
    pub fn log_records(&self) -> Vec<Vec<LogRecord>> {
        let requests: Vec<ExportLogsServiceRequest> = self.decoded(is_of_logs);
        requests.into_iter().map(log_records_of).collect()
    }

    fn decoded<M: Message + Default>(&self, is_wanted: impl Fn(&Received) -> bool) -> Vec<M> {
        let received = self.received();
        let wanted = received.iter().filter(|received| is_wanted(received));
        wanted.map(|it| M::decode(it.body.as_slice()).expect("a request must decode")).collect()
    }

    /// The spans of every request so far.
    pub fn spans(&self) -> Vec<Vec<Span>> {
        self.requests().into_iter().map(spans_of).collect()
    }
}

/// Full success as the specification has it: an empty response.
pub fn ok() -> Answer {
    Answer::status(200).header("content-type", "application/x-protobuf")
}

/// Success but for some spans.
pub fn partial_success(rejected_spans: i64, message: &str) -> Answer {
    let error_message = message.to_owned();
    let partial_success = Some(ExportTracePartialSuccess { rejected_spans, error_message });
    ok().body(ExportTraceServiceResponse { partial_success }.encode_to_vec())
}

/// Success but for some log records.
pub fn partial_success_of_logs(rejected_log_records: i64, message: &str) -> Answer {
    let error_message = message.to_owned();
    let partial_success = Some(ExportLogsPartialSuccess { rejected_log_records, error_message });
    ok().body(ExportLogsServiceResponse { partial_success }.encode_to_vec())
}

/// Whether a request is about log records, by the path that the specification gives them.
fn is_of_logs(received: &Received) -> bool {
    received.path.ends_with("/v1/logs")
}

fn log_records_of(request: ExportLogsServiceRequest) -> Vec<LogRecord> {
    let scopes = request.resource_logs.into_iter().flat_map(|resource| resource.scope_logs);
    scopes.flat_map(|scope| scope.log_records).collect()
}

/// The spans of one request.
pub fn spans_of(request: ExportTraceServiceRequest) -> Vec<Span> {
    let scopes = request.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
    scopes.flat_map(|scope| scope.spans).collect()
}

/// Counts the spans of an encoded request without looking into them.
///
/// The path is `resource_spans` (1), `scope_spans` (2), `spans` (2).
pub fn count_spans(mut body: &[u8]) -> usize {
    count_fields(&mut body, &[1, 2, 2])
}

fn count_fields(body: &mut &[u8], path: &[u32]) -> usize {
    let mut count = 0;
    while body.has_remaining() {
        let Ok((tag, wire_type)) = decode_key(body) else { break };
        if tag != path[0] || wire_type != WireType::LengthDelimited {
            if skip_field(wire_type, tag, body, DecodeContext::default()).is_err() {
                break;
            }
            continue;
        }
        let Some(len) = decode_varint(body).ok().and_then(|len| usize::try_from(len).ok()) else {
            break;
        };
        let Some((mut field, rest)) = body.split_at_checked(len) else { break };
        *body = rest;
        count += if path.len() == 1 { 1 } else { count_fields(&mut field, &path[1..]) };
    }
    count
}
