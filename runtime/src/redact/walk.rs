//! Every text of an error report: each field is named, so that a new one has to be thought about.

use super::Redaction;
use super::attributes::{self, cow};
use super::hidden::{HIDDEN, Hidden};
use crate::record::{
    Breadcrumb, Cause, CodeLines, ErrorRecord, Happening, Person, RequestRecord, StackFrame,
    Subject,
};

/// Hides the secrets of a record.
pub(super) fn record(redaction: &Redaction, record: &mut ErrorRecord) {
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
        Subject::Error(causes) => causes.iter_mut().for_each(|cause| self::cause(redaction, cause)),
        Subject::Panic(cause) => self::cause(redaction, cause),
        Subject::Message(message) => redaction.short_text(message),
    }
    let texts = [title, fingerprint, context, thread].into_iter().flatten();
    texts.for_each(|text| redaction.short_text(text));
    for frame in stack {
        self::frame(redaction, frame);
    }
    for name in spans {
        cow(redaction, name);
    }
    let Person { id, username, email } = person;
    [id, username, email].into_iter().flatten().for_each(|text| redaction.short_text(text));
    for attribute in &mut *custom {
        attributes::texts(&mut attribute.value, super::cut);
    }
    attributes::all(redaction, custom);
    let parts =
        request.as_ref().map(|request| secret_parts(redaction, request)).unwrap_or_default();
    if let Some(request) = request {
        self::request(redaction, request, &parts);
    }
    for crumb in breadcrumbs {
        breadcrumb(redaction, crumb);
    }
}

fn cause(redaction: &Redaction, cause: &mut Cause) {
    let Cause { type_name, message } = cause;
    if let Some(name) = type_name {
        cow(redaction, name);
    }
    redaction.short_text(message);
}

/// All lines are one text, as a statement may go over several.
fn frame(redaction: &Redaction, frame: &mut StackFrame) {
    let Some(CodeLines { before, line, after }) = &mut frame.code else { return };
    let lines = before.iter_mut().chain([line]).chain(after);
    let mut lines: Vec<&mut String> = lines.collect();
    let joined = lines.iter().map(|line| line.as_str()).collect::<Vec<_>>().join("\n");
    let mut code = joined.clone();
    redaction.code(&mut code);
    if code == joined {
        return;
    }
    let mut told = code.split('\n');
    for line in &mut lines {
        // What was cut is told no more.
        told.next().unwrap_or(HIDDEN).clone_into(line);
    }
}

/// The parts of a path that the route names as secrets.
fn secret_parts(redaction: &Redaction, request: &RequestRecord) -> Vec<String> {
    let params =
        request.params.iter().filter(|(name, part)| redaction.keys.hit(name) && !part.is_empty());
    params.map(|(_, part)| part.clone()).collect()
}

fn request(redaction: &Redaction, request: &mut RequestRecord, parts: &[String]) {
    let RequestRecord { method, url, route, params, headers, client_address: _, body } = request;
    redaction.short_text(method);
    without_parts(url, parts);
    let query = url.find('?').map_or(url.len(), |at| at + 1);
    redaction.query(url, query);
    if let Some(route) = route {
        redaction.short_text(route);
    }
    let is_form = headers.iter().any(|(name, value)| {
        name.eq_ignore_ascii_case("content-type")
            && value.to_ascii_lowercase().contains("x-www-form-urlencoded")
    });
    match body {
        Some(body) if is_form => redaction.query(body, 0),
        Some(body) => redaction.short_text(body),
        None => {}
    }
    for (name, part) in params {
        if redaction.keys.hit(name) {
            HIDDEN.clone_into(part);
        }
        redaction.short_text(name);
        redaction.short_text(part);
    }
    for (name, value) in headers {
        super::cut(value);
        redaction.header_value(name, value);
        redaction.short_text(name);
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

fn breadcrumb(redaction: &Redaction, crumb: &mut Breadcrumb) {
    match &mut crumb.what {
        Happening::Log { message } | Happening::Note { message } => redaction.short_text(message),
        Happening::Span { name, duration_ns: _, error } => {
            cow(redaction, name);
            if let Some(error) = error {
                redaction.short_text(error);
            }
        }
        Happening::Call { method, url, status: _ } => {
            redaction.short_text(method);
            let query = url.find('?').map_or(url.len(), |at| at + 1);
            redaction.query(url, query);
        }
    }
}
