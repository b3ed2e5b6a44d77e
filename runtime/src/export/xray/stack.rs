//! Where in the code an exception comes from.
//!
//! In: the text of a backtrace, or else the callsite of the span. Out: frames, innermost first.
//! Never: tells more than so many frames; what is left out is counted.

use super::facts::{Fact, Facts};
use super::json::Object;
use super::names::cut;
use crate::record::SpanRecord;

/// One place in the code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    label: &'a str,
    path: &'a str,
    line: i64,
}

impl<'a> Frame<'a> {
    /// The annotated function, or what attributes say instead.
    pub(super) fn of(span: &SpanRecord, facts: &Facts<'a>) -> Self {
        let source = span.source;
        Self {
            label: facts.text(Fact::Function).unwrap_or(source.function),
            path: facts.text(Fact::File).unwrap_or(source.file),
            line: facts.integer(Fact::Line).unwrap_or(source.line.into()),
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        let mut object = Object::open(out);
        object.short_text("path", Some(self.path), super::MAX_TEXT_CHARS);
        object.integer("line", Some(self.line).filter(|line| *line > 0));
        object.short_text("label", Some(self.label), super::MAX_TEXT_CHARS);
        object.close();
    }
}

/// Writes `stack`, and `truncated` when there are more frames.
pub(super) fn write(
    backtrace: Option<&str>,
    place: Option<Frame<'_>>,
    max_frames: usize,
    exception: &mut Object<'_>,
) {
    let mut frames = backtrace.map(frames).unwrap_or_default();
    if frames.is_empty() {
        frames.extend(place.filter(|place| *place != Frame::default()));
    }
    if frames.is_empty() {
        return;
    }
    let told = &frames[..frames.len().min(max_frames)];
    let truncated = i64::try_from(frames.len() - told.len()).ok();
    exception.integer("truncated", truncated.filter(|count| *count > 0));
    super::json::list(told, Frame::write, exception.member("stack"));
}

/// The frames of a backtrace as the standard library prints it.
///
/// ```text
///    0: app::fails
///              at ./src/main.rs:7:5
/// ```
fn frames(backtrace: &str) -> Vec<Frame<'_>> {
    let mut frames: Vec<Frame<'_>> = Vec::new();
    for line in backtrace.lines().map(str::trim) {
        if let Some(place) = line.strip_prefix("at ") {
            if let Some(frame) = frames.last_mut() {
                (frame.path, frame.line) = path_and_line(place);
            }
        } else if let Some((number, label)) = line.split_once(": ")
            && number.bytes().all(|byte| byte.is_ascii_digit())
        {
            frames.push(Frame { label: cut(label, super::MAX_TEXT_CHARS), path: "", line: 0 });
        }
    }
    frames
}

/// `path:line:column`, of which the last two may be missing.
fn path_and_line(place: &str) -> (&str, i64) {
    let number = |text: &str| text.parse::<i64>().ok();
    let Some((rest, last)) = place.rsplit_once(':') else { return (place, 0) };
    let Some(last) = number(last) else { return (place, 0) };
    match rest.rsplit_once(':').and_then(|(path, line)| Some((path, number(line)?))) {
        Some(found) => found,
        None => (rest, last),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backtrace_is_read_as_it_is_printed() {
        let text = "   0: app::fails\n             at ./src/main.rs:7:5\n   1: <T as app::Run>::run\n   \
                    2: main\n             at C:\\src\\main.rs:12\nnot a frame";
        let expected = [
            ("app::fails", "./src/main.rs", 7),
            ("<T as app::Run>::run", "", 0),
            ("main", "C:\\src\\main.rs", 12),
        ];
        let expected = expected.map(|(label, path, line)| Frame { label, path, line });
        assert_eq!(frames(text), expected);
    }

    #[test]
    fn frames_beyond_the_limit_are_counted() {
        let mut out = Vec::new();
        let mut object = Object::open(&mut out);
        write(Some("0: a\n1: b\n2: c"), None, 1, &mut object);
        object.close();
        assert_eq!(
            std::str::from_utf8(&out).unwrap(),
            r#"{"truncated":2,"stack":[{"label":"a"}]}"#
        );
    }
}
