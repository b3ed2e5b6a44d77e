//! Records for the tests of this dialect.

use crate::record::{Cause, ErrorRecord, ReportId, Severity, StackFrame, Subject};

/// Places of annotated functions.
pub(super) mod source {
    use crate::record::{Level, Source};

    pub(in super::super) static LIST: Source = place("list", "app::list::list", "src/list.rs", 3);
    pub(in super::super) static BY_HAND: Source = place("by hand", "", "", 0);
    pub(in super::super) static RUN: Source = place("run", "app::home::run", "src/home.rs", 7);

    const fn place(
        name: &'static str,
        function: &'static str,
        file: &'static str,
        line: u32,
    ) -> Source {
        Source { name, target: "app", function, file, line, level: Level::Info }
    }
}

/// A message without anything else.
pub(super) fn message(text: &str) -> ErrorRecord {
    ErrorRecord::new(
        ReportId::from_random(7),
        1_795_166_494_999_999_999,
        Severity::Warning,
        Subject::Message(text.to_owned()),
    )
}

/// An error of this type, where it is known.
pub(super) fn cause(type_name: &'static str, message: &str) -> Cause {
    let type_name = (!type_name.is_empty()).then_some(type_name.into());
    Cause { type_name, message: message.to_owned() }
}

/// A call of the application.
pub(super) fn call(file: &str, function: &str) -> StackFrame {
    StackFrame {
        function: Some(function.to_owned()),
        file: Some(file.to_owned()),
        is_in_app: true,
        ..StackFrame::default()
    }
}
