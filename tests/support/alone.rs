//! A test in a process of its own: whoever started it reads what it says on standard error.

use std::process::Command;

/// The program of this test, to run the named one of its tests and nothing else.
///
/// # Panics
/// The system does not know the program.
pub fn alone(test: &str) -> Command {
    let program = std::env::current_exe().expect("the system knows the program");
    let mut command = Command::new(program);
    command.args([test, "--exact", "--nocapture"]);
    command
}

/// Runs it to its end; what it has said on standard error.
///
/// # Panics
/// The test fails.
pub fn said(command: &mut Command) -> String {
    let run = command.output().expect("the program runs once more");
    let said = String::from_utf8_lossy(&run.stderr).into_owned();
    assert!(run.status.success(), "{command:?}\n{said}");
    said
}
