//! About how many bytes records occupy, where more than one dialect asks.
//!
//! In: a record, or a part of one. Out: bytes.
//! Never: says less than the texts, and the values on the wire of OTLP, add up to.

use std::mem::size_of;

use crate::record::{
    Array, Attribute, Breadcrumb, Cause, ErrorRecord, Happening, RequestRecord, StackFrame,
    Subject, Value,
};

/// A failure with all that belongs to it; what is known at compile time costs nothing.
pub(super) fn of_error(record: &ErrorRecord) -> usize {
    let person = &record.person;
    let texts = [
        record.title.as_deref(),
        record.fingerprint.as_deref(),
        record.context.as_deref(),
        record.thread.as_deref(),
        person.id.as_deref(),
        person.username.as_deref(),
        person.email.as_deref(),
    ];
    size_of::<ErrorRecord>()
        + texts.into_iter().map(of_text).sum::<usize>()
        + of_subject(&record.subject)
        + record.stack.iter().map(of_frame).sum::<usize>()
        + size_of_val(record.path.as_slice())
        + record.spans.iter().map(|name| size_of_val(name) + name.len()).sum::<usize>()
        + record.request.as_ref().map_or(0, of_request)
        + of_attributes(&record.custom)
        + record.breadcrumbs.iter().map(of_breadcrumb).sum::<usize>()
}

/// Keys and values.
pub(super) fn of_attributes(attributes: &[Attribute]) -> usize {
    let weigh = |attribute: &Attribute| {
        let text = match &attribute.value {
            Value::Bool(_) | Value::I64(_) | Value::F64(_) => 0,
            Value::Str(text) => text.len(),
            // Each element has a message of its own on the wire.
            Value::Array(Array::Bool(items)) => items.len() * 4,
            Value::Array(Array::I64(items)) => items.len() * 13,
            Value::Array(Array::F64(items)) => items.len() * 11,
            Value::Array(Array::Str(items)) => {
                items.iter().map(|text| size_of::<String>() + text.len()).sum()
            }
        };
        size_of::<Attribute>() + attribute.key.len() + text
    };
    attributes.iter().map(weigh).sum()
}

fn of_subject(subject: &Subject) -> usize {
    let of_cause = |cause: &Cause| {
        let type_name_len = cause.type_name.as_ref().map_or(0, |name| name.len());
        size_of::<Cause>() + type_name_len + cause.message.len()
    };
    match subject {
        Subject::Message(message) => message.len(),
        Subject::Error(_) | Subject::Panic(_) => subject.causes().iter().map(of_cause).sum(),
    }
}

fn of_frame(frame: &StackFrame) -> usize {
    let code = frame.code.as_ref().map_or(0, |code| {
        let around = code.before.iter().chain(&code.after);
        code.line.len() + around.map(|line| size_of::<String>() + line.len()).sum::<usize>()
    });
    size_of::<StackFrame>()
        + of_text(frame.function.as_deref())
        + of_text(frame.file.as_deref())
        + code
}

fn of_request(request: &RequestRecord) -> usize {
    let texts = [
        Some(request.method.as_str()),
        Some(&request.url),
        request.route.as_deref(),
        request.client_address.as_deref(),
        request.body.as_deref(),
    ];
    let of_pair =
        |(name, value): &(String, String)| size_of::<(String, String)>() + name.len() + value.len();
    let pairs = request.params.iter().chain(&request.headers);
    texts.into_iter().map(of_text).sum::<usize>() + pairs.map(of_pair).sum::<usize>()
}

fn of_breadcrumb(breadcrumb: &Breadcrumb) -> usize {
    let texts_len = match &breadcrumb.what {
        Happening::Log { message } | Happening::Note { message } => message.len(),
        Happening::Span { name, error, .. } => name.len() + of_text(error.as_deref()),
        Happening::Call { method, url, .. } => method.len() + url.len(),
    };
    size_of::<Breadcrumb>() + texts_len
}

fn of_text(text: Option<&str>) -> usize {
    text.map_or(0, str::len)
}
