//! Diagnostic lines on standard error, and the mark of the threads of this crate.
//!
//! Lines are rare: at most one a minute for each destination. They bypass the logging of the application,
//! and contain no header and no body. A thread of its own writes them, so a standard error that is not
//! read blocks no other thread; lines beyond its queue of 64 KiB are counted.

use std::cell::Cell;
use std::fmt::Display;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::output::{Receipt, STDERR};

/// How often one destination may complain.
const INTERVAL: Duration = Duration::from_mins(1);

thread_local! {
    static SUPPRESSED: Cell<bool> = const { Cell::new(false) };
}

/// Whether the current thread is one of ours, whose work must make no telemetry.
///
/// Never blocks; false on a thread that is being torn down.
pub fn suppressed() -> bool {
    SUPPRESSED.try_with(Cell::get).unwrap_or(false)
}

/// Marks the current thread as one of ours, until it ends.
pub fn suppress_thread() {
    // A thread that is being torn down runs nothing of ours any more.
    let _ = SUPPRESSED.try_with(|mark| mark.set(true));
}

/// Queues one line for standard error; never waits for it to be written.
///
/// A line that does not fit or cannot be written is counted, and the next line is preceded by that count.
pub fn say(message: impl Display) {
    queue(format!("spanwright: {message}\n"));
}

/// Waits until the lines queued so far are on standard error.
///
/// Blocks up to `timeout`, and a tenth of a second for the count of lines that were not written; returns
/// false if lines are still queued. In a process that called [`Config::install`](crate::Config::install),
/// `exit` and the return of `main` wait by themselves, for at most two seconds; a call of `abort` or
/// `_exit` does not.
pub fn flush(timeout: Duration) -> bool {
    if !STDERR.flush(timeout) {
        return false;
    }
    if UNANNOUNCED.load(Ordering::Relaxed) > 0 {
        queue(String::new());
    }
    STDERR.flush(NOTICE_TIMEOUT)
}

/// Number of lines of this process that were not written to standard error.
pub fn unwritten_lines() -> u64 {
    UNWRITTEN.load(Ordering::Relaxed)
}

/// Sets the counts to zero, in a process that has just been forked.
pub(crate) fn reset_counts() {
    UNWRITTEN.store(0, Ordering::Relaxed);
    UNANNOUNCED.store(0, Ordering::Relaxed);
}

/// Queues a line, or nothing, after the count of lines that were not written.
fn queue(line: String) {
    let announced = UNANNOUNCED.swap(0, Ordering::Relaxed);
    let lines = Lines { own: u64::from(!line.is_empty()), announced };
    let text = match announced {
        0 => line,
        _ => format!(
            "spanwright: lines not written because standard error was full or closed: {announced}\n\
             {line}"
        ),
    };
    if STDERR.write(text.into_bytes(), lines).is_err() {
        lines.count();
    }
}

/// Longest wait for the count of lines that were not written.
const NOTICE_TIMEOUT: Duration = Duration::from_millis(100);

/// Lines that were not written.
static UNWRITTEN: AtomicU64 = AtomicU64::new(0);

/// Those of them that no line has announced.
static UNANNOUNCED: AtomicU64 = AtomicU64::new(0);

/// Number of lines in one write: its own, and those that it announces as not written.
#[derive(Clone, Copy)]
struct Lines {
    own: u64,
    announced: u64,
}

impl Lines {
    /// Counts them as not written.
    fn count(self) {
        UNWRITTEN.fetch_add(self.own, Ordering::Relaxed);
        UNANNOUNCED.fetch_add(self.own + self.announced, Ordering::Relaxed);
    }
}

impl Receipt for Lines {
    fn settle(self: Box<Self>, written: io::Result<()>) {
        if written.is_err() {
            self.count();
        }
    }
}

/// Lets one message through and holds back those that follow too soon.
#[derive(Debug, Default)]
pub struct Throttle {
    last: Option<Instant>,
    held_back: u64,
}

impl Throttle {
    /// Asks to speak: `Some` with the number of messages held back since the last one that went
    /// through, `None` when it is too soon.
    pub fn admit(&mut self, now: Instant) -> Option<u64> {
        if self.last.is_some_and(|last| now.saturating_duration_since(last) < INTERVAL) {
            self.held_back += 1;
            return None;
        }
        self.last = Some(now);
        Some(std::mem::take(&mut self.held_back))
    }
}

/// The host, and the port if there is one, of a URL: all of it that is safe to print.
pub fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

/// The start of a text from outside, at most `max_chars` long, without what could break the line.
pub fn shorten(text: &str, max_chars: usize) -> String {
    let mut words = String::new();
    for word in text.split(|char: char| char.is_whitespace() || char.is_control()) {
        if !word.is_empty() {
            words.push_str(if words.is_empty() { "" } else { " " });
            words.push_str(word);
        }
    }
    match words.char_indices().nth(max_chars) {
        Some((end, _)) => {
            words.truncate(end);
            words.push('…');
            words
        }
        None => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "an origin for made-up moments")]
    fn one_message_a_minute_goes_through_and_the_rest_is_counted() {
        let start = Instant::now();
        let mut throttle = Throttle::default();
        assert_eq!(throttle.admit(start), Some(0));
        assert_eq!(throttle.admit(start + Duration::from_secs(1)), None);
        assert_eq!(throttle.admit(start + Duration::from_secs(59)), None);
        assert_eq!(throttle.admit(start + Duration::from_mins(1)), Some(2));
        assert_eq!(throttle.admit(start + Duration::from_mins(2)), Some(0));
    }

    #[test]
    fn only_the_host_of_an_address_is_printed() {
        for (url, expected) in [
            ("http://127.0.0.1:4318/v1/traces", "127.0.0.1:4318"),
            ("https://user:secret@api.honeycomb.io?key=secret", "api.honeycomb.io"),
            ("https://[::1]:4318/", "[::1]:4318"),
            ("stdout", "stdout"),
        ] {
            assert_eq!(host(url), expected, "{url}");
        }
    }

    #[test]
    fn a_text_from_outside_stays_on_one_short_line() {
        for (text, expected) in [
            ("unknown API key", "unknown API key"),
            ("two\r\n  lines\u{1b}[31m", "two lines [31m"),
            ("größer", "größe…"),
            ("", ""),
        ] {
            let max_chars = if text == "größer" { 5 } else { 40 };
            assert_eq!(shorten(text, max_chars), expected);
        }
    }

    #[test]
    fn the_mark_belongs_to_one_thread() {
        let marked = std::thread::spawn(|| {
            suppress_thread();
            suppressed()
        });
        assert!(marked.join().expect("the thread only sets a mark"));
        assert!(!suppressed());
    }
}
