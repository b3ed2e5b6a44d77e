//! The two streams of a process, written past the locks of the standard library.
//!
//! A forked child may find those locks held by a thread that it does not have, and a thread of ours that
//! waits for a slow reader must not hold what the application prints with.

#[cfg(unix)]
use std::fs::File;
use std::io::{self, ErrorKind, Write};
#[cfg(unix)]
use std::os::fd::AsFd;
use std::thread;
use std::time::Duration;

/// Largest write that a pipe keeps in one piece beside those of other threads and processes.
///
/// Source: <https://man7.org/linux/man-pages/man7/pipe.7.html>, `PIPE_BUF`.
const ATOMIC_BYTES: usize = 4096;

/// First and longest wait for a stream that does not block and takes nothing now.
const WAITS: [Duration; 2] = [Duration::from_millis(1), Duration::from_secs(1)];

/// Stream of the process.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stream {
    Stdout,
    Stderr,
}

impl Stream {
    pub(super) const fn thread_name(self) -> &'static str {
        match self {
            Self::Stdout => "spanwright-stdout",
            Self::Stderr => "spanwright-stderr",
        }
    }

    /// Writes all bytes; blocks for as long as the stream is not read.
    #[cfg(unix)]
    pub(super) fn write(self, bytes: &[u8]) -> io::Result<()> {
        let file = match self {
            Self::Stdout => io::stdout().as_fd().try_clone_to_owned()?,
            Self::Stderr => io::stderr().as_fd().try_clone_to_owned()?,
        };
        write_lines(File::from(file), bytes)
    }

    /// Writes all bytes; blocks for as long as the stream is not read.
    #[cfg(not(unix))]
    pub(super) fn write(self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Stdout => write_lines(io::stdout(), bytes).and_then(|()| io::stdout().flush()),
            Self::Stderr => write_lines(io::stderr(), bytes),
        }
    }
}

/// Writes whole lines at a time, so that lines of others come between them and not into them.
fn write_lines(mut to: impl Write, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let (lines, rest) = bytes.split_at(lines_len(bytes));
        write_all(&mut to, lines)?;
        bytes = rest;
    }
    Ok(())
}

/// Length of the lines that fit into one write; of one line if that is longer.
fn lines_len(bytes: &[u8]) -> usize {
    let is_end = |byte: &u8| *byte == b'\n';
    let fitting = &bytes[..bytes.len().min(ATOMIC_BYTES)];
    let end = fitting.iter().rposition(is_end).or_else(|| bytes.iter().position(is_end));
    end.map_or(bytes.len(), |end| end + 1)
}

/// Writes all bytes, also to a stream that the application has made non-blocking.
fn write_all(to: &mut impl Write, mut bytes: &[u8]) -> io::Result<()> {
    let [mut wait, max_wait] = WAITS;
    while !bytes.is_empty() {
        match to.write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                thread::park_timeout(wait);
                wait = (wait * 2).min(max_wait);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    /// Keeps each write; fails as scripted, and takes so many bytes at most.
    #[derive(Default)]
    struct Writes {
        kept: Vec<Vec<u8>>,
        failures: VecDeque<ErrorKind>,
        max: Option<usize>,
    }

    impl Write for Writes {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if let Some(failure) = self.failures.pop_front() {
                return Err(failure.into());
            }
            let len = bytes.len().min(self.max.unwrap_or(usize::MAX));
            self.kept.push(bytes[..len].to_vec());
            Ok(len)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_are_written_whole_and_as_many_as_a_pipe_keeps_together() {
        let (short, long) =
            (format!("{}\n", "s".repeat(1_999)), format!("{}\n", "l".repeat(9_999)));
        let text = [&*short, &short, &short, &long, &short, "no end"].concat();
        let mut writes = Writes::default();
        write_lines(&mut writes, text.as_bytes()).expect("nothing fails");
        let lens: Vec<_> = writes.kept.iter().map(Vec::len).collect();
        assert_eq!(lens, [4_000, 2_000, 10_000, 2_000, 6]);
        assert_eq!(writes.kept.concat(), text.as_bytes());
    }

    #[test]
    fn interrupted_partial_and_non_blocking_writes_go_on() {
        let failures = [ErrorKind::Interrupted, ErrorKind::WouldBlock, ErrorKind::WouldBlock];
        let mut writes = Writes { failures: failures.into(), max: Some(2), ..Writes::default() };
        write_lines(&mut writes, b"a line\n").expect("it goes on");
        assert_eq!(writes.kept.concat(), b"a line\n");
        let mut closed = Writes { failures: [ErrorKind::BrokenPipe].into(), ..Writes::default() };
        assert!(write_lines(&mut closed, b"a line\n").is_err());
        let mut full = Writes { max: Some(0), ..Writes::default() };
        assert!(write_lines(&mut full, b"a line\n").is_err());
    }
}
