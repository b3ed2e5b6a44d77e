//! Memory that records occupy, in bytes.
//!
//! Every buffer of records is bounded by these weights. A weight is the size of the value and of all
//! that it owns or shares; what is known at compile time and the overhead of the allocator are left out.

use super::{
    Array, Attribute, Breadcrumb, Cause, ErrorRecord, EventRecord, Happening, LinkRecord,
    LocalTrace, LogRecord, Metadata, Person, RequestRecord, Segment, SpanRecord, StackFrame,
    Status, Subject, Value,
};

/// Weight of a number or a truth value in a list: twice an `i64`, because a list that has grown has
/// up to twice the capacity that it needs.
const ELEMENT_BYTES: usize = 16;

impl SpanRecord {
    /// Returns the memory that the span occupies, in bytes: attributes, events, links, segment.
    pub fn weight_bytes(&self) -> usize {
        let message = match &self.status {
            Status::Error { message } => message.len(),
            Status::Unset | Status::Ok => 0,
        };
        size_of::<Self>()
            + self.name.len()
            + message
            + of_text(self.trace_state.as_deref())
            + of_attributes(&self.attributes)
            + self.events.iter().map(EventRecord::weight_bytes).sum::<usize>()
            + self.links.iter().map(LinkRecord::weight_bytes).sum::<usize>()
            + self.segment.as_deref().map_or(0, Segment::weight_bytes)
    }
}

impl EventRecord {
    fn weight_bytes(&self) -> usize {
        size_of::<Self>() + self.name.len() + of_attributes(&self.attributes)
    }
}

impl LinkRecord {
    fn weight_bytes(&self) -> usize {
        size_of::<Self>() + of_attributes(&self.attributes)
    }
}

impl Segment {
    fn weight_bytes(&self) -> usize {
        let of_metadata = |value: &Metadata| {
            size_of::<Metadata>() + value.namespace.len() + value.key.len() + value.json.len()
        };
        size_of::<Self>()
            + of_attributes(&self.annotations)
            + self.metadata.iter().map(of_metadata).sum::<usize>()
            + of_texts(&self.errors)
            + of_text(self.sampling_rule.as_deref())
    }
}

impl LocalTrace {
    /// Returns the memory that the spans of the trace occupy, in bytes.
    pub fn weight_bytes(&self) -> usize {
        size_of::<Self>() + self.spans.iter().map(SpanRecord::weight_bytes).sum::<usize>()
    }
}

impl LogRecord {
    /// Returns the memory that the event occupies, in bytes: message, attributes, user.
    pub fn weight_bytes(&self) -> usize {
        size_of::<Self>()
            + self.target.len()
            + of_text(self.file.as_deref())
            + self.message.len()
            + of_attributes(&self.attributes)
            + of_text(self.user.as_deref())
    }
}

impl ErrorRecord {
    /// Returns the memory that the report occupies, in bytes: stack, request, breadcrumbs and all else.
    pub fn weight_bytes(&self) -> usize {
        let texts = [&self.title, &self.fingerprint, &self.context, &self.thread];
        let of_subject = match &self.subject {
            Subject::Message(message) => message.len(),
            Subject::Error(_) | Subject::Panic(_) => of_causes(self.subject.causes()),
        };
        size_of::<Self>()
            + texts.into_iter().map(|text| of_text(text.as_deref())).sum::<usize>()
            + of_subject
            + self.stack.iter().map(StackFrame::weight_bytes).sum::<usize>()
            + size_of_val(self.path.as_slice())
            + self.spans.iter().map(|name| size_of_val(name) + name.len()).sum::<usize>()
            + self.request.as_ref().map_or(0, RequestRecord::weight_bytes)
            + self.person.texts_bytes()
            + of_attributes(&self.custom)
            + self.breadcrumbs.iter().map(Breadcrumb::weight_bytes).sum::<usize>()
    }
}

impl Person {
    pub(crate) fn texts_bytes(&self) -> usize {
        let texts = [&self.id, &self.username, &self.email];
        texts.into_iter().map(|text| of_text(text.as_deref())).sum()
    }
}

impl StackFrame {
    pub(crate) fn weight_bytes(&self) -> usize {
        let of_code = self
            .code
            .as_ref()
            .map_or(0, |code| of_texts(&code.before) + code.line.len() + of_texts(&code.after));
        size_of::<Self>()
            + of_text(self.function.as_deref())
            + of_text(self.file.as_deref())
            + of_code
    }
}

impl RequestRecord {
    fn weight_bytes(&self) -> usize {
        let texts = [&self.route, &self.client_address, &self.body];
        let of_pair = |(name, value): &(String, String)| {
            size_of::<(String, String)>() + name.len() + value.len()
        };
        self.method.len()
            + self.url.len()
            + texts.into_iter().map(|text| of_text(text.as_deref())).sum::<usize>()
            + self.params.iter().chain(&self.headers).map(of_pair).sum::<usize>()
    }
}

impl Breadcrumb {
    pub(crate) fn weight_bytes(&self) -> usize {
        let texts_bytes = match &self.what {
            Happening::Log { message } | Happening::Note { message } => message.len(),
            Happening::Span { name, error, .. } => name.len() + of_text(error.as_deref()),
            Happening::Call { method, url, .. } => method.len() + url.len(),
        };
        size_of::<Self>() + texts_bytes
    }
}

/// Returns the weight of a chain of errors.
pub(crate) fn of_causes(causes: &[Cause]) -> usize {
    let of_cause = |cause: &Cause| {
        size_of::<Cause>() + of_text(cause.type_name.as_deref()) + cause.message.len()
    };
    causes.iter().map(of_cause).sum()
}

/// Returns the weight of attributes with their keys, and of the room for more of them.
pub(crate) fn of_attributes(attributes: &Vec<Attribute>) -> usize {
    let of_value = |value: &Value| match value {
        Value::Bool(_) | Value::I64(_) | Value::F64(_) => 0,
        Value::Str(text) => text.len(),
        Value::Array(Array::Bool(items)) => items.len() * ELEMENT_BYTES,
        Value::Array(Array::I64(items)) => items.len() * ELEMENT_BYTES,
        Value::Array(Array::F64(items)) => items.len() * ELEMENT_BYTES,
        Value::Array(Array::Str(items)) => of_texts(items),
    };
    let of_texts = attributes.iter().map(|it| it.key.len() + of_value(&it.value));
    attributes.capacity() * size_of::<Attribute>() + of_texts.sum::<usize>()
}

fn of_texts(texts: &[String]) -> usize {
    texts.iter().map(|text| size_of::<String>() + text.len()).sum()
}

fn of_text(text: Option<&str>) -> usize {
    text.map_or(0, str::len)
}

#[cfg(test)]
mod tests {
    use super::super::{ReportId, Severity, Source, SpanContext, SpanId, TraceId};
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
    fn lists_weigh_what_they_hold() {
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
