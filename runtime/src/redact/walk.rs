//! Every text of a record.
//!
//! In: a record. Out: the same, each text of it without secrets.
//! Never: leaves out a field: each is named, so that a new one has to be thought about.

use std::borrow::Cow;

use super::Scrub;
use super::hidden::{HIDDEN, Hidden};
use crate::record::{
    Array, Attribute, Breadcrumb, Cause, CodeLines, ErrorRecord, Happening, Person, RequestRecord,
    StackFrame, Subject, Value,
};

/// Hides the secrets of a record.
pub(super) fn record(scrub: &Scrub, record: &mut ErrorRecord) {
    let ErrorRecord {
        id: _,
        unix_ns: _,
        severity: _,
        subject,
        title,
        fingerprint,
        context,
        stack,
        path: _,
        spans,
        span: _,
        request,
        person,
        custom,
        breadcrumbs,
        thread,
    } = record;
    match subject {
        Subject::Error(causes) => causes.iter_mut().for_each(|cause| self::cause(scrub, cause)),
        Subject::Panic(cause) => self::cause(scrub, cause),
        Subject::Message(message) => scrub.text(message),
    }
    let texts = [title, fingerprint, context, thread].into_iter().flatten();
    texts.for_each(|text| scrub.text(text));
    for frame in stack {
        self::frame(scrub, frame);
    }
    for name in spans {
        cow(scrub, name);
    }
    let Person { id, username, email } = person;
    [id, username, email].into_iter().flatten().for_each(|text| scrub.text(text));
    for attribute in custom {
        self::attribute(scrub, attribute);
    }
    let parts = request.as_ref().map(|request| secret_parts(scrub, request)).unwrap_or_default();
    if let Some(request) = request {
        self::request(scrub, request, &parts);
    }
    for crumb in breadcrumbs {
        breadcrumb(scrub, crumb);
    }
}

fn cause(scrub: &Scrub, cause: &mut Cause) {
    let Cause { type_name, message } = cause;
    if let Some(name) = type_name {
        cow(scrub, name);
    }
    scrub.text(message);
}

/// A text that was known to the compiler holds what somebody wrote into the code.
fn cow(scrub: &Scrub, text: &mut Cow<'static, str>) {
    if let Cow::Owned(text) = text {
        scrub.text(text);
    }
}

/// All lines are one text, as a statement may go over several.
fn frame(scrub: &Scrub, frame: &mut StackFrame) {
    let Some(CodeLines { before, line, after }) = &mut frame.code else { return };
    let lines = before.iter_mut().chain([line]).chain(after);
    let mut lines: Vec<&mut String> = lines.collect();
    let joined = lines.iter().map(|line| line.as_str()).collect::<Vec<_>>().join("\n");
    let mut code = joined.clone();
    scrub.code(&mut code);
    if code == joined {
        return;
    }
    let mut told = code.split('\n');
    for line in &mut lines {
        // What was cut is told no more.
        told.next().unwrap_or(HIDDEN).clone_into(line);
    }
}

fn attribute(scrub: &Scrub, attribute: &mut Attribute) {
    let Attribute { key, value } = attribute;
    if scrub.keys.hit(key) {
        *value = Value::Str(Cow::Borrowed(HIDDEN));
    }
    cow(scrub, key);
    match value {
        Value::Str(Cow::Owned(text)) => scrub.text(text),
        Value::Array(Array::Str(texts)) => texts.iter_mut().for_each(|text| scrub.text(text)),
        _ => {}
    }
}

/// The parts of a path that the route names as secrets.
fn secret_parts(scrub: &Scrub, request: &RequestRecord) -> Vec<String> {
    let params =
        request.params.iter().filter(|(name, part)| scrub.keys.hit(name) && !part.is_empty());
    params.map(|(_, part)| part.clone()).collect()
}

fn request(scrub: &Scrub, request: &mut RequestRecord, parts: &[String]) {
    let RequestRecord { method, url, route, params, headers, client_address: _, body } = request;
    scrub.text(method);
    without_parts(url, parts);
    let query = url.find('?').map_or(url.len(), |at| at + 1);
    scrub.query(url, query);
    if let Some(route) = route {
        scrub.text(route);
    }
    let is_form = headers.iter().any(|(name, value)| {
        name.eq_ignore_ascii_case("content-type")
            && value.to_ascii_lowercase().contains("x-www-form-urlencoded")
    });
    match body {
        Some(body) if is_form => scrub.query(body, 0),
        Some(body) => scrub.text(body),
        None => {}
    }
    for (name, part) in params {
        if scrub.keys.hit(name) {
            HIDDEN.clone_into(part);
        }
        scrub.text(name);
        scrub.text(part);
    }
    for (name, value) in headers {
        scrub.header_value(name, value);
        scrub.text(name);
        // What is secret in the URL is so in the one that somebody came from.
        without_parts(value, parts);
    }
}

/// Hides parts of a path, in whatever escapes they are.
fn without_parts(url: &mut String, parts: &[String]) {
    if parts.is_empty() {
        return;
    }
    let mut hidden = Hidden::default();
    let mut start = 0;
    for part in url.split_inclusive(['/', '?', '#']) {
        let bare = part.trim_end_matches(['/', '?', '#']);
        let decoded = percent_encoding::percent_decode_str(bare).decode_utf8_lossy();
        if parts.iter().any(|secret| *secret == decoded || secret == bare) {
            hidden.hide(start..start + bare.len());
        }
        start += part.len();
    }
    super::replace(url, hidden);
}

fn breadcrumb(scrub: &Scrub, crumb: &mut Breadcrumb) {
    match &mut crumb.what {
        Happening::Log { message } | Happening::Note { message } => scrub.text(message),
        Happening::Span { name, duration_ns: _, error } => {
            cow(scrub, name);
            if let Some(error) = error {
                scrub.text(error);
            }
        }
        Happening::Call { method, url, status: _ } => {
            scrub.text(method);
            scrub.text(url);
        }
    }
}
