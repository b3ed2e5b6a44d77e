//! Our own voice, and the mark of our own threads.
//!
//! In: what went wrong while telemetry was on its way. Out: few lines on standard error, at most
//! one a minute for each destination.
//! Never: speaks through the logging of the application, fails when nobody listens, prints a
//! header or a body.

use std::cell::Cell;
use std::fmt::Display;
#[cfg(unix)]
use std::fs::File;
use std::io::{self, Write};
#[cfg(unix)]
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

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

/// Writes one line to standard error; does nothing when that is closed. Takes no lock.
pub fn say(message: impl Display) {
    // Nothing could be said of what fails here.
    let _ = write_to_stderr(format!("spanwright: {message}\n").as_bytes());
}

/// Writes past the lock of the standard library, which in a forked child may be held by a thread
/// that is not there.
#[cfg(unix)]
fn write_to_stderr(line: &[u8]) -> io::Result<()> {
    File::from(io::stderr().as_fd().try_clone_to_owned()?).write_all(line)
}

#[cfg(not(unix))]
fn write_to_stderr(line: &[u8]) -> io::Result<()> {
    io::stderr().write_all(line)
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
