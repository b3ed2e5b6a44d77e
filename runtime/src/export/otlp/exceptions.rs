//! Failures as log records, the form that the conventions want instead of events of spans.
//!
//! In: [`ErrorRecord`]s. Out: a `LogRecord` each, in `ExportLogsServiceRequest`s.
//! Never: sends headers, bodies or addresses of requests, nor more of a person than the id; spans
//! have what is to be known of requests.
//!
//! Sources: <https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-logs/>,
//! <https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/logs/v1/logs.proto>.

use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, SeverityNumber};
use prost::encoding::message;

use super::attributes::{self, cut};
use super::request::Framing;
use super::settings::Settings;
use super::{scopes, stacktrace, verdict};
use crate::export::{Batch, EncodeError, Exporter, Limits, Reply, Request, Verdict};
use crate::origin::{self, Scope};
use crate::record::{Attribute, ErrorRecord, Severity, SpanContext, Subject};

/// The field of `ScopeLogs` that holds its log records; the number of the spans of a `ScopeSpans`.
const LOG_RECORDS_TAG: u32 = 2;

/// What a log record has besides texts of the failure: ids, times, keys, the scope's conventions.
const FIXED_BYTES: usize = 1024;

/// Encodes failures and frames them.
#[derive(Debug)]
pub struct Exceptions {
    max_text_bytes: usize,
    framing: Framing,
    /// Whether a scope besides ours was ever met.
    has_met_scopes: bool,
}

impl Exceptions {
    /// Takes the settings in, those of [`Settings::from_env_for_logs`]; encodes the resource once.
    pub fn new(settings: &Settings) -> Self {
        let max_text_bytes = settings.max_text_bytes();
        let framing = Framing::new(settings, max_text_bytes);
        Self { max_text_bytes, framing, has_met_scopes: false }
    }
}

impl Exporter for Exceptions {
    type Record = ErrorRecord;

    const NAME: &'static str = "otlp exceptions";

    fn weigh(record: &ErrorRecord) -> usize {
        let target_len = record.path.last().map_or(0, |source| source.target.len());
        let place_len = place(record).map_or(0, |place| place.function.len() + place.file.len());
        record.weight_bytes() + target_len + place_len + FIXED_BYTES
    }

    fn limits(&self) -> Limits {
        self.framing.limits()
    }

    fn encode(&mut self, record: &ErrorRecord, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let source = record.path.last();
        let scope = source.map_or(Scope::Ours, |source| origin::scope_of_source(source));
        let scope = scopes::prefix(scope, self.max_text_bytes);
        self.has_met_scopes |= !scope.is_empty();
        out.extend_from_slice(&scope);
        message::encode(LOG_RECORDS_TAG, &log_record(record, self.max_text_bytes), out);
        Ok(())
    }

    fn request(&self, batch: &Batch) -> Request {
        self.framing.request(batch, self.has_met_scopes)
    }

    fn verdict(&self, _: &Batch, reply: &Reply) -> Verdict {
        verdict::verdict(reply)
    }
}

fn log_record(record: &ErrorRecord, max: usize) -> LogRecord {
    let span = record.span.filter(SpanContext::is_valid);
    LogRecord {
        time_unix_nano: record.unix_ns,
        observed_time_unix_nano: record.unix_ns,
        severity_number: severity(record.severity).into(),
        severity_text: record.severity.as_str().to_owned(),
        body: body(record).map(|text| AnyValue {
            value: Some(any_value::Value::StringValue(cut(text, max).to_owned())),
        }),
        attributes: wire_attributes(record, max),
        dropped_attributes_count: 0,
        flags: span.map_or(0, |span| span.flags.to_u8().into()),
        trace_id: span.map(|span| span.trace_id.to_bytes().to_vec()).unwrap_or_default(),
        span_id: span.map(|span| span.span_id.to_bytes().to_vec()).unwrap_or_default(),
        event_name: event_name(record).to_owned(),
    }
}

/// Whether a panic ends the application is not known here, so it is no worse than it says.
///
/// Source: <https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber>.
const fn severity(severity: Severity) -> SeverityNumber {
    match severity {
        Severity::Debug => SeverityNumber::Debug,
        Severity::Info => SeverityNumber::Info,
        Severity::Warning => SeverityNumber::Warn,
        Severity::Error => SeverityNumber::Error,
        Severity::Critical => SeverityNumber::Fatal,
    }
}

/// A message that is no exception is no event either. What a request survives is an exception, but
/// not one of the request.
///
/// Source: <https://opentelemetry.io/docs/specs/semconv/http/http-exceptions/>.
fn event_name(record: &ErrorRecord) -> &'static str {
    match &record.subject {
        Subject::Message(_) => "",
        Subject::Error(_) | Subject::Panic(_)
            if record.request.is_some() && record.severity >= Severity::Error =>
        {
            "http.server.request.exception"
        }
        Subject::Error(_) | Subject::Panic(_) => "exception",
    }
}

/// The message, or what people call the exception.
fn body(record: &ErrorRecord) -> Option<&str> {
    match &record.subject {
        Subject::Message(message) => Some(message),
        Subject::Error(_) | Subject::Panic(_) => record.title.as_deref(),
    }
}

/// Our attributes and those of the application, which win over ours of the same key.
fn wire_attributes(record: &ErrorRecord, max: usize) -> Vec<KeyValue> {
    let mut own = exception(record, max);
    own.extend(place(record).into_iter().flat_map(Place::attributes));
    let texts = [
        ("user.id", record.person.id.clone()),
        ("thread.name", record.thread.clone()),
        // Of two records with one id the second may be dropped, so a repeated request is harmless.
        ("log.record.uid", Some(record.id.to_string())),
    ];
    own.extend(texts.into_iter().filter_map(|(key, text)| Some(Attribute::new(key, text?))));
    own.retain(|own| record.custom.iter().all(|custom| custom.key != own.key));
    let mut wire = attributes::messages(&own, max);
    wire.extend(attributes::messages(&record.custom, max));
    wire
}

/// What the conventions say of an exception: nothing of a message.
fn exception(record: &ErrorRecord, max: usize) -> Vec<Attribute> {
    let causes = record.subject.causes();
    let Some(first) = causes.first() else { return Vec::new() };
    let is_panic = matches!(record.subject, Subject::Panic(_));
    let type_name = first.type_name.clone().or(is_panic.then_some("panic".into()));
    let stacktrace = stacktrace::render(&record.stack, causes, max);
    // One of type and message has to be there.
    let has_message = !first.message.is_empty() || type_name.is_none();
    let message = has_message.then(|| first.message.clone().into());
    let stacktrace = (!stacktrace.is_empty()).then(|| stacktrace.into());
    [
        ("exception.type", type_name),
        ("exception.message", message),
        ("exception.stacktrace", stacktrace),
    ]
    .into_iter()
    .filter_map(|(key, text)| Some(Attribute::new(key, text?)))
    .collect()
}

/// Where a failure was noticed.
struct Place<'a> {
    /// Empty where it is not known, and so is the file.
    function: &'a str,
    file: &'a str,
    line: Option<u32>,
}

impl Place<'_> {
    fn attributes(self) -> impl Iterator<Item = Attribute> {
        let texts = [(origin::FUNCTION, self.function), (origin::FILE, self.file)];
        let texts = texts.map(|(key, text)| (!text.is_empty()).then(|| (key, text.to_owned())));
        let line = self.line.map(|line| Attribute::new(origin::LINE, line));
        texts.into_iter().flatten().map(|(key, text)| Attribute::new(key, text)).chain(line)
    }
}

/// The innermost call of the application, or without a stack the innermost annotated function.
fn place(record: &ErrorRecord) -> Option<Place<'_>> {
    let frame = record.stack.iter().rev().find(|frame| frame.is_in_app);
    let of_frame = frame.map(|frame| Place {
        function: frame.function.as_deref().unwrap_or_default(),
        file: frame.file.as_deref().unwrap_or_default(),
        line: frame.line,
    });
    let of_source = || {
        let source = record.path.last()?;
        let line = Some(source.line).filter(|line| *line > 0);
        Some(Place { function: source.function, file: source.file, line })
    };
    of_frame.or_else(of_source)
}

#[cfg(test)]
mod tests;
