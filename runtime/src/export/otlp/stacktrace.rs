//! A stack as text, the way the standard library prints one.
//!
//! ```text
//!    0: cruddur::services::home
//!              at src/services/home.rs:42:9
//!    1: <unknown>
//! Caused by: sqlx::error::Error: pool timed out
//! ```
//!
//! In: frames and causes. Out: frames, the innermost first, behind them what caused the error.
//! Never: repeats the error itself, whose type and message are attributes of their own.
//!
//! Source: <https://doc.rust-lang.org/std/backtrace/struct.Backtrace.html>; how a language prints
//! it is left to the language by <https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-spans/#stacktrace-representation>.

use std::fmt::Write as _;

use crate::record::{Cause, StackFrame};

/// The text, which is empty where there is neither a frame nor a cause behind the error; not much
/// longer than `max_bytes`.
pub(super) fn render(stack: &[StackFrame], causes: &[Cause], max_bytes: usize) -> String {
    let mut text = String::new();
    for (number, frame) in stack.iter().rev().enumerate() {
        if text.len() > max_bytes {
            return text;
        }
        write_frame(number, frame, &mut text);
    }
    for Cause { type_name, message } in causes.iter().skip(1) {
        text.push_str("Caused by: ");
        if let Some(name) = type_name {
            text.push_str(name);
            text.push_str(if message.is_empty() { "" } else { ": " });
        }
        text.push_str(message);
        text.push('\n');
    }
    text
}

fn write_frame(number: usize, frame: &StackFrame, text: &mut String) {
    let function = frame.function.as_deref().unwrap_or("<unknown>");
    // Writing to a text does not fail.
    let _ = writeln!(text, "{number:>4}: {function}");
    let Some(file) = &frame.file else { return };
    let _ = write!(text, "             at {file}");
    for number in [frame.line, frame.column].into_iter().map_while(|number| number) {
        let _ = write!(text, ":{number}");
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(function: Option<&str>, place: Option<(&str, u32)>) -> StackFrame {
        StackFrame {
            function: function.map(str::to_owned),
            file: place.map(|(file, _)| file.to_owned()),
            line: place.map(|(_, line)| line),
            ..StackFrame::default()
        }
    }

    fn cause(type_name: Option<&'static str>, message: &str) -> Cause {
        Cause { type_name: type_name.map(Into::into), message: message.to_owned() }
    }

    #[test]
    fn the_innermost_call_comes_first_and_the_causes_last() {
        let inner = StackFrame { column: Some(9), ..frame(Some("app::fails"), Some(("a.rs", 7))) };
        let stack = [frame(Some("main"), Some(("src/main.rs", 12))), frame(None, None), inner];
        let causes = [
            cause(Some("app::Error"), "told elsewhere"),
            cause(Some("sqlx::Error"), "pool timed out"),
            cause(None, "no route"),
            cause(Some("app::Silent"), ""),
        ];
        let expected = "   0: app::fails
             at a.rs:7:9
   1: <unknown>
   2: main
             at src/main.rs:12
Caused by: sqlx::Error: pool timed out
Caused by: no route
Caused by: app::Silent
";
        assert_eq!(render(&stack, &causes, usize::MAX), expected);
    }

    #[test]
    fn nothing_known_is_nothing_said() {
        assert_eq!(render(&[], &[cause(None, "alone")], usize::MAX), "");
        assert_eq!(render(&[], &[], usize::MAX), "");
    }

    #[test]
    fn a_stack_without_an_end_is_not_rendered_to_its_end() {
        let stack = vec![frame(Some("again"), None); 100_000];
        assert!(render(&stack, &[], 1_000).len() < 1_100);
    }
}
