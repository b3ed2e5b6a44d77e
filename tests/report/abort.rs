//! A panic that nothing unwinds ends the process, and is told before.
//!
//! A binary of its own without the usual main function: it runs itself once more, to its death.

use std::process::Command;

use spanwright::Config;
use spanwright::config::Environment;

/// Asks the program to end with a panic.
const END: &str = "end-with-a-panic";

fn main() {
    if std::env::args().any(|argument| argument == END) {
        return end();
    }
    let program = std::env::current_exe().expect("the system knows the program");
    let run = Command::new(program).arg(END).output().expect("the program runs once more");
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(!run.status.success(), "the process has not ended with its panic\n{said}");
    assert!(said.contains("boom at the border"), "the panic is not told\n{said}");
    assert!(said.contains("out of stock"), "what was reported before is not told\n{said}");
    let printed = String::from_utf8_lossy(&run.stderr);
    assert!(printed.contains("boom at the border"), "the hook before ours has not run\n{printed}");
}

/// Does not come back.
fn end() {
    let variables = [("SPANWRIGHT_CONSOLE", "1"), ("NO_COLOR", "1")];
    let environment: Environment = variables.into_iter().collect();
    let config = Config::from_environment(&environment).expect("the variables are right");
    let _telemetry = config.install().expect("nothing else is installed");
    spanwright::report_message("out of stock", spanwright::record::Severity::Warning);
    border();
}

/// No panic leaves a function that foreign code may call.
extern "C" fn border() {
    panic!("boom at the border");
}
