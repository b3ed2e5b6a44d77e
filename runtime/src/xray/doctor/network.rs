//! Names, connections, clocks.
//!
//! In: where the daemon is said to be. Out: whether it can be reached there, and whether our clock
//! is that of the service.
//! Never: opens a socket itself; that is the transport's.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, SystemTime};

use super::finding::Finding;
use crate::pipeline::transport::daemon::{self, HostPort, VARIABLE};
use crate::pipeline::transport::http::Fetched;
use crate::pipeline::transport::udp::Lookup;
use crate::span;

/// From here on segments are refused as being of the future.
///
/// Source: <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html>.
const MAX_SKEW: Duration = Duration::from_mins(5);

/// From here on a map of services with clocks of their own looks odd.
const ODD_SKEW: Duration = Duration::from_mins(1);

/// The addresses of the daemon, and how they were found.
pub(super) async fn resolve(
    of: &HostPort,
    lookup: &Lookup,
    patience: Duration,
) -> (Vec<SocketAddr>, Finding) {
    const WHAT: &str = "name";
    let begun = span::now();
    let found = daemon::resolve(of, lookup, patience).await;
    let taken = span::now().saturating_duration_since(begun);
    let found = match found {
        Ok(found) => found,
        Err(error) => {
            let advice = format!(
                "Does {VARIABLE} name the daemon as this machine knows it? In docker compose that is \
                 the name of its service, in the same network."
            );
            let detail = format!("{} has no address: {error}", of.host());
            return (Vec::new(), Finding::problem(WHAT, detail, advice));
        }
    };
    if of.host().parse::<IpAddr>().is_ok() {
        let detail = format!("{} is an address, there is nothing to look up", of.host());
        return (found, Finding::ok(WHAT, detail));
    }
    let is = |address: &SocketAddr| {
        let version = if address.is_ipv6() { 6 } else { 4 };
        format!("{} (IPv{version})", address.ip())
    };
    let all: Vec<_> = found.iter().map(is).collect();
    let detail = format!("{} is {}, found in {}", of.host(), all.join(", "), Millis(taken));
    (found, Finding::ok(WHAT, detail))
}

/// Whether anybody takes a connection at one of the addresses.
pub(super) async fn connect(
    addresses: &[SocketAddr],
    patience: Duration,
    is_needed: bool,
) -> Finding {
    const WHAT: &str = "tcp";
    let mut refusals = Vec::new();
    for address in addresses {
        let begun = span::now();
        match daemon::connect(*address, patience).await {
            Ok(()) => {
                let taken = Millis(span::now().saturating_duration_since(begun));
                refusals.push(format!("{address} takes connections, after {taken}"));
                return Finding::ok(WHAT, refusals.join("\n"));
            }
            Err(error) => refusals.push(format!("{address}: {error}")),
        }
    }
    let start = "Start the daemon, or let it listen there: it binds 127.0.0.1 unless it is told \
                 `-t 0.0.0.0:2000` (and `-b` for UDP).";
    let detail = refusals.join("\n");
    if is_needed {
        let cost = "Until then the rules of the account are not known.";
        return Finding::problem(WHAT, detail, format!("{start} {cost}"));
    }
    let cost = "These settings do without TCP, so segments may still arrive.";
    Finding::warning(WHAT, detail, format!("{start} {cost}"))
}

/// What time it was for whoever made an answer, if it says so.
pub(super) fn date(answer: &Fetched) -> Option<SystemTime> {
    httpdate::parse_http_date(answer.header("date")?.trim()).ok()
}

/// How far our clock is from the one of whoever answered.
pub(super) fn clock(date: Option<SystemTime>) -> Finding {
    let now = SystemTime::UNIX_EPOCH + span::since_epoch();
    match date {
        Some(date) => compare(now, date),
        None => Finding::ok("clock", "not compared: no answer said what time it is"),
    }
}

fn compare(now: SystemTime, date: SystemTime) -> Finding {
    const WHAT: &str = "clock";
    let advice = "Set the clock of this machine, and let something keep it right (chrony, ntpd).";
    let (skew, is_behind) = match date.duration_since(now) {
        Ok(behind) => (behind, true),
        Err(error) => (error.duration(), false),
    };
    let direction = if is_behind { "behind" } else { "ahead of" };
    let detail = format!("ours is {} s {direction} that of the answers", skew.as_secs());
    if skew > MAX_SKEW {
        let refused = format!("{detail}; X-Ray refuses segments from more than five minutes ahead");
        return Finding::problem(WHAT, refused, advice);
    }
    if skew > ODD_SKEW {
        return Finding::warning(WHAT, detail, advice);
    }
    // An answer says whole seconds, and has been under way.
    Finding::ok(WHAT, "ours is that of the answers, to a minute")
}

/// A time in milliseconds, with a digit behind the point.
struct Millis(Duration);

impl std::fmt::Display for Millis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.1} ms", self.0.as_secs_f64() * 1e3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xray::Verdict;

    #[test]
    fn a_clock_may_be_a_minute_off_and_must_not_be_five() {
        let date = SystemTime::UNIX_EPOCH + Duration::from_hours(500_000);
        for (seconds, verdict) in [
            (0, Verdict::Ok),
            (60, Verdict::Ok),
            (61, Verdict::Warning),
            (300, Verdict::Warning),
            (301, Verdict::Problem),
        ] {
            let skew = Duration::from_secs(seconds);
            let (behind, ahead) = (compare(date - skew, date), compare(date + skew, date));
            assert_eq!((behind.verdict, ahead.verdict), (verdict, verdict), "{seconds}");
            if verdict != Verdict::Ok {
                assert!(behind.detail.starts_with(&format!("ours is {seconds} s behind that")));
                assert!(ahead.detail.starts_with(&format!("ours is {seconds} s ahead of that")));
            }
        }
    }
}
