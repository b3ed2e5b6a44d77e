//! What a span costs the thread that makes it, and what it costs a process to send it: ours and
//! the rivals, in one run.
//!
//! Prints one line a figure, `workload library median unit`, then the ratios. Every library makes
//! the same spans at the same pace, with its exporter throwing them away (or sending them to a
//! sink in another process); what a library loses on the way is printed, too.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]
#![expect(clippy::disallowed_methods, reason = "a bench reads the clock and keeps a pace")]

mod attributes;
mod export;
mod fastrace;
mod figures;
mod ours;
mod pace;
mod process;
mod sdk;
mod tracing;

use figures::Figures;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["sink", ..] => return export::sink(),
        ["send", library, endpoint, ..] => return export::send(library, endpoint),
        _ => {}
    }
    let mut figures = Figures::default();
    pace::floor(&mut figures);
    ours::run(&mut figures);
    attributes::run(&mut figures);
    fastrace::run(&mut figures);
    sdk::run(&mut figures);
    tracing::run(&mut figures);
    export::run(&mut figures);
    figures.print_ratios();
}
