//! A line in the application's log for each request that is over.
//!
//! ```text
//! [2026-Nov-20 09:16] 127.0.0.1 GET http /api/activities/home? 500 INTERNAL SERVER ERROR
//! ```
//!
//! In: a request as it came, and what became of it. Out: one event of `tracing`, while the span of the
//! request is current. Never: costs more than a look where there is no subscriber; tells a secret of
//! the query; lets a text of the client break the line.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use actix_web::dev::ServiceRequest;
use actix_web::http::header::USER_AGENT;
use actix_web::http::{Method, StatusCode, Uri};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use tracing::{Level, event, field, level_enabled};

use super::request_facts::{Origin, header};
use super::settings::Tracing;
use crate::conventions::{known_method, without_secrets};
use crate::guard::guard;
use crate::record::{LogRecord, Outcome};
use crate::span::{SpanRef, since_epoch, steady};
use crate::utc;

/// The most characters of a path, and of a query, that the line shows; the fields have them whole.
const MAX_TEXT_CHARS: usize = 1_024;

/// What a text of the line is escaped for, besides all that is not ASCII: a space would be the next
/// column.
const ESCAPED: &AsciiSet = &CONTROLS.add(b' ');

/// The names of the months in every locale of this log.
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// What is kept of a request for its line; nothing where nobody reads it.
pub(super) struct AccessLog(Option<Entry>);

struct Entry {
    /// On a clock that goes on evenly.
    begun: Duration,
    method: Method,
    scheme: &'static str,
    client: Option<IpAddr>,
    user_agent: Option<String>,
    route: Option<String>,
}

impl AccessLog {
    /// Whether any line of a request may be read.
    ///
    /// A subscriber is not asked, only told: with filters of single layers the answer to a question
    /// is taken for that to the next event, which some layer then misses (`tracing-subscriber` 0.3.23).
    pub(super) fn is_wanted(settings: &Tracing) -> bool {
        !settings.omits_access_log && level_enabled!(Level::ERROR)
    }

    /// Keeps what is known before the request is handled.
    pub(super) fn begin(request: &ServiceRequest, origin: &Origin<'_>, settings: &Tracing) -> Self {
        Self(Self::is_wanted(settings).then(|| Entry::of(request, origin)))
    }

    /// Whether this request will have a line.
    pub(super) const fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Notes where the request went.
    pub(super) fn set_route(&mut self, route: Option<&str>) {
        if let Some(entry) = &mut self.0 {
            entry.route = route.map(str::to_owned);
        }
    }

    /// Writes the line; with what it was `cut_off` by where it did not come to its end.
    pub(super) fn write(
        &mut self,
        span: SpanRef,
        uri: &Uri,
        status: Option<StatusCode>,
        body_bytes: Option<u64>,
        cut_off: Option<Outcome>,
    ) {
        let Some(entry) = self.0.take() else { return };
        let line = Line {
            unix_ns: u64::try_from(since_epoch().as_nanos()).unwrap_or(u64::MAX),
            client: entry.client,
            method: entry.method.as_str(),
            scheme: entry.scheme,
            path: uri.path(),
            query: uri.query().map(shown_query),
            status,
            cut_off,
        };
        // A subscriber is the code of others.
        let write = || guard("a subscriber of `tracing`", || entry.tell(&line, body_bytes));
        // The span has all of it as attributes.
        let _ = if span.is_none() { write() } else { span.for_log_alone().in_scope(write) };
    }
}

impl Entry {
    fn of(request: &ServiceRequest, origin: &Origin<'_>) -> Self {
        Self {
            begun: steady(),
            method: request.method().clone(),
            scheme: origin.scheme,
            client: origin.client,
            user_agent: header(request.headers(), USER_AGENT).map(str::to_owned),
            route: None,
        }
    }

    fn tell(&self, line: &Line<'_>, body_bytes: Option<u64>) {
        macro_rules! tell {
            ($level:ident) => {
                event!(
                    target: LogRecord::ACCESS_TARGET,
                    Level::$level,
                    http.request.method = known_method(line.method).unwrap_or("_OTHER"),
                    url.path = line.path,
                    http.route = self.route.as_deref(),
                    http.response.status_code = line.status.map(|status| status.as_u16()),
                    http.response.body.size = body_bytes,
                    client.address = line.client.as_ref().map(field::display),
                    user_agent.original = self.user_agent.as_deref(),
                    duration_ms = milliseconds(steady().saturating_sub(self.begun)),
                    spanwright.outcome = line.cut_off.map(Outcome::as_str),
                    "{line}"
                )
            };
        }
        match line.level() {
            Level::ERROR => tell!(ERROR),
            Level::WARN => tell!(WARN),
            _ => tell!(INFO),
        }
    }
}

/// With as many digits as mean something.
fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1_000_000.0).round() / 1_000.0
}

/// What people read.
struct Line<'a> {
    unix_ns: u64,
    client: Option<IpAddr>,
    method: &'a str,
    scheme: &'static str,
    path: &'a str,
    /// The start of the query, and true if that goes on.
    query: Option<(Cow<'a, str>, bool)>,
    /// `None` when there was no answer.
    status: Option<StatusCode>,
    cut_off: Option<Outcome>,
}

impl Line<'_> {
    /// Whose fault it was: nobody's, the client's, who may also have gone away, or ours.
    fn level(&self) -> Level {
        let status = self.status.map_or(0, |status| status.as_u16());
        match self.cut_off {
            Some(Outcome::Error | Outcome::Panic) => Level::ERROR,
            _ if status >= 500 => Level::ERROR,
            Some(_) => Level::WARN,
            None if status >= 400 => Level::WARN,
            None => Level::INFO,
        }
    }
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let utc::Time { year, month, day, hour, minute, .. } = utc::Time::of(self.unix_ns);
        let month = MONTHS[month as usize - 1];
        write!(f, "[{year}-{month}-{day:02} {hour:02}:{minute:02}] ")?;
        let (query, is_cut) = self.query.as_ref().map_or(("", false), |(it, is_cut)| (it, *is_cut));
        match self.client {
            Some(client) => write!(f, "{client}")?,
            None => f.write_str("-")?,
        }
        let (scheme, path, query) =
            (self.scheme, escaped(self.path, false), escaped(query, is_cut));
        write!(f, " {} {scheme} {path}?{query} ", self.method)?;
        match self.status {
            Some(status) => {
                let reason = status.canonical_reason().unwrap_or("unknown");
                write!(f, "{} {}", status.as_u16(), reason.to_ascii_uppercase())?;
            }
            None => f.write_str("-")?,
        }
        let Some(cut_off) = self.cut_off else { return Ok(()) };
        write!(f, " ({})", cut_off.as_str())
    }
}

/// Returns what the line shows of a query without its secrets, and true if the query goes on.
fn shown_query(query: &str) -> (Cow<'_, str>, bool) {
    let shown = start(query, MAX_TEXT_CHARS);
    (without_secrets(shown), shown.len() < query.len())
}

/// A text that is one column, and not a long one; `is_cut` if it goes on.
fn escaped(text: &str, is_cut: bool) -> impl fmt::Display {
    let shown = start(text, MAX_TEXT_CHARS);
    let rest = if is_cut || shown.len() < text.len() { "…" } else { "" };
    format!("{}{rest}", utf8_percent_encode(shown, ESCAPED))
}

/// Returns the start of a text, of at most so many characters.
fn start(text: &str, max_chars: usize) -> &str {
    text.char_indices().nth(max_chars).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> Line<'static> {
        Line {
            unix_ns: 1_795_166_219_999_999_999,
            client: Some([127, 0, 0, 1].into()),
            method: "GET",
            scheme: "http",
            path: "/api/activities/home",
            query: None,
            status: Some(StatusCode::INTERNAL_SERVER_ERROR),
            cut_off: None,
        }
    }

    #[test]
    fn a_query_that_redaction_makes_short_is_still_cut() {
        let query = format!("token={}&a={}", "x".repeat(500), "y".repeat(800));
        let shown = Line { query: Some(shown_query(&query)), ..line() }.to_string();
        assert!(shown.contains("?token=REDACTED&a=yyy"), "{shown}");
        assert!(shown.contains("y… 500 "), "{shown}");
    }

    #[test]
    fn a_line_is_the_one_of_the_course() {
        let expected = "[2026-Nov-20 09:16] 127.0.0.1 GET http /api/activities/home? \
                        500 INTERNAL SERVER ERROR";
        assert_eq!(line().to_string(), expected);
        let asked = Line {
            query: Some(shown_query("term=a%20b&sort=new")),
            status: Some(StatusCode::OK),
            unix_ns: 1_767_571_440_000_000_000,
            ..line()
        };
        let expected = "[2026-Jan-05 00:04] 127.0.0.1 GET http \
                        /api/activities/home?term=a%20b&sort=new 200 OK";
        assert_eq!(asked.to_string(), expected);
    }

    #[test]
    fn what_was_cut_off_says_by_what_and_whether_there_was_an_answer() {
        for (status, cut_off, expected) in [
            (Some(StatusCode::OK), Some(Outcome::Cancelled), "200 OK (cancelled)"),
            (Some(StatusCode::OK), Some(Outcome::Error), "200 OK (error)"),
            (None, Some(Outcome::Cancelled), "- (cancelled)"),
            (None, Some(Outcome::Panic), "- (panic)"),
            (StatusCode::from_u16(599).ok(), None, "599 UNKNOWN"),
        ] {
            let line = Line { status, cut_off, ..line() }.to_string();
            assert!(line.ends_with(&format!("/home? {expected}")), "{line}");
        }
    }

    #[test]
    fn the_level_says_whose_fault_it_was() {
        use Outcome::{Cancelled, Error, Panic};

        for (status, cut_off, expected) in [
            (Some(101), None, Level::INFO),
            (Some(200), None, Level::INFO),
            (Some(302), None, Level::INFO),
            (Some(404), None, Level::WARN),
            (Some(500), None, Level::ERROR),
            (Some(200), Some(Cancelled), Level::WARN),
            (Some(503), Some(Cancelled), Level::ERROR),
            (Some(200), Some(Error), Level::ERROR),
            (None, Some(Cancelled), Level::WARN),
            (None, Some(Panic), Level::ERROR),
        ] {
            let status = status.and_then(|status| StatusCode::from_u16(status).ok());
            let line = Line { status, cut_off, ..line() };
            assert_eq!(line.level(), expected, "{line}");
        }
    }

    #[test]
    fn what_a_client_writes_can_neither_break_the_line_nor_fill_the_screen() {
        let hostile = Line {
            path: "/ \u{1b}[31m\u{202e}\u{7f}",
            query: Some(shown_query("q=\u{9b}2J")),
            ..line()
        };
        let expected = " GET http /%20%1B[31m%E2%80%AE%7F?q=%C2%9B2J 500";
        assert!(hostile.to_string().contains(expected), "{hostile}");
        let path = "é".repeat(2_000);
        let long = Line { path: &path, ..line() }.to_string();
        assert!(long.contains(&format!(" {}…? 500", "%C3%A9".repeat(MAX_TEXT_CHARS))), "{long}");
    }
}
