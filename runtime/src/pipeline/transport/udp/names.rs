//! The addresses behind a host name, kept fresh.
//!
//! In: a host and port, the time. Out: addresses to try, best first.
//! Never: looks a name up on the I/O thread; holds datagrams back for a slow look-up while there
//! is an address that worked.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::timeout;

use crate::pipeline::transport::daemon::HostPort;

/// How long a look-up may take when there is no address yet.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a look-up may hold datagrams back when there is an address already.
const PATIENCE_WITH_ADDRESS: Duration = Duration::from_millis(500);

/// Looks a host name up; may block, since it is called on a thread for that.
pub type Lookup = Arc<dyn Fn(&HostPort) -> io::Result<Vec<SocketAddr>> + Send + Sync>;

/// What is known about one name.
pub(super) struct Names {
    of: HostPort,
    refresh: Duration,
    lookup: Lookup,
    known: Vec<SocketAddr>,
    /// When the last look-up began.
    asked: Option<Instant>,
    pending: Option<JoinHandle<io::Result<Vec<SocketAddr>>>>,
}

/// The look-up of the system.
pub(crate) fn system() -> Lookup {
    Arc::new(|of| Ok((of.host(), of.port()).to_socket_addrs()?.collect()))
}

impl Names {
    pub(super) fn new(of: HostPort, refresh: Duration, lookup: Lookup) -> Self {
        // An address needs no look-up, now or later.
        let literal = of.host().parse::<IpAddr>().map(|ip| SocketAddr::new(ip, of.port()));
        let known = literal.into_iter().collect();
        Self { of, refresh, lookup, known, asked: None, pending: None }
    }

    /// Asks again before the next use: the last address did not work.
    pub(super) fn distrust(&mut self) {
        self.asked = None;
    }

    /// The addresses to try, best first; at least one.
    ///
    /// # Errors
    /// There is no address, and the look-up failed or takes too long.
    pub(super) async fn addresses(&mut self, now: Instant) -> io::Result<&[SocketAddr]> {
        if !self.is_literal() {
            let outdated = |asked| now.saturating_duration_since(asked) >= self.refresh;
            let patience = if self.pending.is_some() {
                Duration::ZERO
            } else if self.asked.is_none_or(outdated) {
                let (of, lookup) = (self.of.clone(), Arc::clone(&self.lookup));
                self.pending = Some(spawn_blocking(move || lookup(&of)));
                self.asked = Some(now);
                PATIENCE_WITH_ADDRESS
            } else {
                return Ok(&self.known);
            };
            self.adopt(if self.known.is_empty() { PATIENCE } else { patience }).await?;
        }
        Ok(&self.known)
    }

    /// Takes over what the look-up under way has found, if it comes in time.
    async fn adopt(&mut self, patience: Duration) -> io::Result<()> {
        let Some(pending) = &mut self.pending else { return Ok(()) };
        let found = match timeout(patience, pending).await {
            Ok(found) => {
                self.pending = None;
                found.unwrap_or_else(|panic| Err(io::Error::other(panic)))
            }
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        };
        let nothing = || io::Error::new(io::ErrorKind::NotFound, "the name has no address");
        match found.and_then(|found| if found.is_empty() { Err(nothing()) } else { Ok(found) }) {
            Ok(mut found) => {
                // The daemon listens on IPv4 unless it is told otherwise.
                found.sort_by_key(SocketAddr::is_ipv6);
                self.known = found;
            }
            // What worked before is better than nothing.
            Err(_) if !self.known.is_empty() => {}
            Err(error) => {
                self.distrust();
                return Err(io::Error::new(error.kind(), format!("{}: {error}", self.of)));
            }
        }
        Ok(())
    }

    fn is_literal(&self) -> bool {
        self.of.host().parse::<IpAddr>().is_ok()
    }
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { of, known, asked, .. } = self;
        f.debug_struct("Names")
            .field("of", of)
            .field("known", known)
            .field("asked", asked)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    /// A name that answers what it is told to, and counts the questions.
    #[derive(Default)]
    struct Book {
        answers: Mutex<Vec<&'static str>>,
        asked: AtomicUsize,
    }

    impl Book {
        fn names(self: &Arc<Self>, of: &str) -> Names {
            let book = Arc::clone(self);
            let lookup: Lookup = Arc::new(move |_| {
                book.asked.fetch_add(1, Ordering::Relaxed);
                let answers = book.answers.lock().expect("nobody panics while holding it");
                if answers.contains(&"broken") {
                    return Err(io::Error::other("broken"));
                }
                Ok(answers.iter().map(|it| it.parse().expect("an address")).collect())
            });
            Names::new(HostPort::parse(of).expect("a host and a port"), MINUTE, lookup)
        }

        fn says(&self, answers: &[&'static str]) {
            *self.answers.lock().expect("nobody panics while holding it") = answers.to_vec();
        }

        fn asked(&self) -> usize {
            self.asked.load(Ordering::Relaxed)
        }
    }

    #[expect(clippy::disallowed_methods, reason = "an origin for made-up moments")]
    fn origin() -> Instant {
        Instant::now()
    }

    async fn addresses(names: &mut Names, now: Instant) -> Result<String, String> {
        let found = names.addresses(now).await.map_err(|error| error.to_string())?;
        Ok(found.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_name_is_looked_up_at_first_use_every_minute_and_after_an_error() {
        let (book, start) = (Arc::new(Book::default()), origin());
        let mut names = book.names("daemon:2000");
        assert_eq!(book.asked(), 0);
        for (answer, seconds, expected, asked) in [
            ("127.0.0.1:2000", 0, "127.0.0.1:2000", 1),
            ("127.0.0.2:2000", 59, "127.0.0.1:2000", 1),
            ("127.0.0.2:2000", 60, "127.0.0.2:2000", 2),
            ("127.0.0.3:2000", 61, "127.0.0.2:2000", 2),
        ] {
            book.says(&[answer]);
            let found = addresses(&mut names, start + Duration::from_secs(seconds)).await;
            assert_eq!((found, book.asked()), (Ok(expected.to_owned()), asked));
        }
        names.distrust();
        let found = addresses(&mut names, start + Duration::from_secs(62)).await;
        assert_eq!((found, book.asked()), (Ok("127.0.0.3:2000".to_owned()), 3));
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_failed_look_up_leaves_the_last_address_or_none() {
        let (book, start) = (Arc::new(Book::default()), origin());
        let mut names = book.names("daemon:2000");
        book.says(&["broken"]);
        assert_eq!(addresses(&mut names, start).await, Err("daemon:2000: broken".to_owned()));
        book.says(&[]);
        let none = "daemon:2000: the name has no address".to_owned();
        assert_eq!(addresses(&mut names, start).await, Err(none));
        book.says(&["127.0.0.1:2000"]);
        assert_eq!(addresses(&mut names, start).await, Ok("127.0.0.1:2000".to_owned()));
        book.says(&["broken"]);
        names.distrust();
        assert_eq!(addresses(&mut names, start).await, Ok("127.0.0.1:2000".to_owned()));
        assert_eq!(book.asked(), 4);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_slow_look_up_is_not_waited_for_long_while_an_address_is_known() {
        let (tell, told) = std::sync::mpsc::channel::<&str>();
        let told = Mutex::new(told);
        let lookup: Lookup = Arc::new(move |_| {
            let answer = told.lock().expect("nobody panics while holding it").recv();
            Ok(vec![answer.map_err(io::Error::other)?.parse().expect("an address")])
        });
        let (of, start) = (HostPort::parse("daemon:2000").expect("a host and a port"), origin());
        let mut names = Names::new(of, MINUTE, lookup);
        let [first, second] = ["127.0.0.1:2000", "127.0.0.2:2000"];
        tell.send(first).expect("the look-up listens");
        assert_eq!(addresses(&mut names, start).await.as_deref(), Ok(first));
        // Nobody tells: the look-up hangs, and the second use does not wait for it at all.
        for _ in 0..2 {
            assert_eq!(addresses(&mut names, start + MINUTE).await.as_deref(), Ok(first));
        }
        tell.send(second).expect("the look-up listens");
        let pending = names.pending.as_ref().expect("the look-up is under way");
        while !pending.is_finished() {
            tokio::task::yield_now().await;
        }
        assert_eq!(addresses(&mut names, start + MINUTE).await.as_deref(), Ok(second));
    }

    #[tokio::test(flavor = "current_thread")]
    async fn version_four_is_tried_first_and_addresses_are_never_looked_up() {
        let (book, start) = (Arc::new(Book::default()), origin());
        book.says(&["[::1]:2000", "127.0.0.1:2000"]);
        let mut names = book.names("daemon:2000");
        let both = Ok("127.0.0.1:2000 [::1]:2000".to_owned());
        assert_eq!((addresses(&mut names, start).await, book.asked()), (both, 1));
        for literal in ["127.0.0.1:2000", "[::1]:2000"] {
            let mut names = book.names(literal);
            names.distrust();
            assert_eq!(addresses(&mut names, start).await, Ok(literal.to_owned()));
        }
        assert_eq!(book.asked(), 1);
    }
}
