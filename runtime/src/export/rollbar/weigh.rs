//! Upper bounds of the size of an item, without encoding it: the collector thread asks.

use std::path::Path;

use super::MAX_ROOT_CHARS;
use crate::record::{
    Array, Breadcrumb, ErrorRecord, Happening, RequestRecord, Source, StackFrame, Subject, Value,
};

/// What is the same in every item, and what has a fixed length.
const ITEM: usize = 4_096;

/// Names, numbers and signs of one member of a list.
const ENTRY: usize = 160;

/// Names and values of a query come out longer than they are: `a&` is `"a":"",`.
const PARTS: usize = 4;

/// Returns the bytes that a record occupies, or its item if that takes more.
pub(super) fn weigh(record: &ErrorRecord) -> usize {
    record.weight_bytes().max(item_bytes(record))
}

fn item_bytes(record: &ErrorRecord) -> usize {
    let optional = [&record.title, &record.fingerprint, &record.context, &record.thread];
    let person = [&record.person.id, &record.person.username, &record.person.email];
    let texts = optional.into_iter().chain(person).flatten();
    let custom = record.custom.iter();
    ITEM + size_of::<ErrorRecord>()
        + sum(texts, |text| len(text))
        + subject(&record.subject)
        + sum(&record.stack, frame)
        + sum(record.path.iter().copied(), place)
        + sum(&record.spans, |name| len(name))
        + record.request.as_ref().map_or(0, request)
        + sum(custom, |attribute| ENTRY + len(&attribute.key) + value(&attribute.value))
        + sum(&record.breadcrumbs, crumb)
}

fn sum<T>(items: impl IntoIterator<Item = T>, of: impl Fn(T) -> usize) -> usize {
    items.into_iter().map(of).sum()
}

/// A text in quotes, each sign that needs it escaped.
fn len(text: &str) -> usize {
    let escapes = text.bytes().filter(|byte| *byte < 0x20 || matches!(byte, b'"' | b'\\'));
    text.len() + 5 * escapes.count() + 2
}

fn subject(subject: &Subject) -> usize {
    let said = match subject {
        Subject::Message(text) => len(text),
        _ => 0,
    };
    // The first of a chain describes all of it.
    said + sum(subject.causes(), |cause| {
        ENTRY + cause.type_name.as_deref().map_or(0, len) + 2 * len(&cause.message)
    })
}

fn frame(frame: &StackFrame) -> usize {
    let function = frame.function.as_deref().map_or(0, len);
    let code = frame.code.as_ref().map_or(0, |code| {
        let around = code.before.iter().chain(&code.after);
        len(&code.line) + sum(around, |line| 1 + len(line))
    });
    // A method names its type once more.
    ENTRY + frame.file.as_deref().map_or(0, file) + 2 * function + code
}

/// A file that is named below the root gets the root before it.
fn file(file: &str) -> usize {
    let root = if Path::new(file).has_root() { 0 } else { MAX_ROOT_CHARS };
    root + len(file)
}

/// A function is a frame, and an entry of the path.
fn place(source: &Source) -> usize {
    ENTRY + 2 * len(source.function) + len(source.name) + len(source.file) + file(source.file)
}

fn request(request: &RequestRecord) -> usize {
    let pairs = request.headers.iter().chain(&request.params);
    let body = request.body.as_deref().map_or(0, |body| len(body).max(PARTS * body.len()));
    let address = request.client_address.as_deref().map_or(0, len);
    let route = request.route.as_deref().map_or(0, len);
    let url = 2 * len(&request.url) + PARTS * request.url.len();
    let pairs = sum(pairs, |(name, value)| 8 + len(name) + len(value));
    ENTRY + len(&request.method) + url + body + address + route + pairs
}

fn value(value: &Value) -> usize {
    const NUMBER: usize = 26;
    match value {
        Value::Bool(_) | Value::I64(_) | Value::F64(_) => NUMBER,
        Value::Str(text) => len(text),
        Value::Array(Array::Bool(items)) => NUMBER * items.len(),
        Value::Array(Array::I64(items)) => NUMBER * items.len(),
        Value::Array(Array::F64(items)) => NUMBER * items.len(),
        Value::Array(Array::Str(items)) => sum(items, |text| 1 + len(text)),
    }
}

fn crumb(crumb: &Breadcrumb) -> usize {
    ENTRY
        + match &crumb.what {
            Happening::Log { message } | Happening::Note { message } => len(message),
            Happening::Call { method, url, .. } => len(method) + len(url),
            Happening::Span { name, error, .. } => 2 * len(name) + error.as_deref().map_or(0, len),
        }
}
