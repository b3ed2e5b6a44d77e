//! Memory that records occupy, in bytes.
//!
//! Every buffer of records is bounded by these weights. A weight is the size of the value and of all
//! that it owns or shares, by capacity and with the overhead of each allocation. A text that is known at
//! compile time counts with its length, because an exporter copies it when it encodes.

use std::borrow::Cow;

use super::{
    Array, Attribute, Breadcrumb, Cause, CodeLines, ErrorRecord, EventRecord, Happening,
    LocalTrace, LogRecord, Metadata, Person, RequestRecord, Segment, SpanRecord, StackFrame,
    Status, Subject, Value,
};

/// Size of the smallest allocation, in bytes, as `malloc` of the GNU C library has it on 64-bit systems.
///
/// Source: <https://sourceware.org/glibc/wiki/MallocInternals>.
const MIN_ALLOCATION_BYTES: usize = 32;

impl SpanRecord {
    /// Returns the memory that the span occupies, in bytes: attributes, events, links, segment.
    pub fn weight_bytes(&self) -> usize {
        size_of::<Self>() + self.owned_bytes()
    }

    fn owned_bytes(&self) -> usize {
        let of_message = match &self.status {
            Status::Error { message } => of_cow(message),
            Status::Unset | Status::Ok => 0,
        };
        of_cow(&self.name)
            + of_message
            + of_shared(self.trace_state.as_deref())
            + of_attributes(&self.attributes)
            + of_list(&self.events, EventRecord::owned_bytes)
            + of_list(&self.links, |link| of_attributes(&link.attributes))
            + self.segment.as_deref().map_or(0, Segment::weight_bytes)
    }
}

impl EventRecord {
    fn owned_bytes(&self) -> usize {
        of_cow(&self.name) + of_attributes(&self.attributes)
    }
}

impl Segment {
    fn weight_bytes(&self) -> usize {
        let of_metadata = |value: &Metadata| {
            of_cow(&value.namespace) + of_cow(&value.key) + of_string(&value.json)
        };
        of_allocation(size_of::<Self>())
            + of_attributes(&self.annotations)
            + of_list(&self.metadata, of_metadata)
            + of_list(&self.errors, of_string)
            + of_shared(self.sampling_rule.as_deref())
    }
}

impl LocalTrace {
    /// Returns the memory that the spans of the trace occupy, in bytes.
    pub fn weight_bytes(&self) -> usize {
        size_of::<Self>() + of_list(&self.spans, SpanRecord::owned_bytes)
    }
}

impl LogRecord {
    /// Returns the memory that the event occupies, in bytes: message, attributes, user.
    pub fn weight_bytes(&self) -> usize {
        size_of::<Self>()
            + of_cow(&self.target)
            + self.file.as_ref().map_or(0, of_cow)
            + of_cow(&self.message)
            + of_attributes(&self.attributes)
            + of_shared(self.user.as_deref())
    }
}

impl ErrorRecord {
    /// Returns the memory that the report occupies, in bytes: stack, request, breadcrumbs and all else.
    pub fn weight_bytes(&self) -> usize {
        let texts = [&self.title, &self.fingerprint, &self.context, &self.thread];
        let of_subject = match &self.subject {
            Subject::Message(message) => of_string(message),
            Subject::Error(causes) => of_causes(causes),
            Subject::Panic(cause) => cause.owned_bytes(),
        };
        size_of::<Self>()
            + of_optional(&texts)
            + of_subject
            + of_list(&self.stack, StackFrame::owned_bytes)
            + of_list(&self.path, |_| 0)
            + of_list(&self.spans, of_cow)
            + self.request.as_ref().map_or(0, RequestRecord::owned_bytes)
            + self.person.texts_bytes()
            + of_attributes(&self.custom)
            + of_list(&self.breadcrumbs, Breadcrumb::owned_bytes)
    }
}

impl Cause {
    fn owned_bytes(&self) -> usize {
        self.type_name.as_ref().map_or(0, of_cow) + of_string(&self.message)
    }
}

impl Person {
    pub(crate) fn texts_bytes(&self) -> usize {
        of_optional(&[&self.id, &self.username, &self.email])
    }
}

impl StackFrame {
    pub(crate) fn weight_bytes(&self) -> usize {
        size_of::<Self>() + self.owned_bytes()
    }

    fn owned_bytes(&self) -> usize {
        let of_code = |code: &CodeLines| {
            let of_lines = |lines: &Vec<String>| of_list(lines, of_string);
            of_lines(&code.before) + of_string(&code.line) + of_lines(&code.after)
        };
        of_optional(&[&self.function, &self.file]) + self.code.as_ref().map_or(0, of_code)
    }
}

impl RequestRecord {
    fn owned_bytes(&self) -> usize {
        let of_pair = |(name, value): &(String, String)| of_string(name) + of_string(value);
        of_string(&self.method)
            + of_string(&self.url)
            + of_optional(&[&self.route, &self.client_address, &self.body])
            + of_list(&self.params, of_pair)
            + of_list(&self.headers, of_pair)
    }
}

impl Breadcrumb {
    pub(crate) fn weight_bytes(&self) -> usize {
        size_of::<Self>() + self.owned_bytes()
    }

    fn owned_bytes(&self) -> usize {
        match &self.what {
            Happening::Log { message } | Happening::Note { message } => of_string(message),
            Happening::Span { name, error, .. } => of_cow(name) + of_optional(&[error]),
            Happening::Call { method, url, .. } => of_string(method) + of_string(url),
        }
    }
}

/// Adds a span to a list; returns the weight that the list gains, of room for further spans too.
#[cfg_attr(not(feature = "pipeline"), expect(dead_code, reason = "the assemblers use it"))]
pub(crate) fn push_span(spans: &mut Vec<SpanRecord>, span: SpanRecord) -> usize {
    let before = of_room(spans);
    let owned_bytes = span.owned_bytes();
    spans.push(span);
    of_room(spans) - before + owned_bytes
}

/// Returns the weight of a chain of errors.
pub(crate) fn of_causes(causes: &Vec<Cause>) -> usize {
    of_list(causes, Cause::owned_bytes)
}

/// Returns the weight of attributes with their keys, and of the room for more of them.
pub(crate) fn of_attributes(attributes: &Vec<Attribute>) -> usize {
    let of_value = |value: &Value| match value {
        Value::Bool(_) | Value::I64(_) | Value::F64(_) => 0,
        Value::Str(text) => of_cow(text),
        Value::Array(Array::Bool(items)) => of_list(items, |_| 0),
        Value::Array(Array::I64(items)) => of_list(items, |_| 0),
        Value::Array(Array::F64(items)) => of_list(items, |_| 0),
        Value::Array(Array::Str(items)) => of_list(items, of_string),
    };
    of_list(attributes, |it| of_cow(&it.key) + of_value(&it.value))
}

/// Returns the weight of a list, of the room for more items, and of what its items own.
fn of_list<T>(items: &Vec<T>, owned_bytes: impl Fn(&T) -> usize) -> usize {
    of_room(items) + items.iter().map(owned_bytes).sum::<usize>()
}

const fn of_room<T>(items: &Vec<T>) -> usize {
    of_allocation(items.capacity() * size_of::<T>())
}

fn of_optional(texts: &[&Option<String>]) -> usize {
    texts.iter().filter_map(|text| text.as_ref()).map(of_string).sum()
}

#[expect(clippy::ptr_arg, reason = "a text that is owned has a capacity")]
fn of_cow(text: &Cow<'static, str>) -> usize {
    match text {
        Cow::Borrowed(text) => text.len(),
        Cow::Owned(text) => of_string(text),
    }
}

fn of_string(text: &String) -> usize {
    of_allocation(text.capacity())
}

/// Returns the weight of a text that others may share, with its two counts.
fn of_shared(text: Option<&str>) -> usize {
    text.map_or(0, |text| of_allocation(text.len() + 2 * size_of::<usize>()))
}

/// Returns the memory that an allocation of that size takes, with its header and rounded up; the empty
/// one takes none.
const fn of_allocation(bytes: usize) -> usize {
    if bytes == 0 {
        return 0;
    }
    let rounded = (bytes + size_of::<usize>()).next_multiple_of(2 * size_of::<usize>());
    if rounded < MIN_ALLOCATION_BYTES { MIN_ALLOCATION_BYTES } else { rounded }
}

#[cfg(test)]
mod tests {
    use super::super::{LinkRecord, ReportId, Severity, Source, SpanContext, SpanId, TraceId};
    use super::*;

    static SOURCE: Source = Source::by_hand("work", "");

    const LARGE: usize = 64 * 1024;

    fn large() -> String {
        "x".repeat(LARGE)
    }

    fn attributes() -> Vec<Attribute> {
        vec![Attribute::new("text", large())]
    }

    fn span() -> SpanRecord {
        let context = SpanContext::sampled(TraceId::from_u128(1), SpanId::from_u64(1));
        SpanRecord::new(context, &SOURCE, 0, 0)
    }

    #[test]
    fn every_text_of_a_span_counts() {
        let context = span().context;
        let event = |name: String, attributes| EventRecord {
            name: name.into(),
            unix_ns: 0,
            attributes,
            dropped_attributes: 0,
        };
        let link = LinkRecord { context, attributes: attributes(), dropped_attributes: 0 };
        let segment = |segment| Some(Box::new(segment));
        let metadata = Metadata { namespace: "app".into(), key: "key".into(), json: large() };
        let cases = [
            SpanRecord { name: large().into(), ..span() },
            SpanRecord { status: Status::Error { message: large().into() }, ..span() },
            SpanRecord { trace_state: Some(large().into()), ..span() },
            SpanRecord { attributes: attributes(), ..span() },
            SpanRecord { events: vec![event(large(), Vec::new())], ..span() },
            SpanRecord { events: vec![event(String::new(), attributes())], ..span() },
            SpanRecord { links: vec![link], ..span() },
            SpanRecord {
                segment: segment(Segment { annotations: attributes(), ..Segment::default() }),
                ..span()
            },
            SpanRecord {
                segment: segment(Segment { metadata: vec![metadata], ..Segment::default() }),
                ..span()
            },
            SpanRecord {
                segment: segment(Segment { errors: vec![large()], ..Segment::default() }),
                ..span()
            },
        ];
        for case in cases {
            assert!((LARGE..LARGE + 2_048).contains(&case.weight_bytes()), "{case:?}");
        }
    }

    #[test]
    fn list_weighs_its_items_and_their_texts() {
        let of = |array: Array| of_attributes(&vec![Attribute::new("list", array)]);
        assert!(of(Array::I64(vec![0; 1_000])) >= 8_000);
        assert!(of(Array::F64(vec![0.0; 1_000])) >= 8_000);
        assert!(of(Array::Bool(vec![true; 1_000])) >= 1_000);
        assert!(of(Array::Str(vec![large(); 2])) >= 2 * LARGE);
    }

    #[test]
    fn every_text_of_a_report_counts() {
        let report = || {
            let subject = Subject::Message(String::new());
            ErrorRecord::new(ReportId::from_random(1), 0, Severity::Error, subject)
        };
        let cause = Cause { type_name: None, message: large() };
        let crumb = |what| vec![Breadcrumb { unix_ns: 0, severity: Severity::Info, what }];
        let request = RequestRecord { body: Some(large()), ..RequestRecord::default() };
        let frame = StackFrame { function: Some(large()), ..StackFrame::default() };
        let cases = [
            ErrorRecord { title: Some(large()), ..report() },
            ErrorRecord { subject: Subject::Error(vec![cause]), ..report() },
            ErrorRecord { stack: vec![frame], ..report() },
            ErrorRecord { spans: vec![large().into()], ..report() },
            ErrorRecord { request: Some(request), ..report() },
            ErrorRecord { custom: attributes(), ..report() },
            ErrorRecord { breadcrumbs: crumb(Happening::Log { message: large() }), ..report() },
        ];
        for case in cases {
            assert!((LARGE..LARGE + 2_048).contains(&case.weight_bytes()));
        }
    }
}
