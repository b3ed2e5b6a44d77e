//! Cruddur as it is built, a collector as others build it, and what arrives behind it.
//!
//! ```text
//! requests ─▶ cruddur-app ── OTLP ──▶ rotel ── OTLP ──▶ sink
//! ```
//!
//! The collector is a program from a package registry, so these tests run only where
//! `SPANWRIGHT_ROTEL` names it; `.ci/run` installs it and builds the service beside this test.

mod delivery;
mod outage;
mod programs;
mod traces;

use std::io::{self, Write};
use std::path::PathBuf;

/// The collector's program, or a line that says that there is none.
fn collector() -> Option<PathBuf> {
    let program = std::env::var_os("SPANWRIGHT_ROTEL").map(PathBuf::from);
    if program.is_none() {
        // Written past the test harness, which keeps what a passing test prints to itself.
        let line = "SPANWRIGHT_ROTEL names no collector: nothing was tested";
        writeln!(io::stderr(), "{line}").expect("standard error is open");
    }
    program
}
