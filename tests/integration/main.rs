//! Cruddur as it is built, its telemetry through programs that others build, and what arrives there.
//!
//! ```text
//! requests ─▶ cruddur-app ─┬─ OTLP ──▶ rotel ── OTLP ──▶ sink
//!                          ├─ segments ──▶ daemon (a double) ──▶ moto
//!                          ├─ events of the log ──▶ moto
//!                          └─ items ──▶ Rollbar (a double)
//! ```
//!
//! Rotel and moto are programs from a package registry, so these tests run only where
//! `SPANWRIGHT_ROTEL` and `SPANWRIGHT_MOTO` name them; `.ci/run` installs them and builds the
//! service beside this test.

mod delivery;
mod log;
mod outage;
mod programs;
mod recorded;
mod reports;
mod segments;
mod traces;

use std::io::{self, Write};
use std::path::PathBuf;

/// The program that a variable names, or a line that says that it names none.
fn program(variable: &str) -> Option<PathBuf> {
    let program = std::env::var_os(variable).map(PathBuf::from);
    if program.is_none() {
        // Written past the test harness, which keeps what a passing test prints to itself.
        let line = format!("{variable} names no program: nothing was tested");
        writeln!(io::stderr(), "{line}").expect("standard error is open");
    }
    program
}
