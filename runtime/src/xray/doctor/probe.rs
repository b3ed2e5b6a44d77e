//! A segment by each way, as the service itself would send it.
//!
//! In: the settings, an id. Out: what became of a document that says it is a probe.
//! Never: writes a document by hand; the dialect does, so that names are tried as well.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::timeout;

use super::finding::Finding;
use super::{Doctor, network};
use crate::diagnostics::shorten;
use crate::export::{
    AccessProblem, Batch, EncodeError, Exporter as _, Refusal, Reply, Request, Sent, Verdict,
    xray as export,
};
use crate::notes::Notes;
use crate::pipeline::transport::{Transport as _, TransportError, http, udp};
use crate::record::{
    Attribute, Destinations, Level, LocalTrace, Segment, Source, SpanContext, SpanId, SpanKind,
    SpanRecord, TraceId,
};
use crate::span;
use crate::xray::Transport;
use crate::xray::read::{BYTES_PER_SECOND, TRACING_NAME, TRANSPORT};

/// The longest text of a refusal that is shown, in characters.
const MAX_TEXT_CHARS: usize = 300;

/// How long a refusal of a datagram is waited for; nobody waits behind this one.
const LINGER: Duration = Duration::from_millis(100);

static SOURCE: Source = Source {
    name: "spanwright doctor",
    target: module_path!(),
    function: module_path!(),
    file: file!(),
    line: line!(),
    level: Level::Info,
};

/// What became of the probe by TCP.
pub(super) struct Probed {
    pub(super) findings: Vec<Finding>,
    /// What time it was for whoever answered.
    pub(super) date: Option<SystemTime>,
}

/// A document on its way.
struct Probe {
    batch: Batch,
    exporter: export::Exporter,
    request: Request,
    notes: Notes,
    trace_id: TraceId,
}

/// An id of our own making: nothing else of this process knows it.
pub(super) fn trace_id(now: Duration) -> TraceId {
    let seconds = u128::from(u32::try_from(now.as_secs()).unwrap_or(u32::MAX));
    let random = u128::from(span::entropy()) << 32;
    TraceId::from_u128(seconds << 96 | random | u128::from(now.subsec_nanos()))
}

/// Sends a document through the daemon's TCP port, and says what the service makes of it.
pub(super) async fn by_tcp(doctor: &Doctor, trace_id: TraceId, client: &http::Client) -> Probed {
    const WHAT: &str = "probe tcp";
    let probe = match Probe::new(doctor, Transport::TcpAcked, trace_id) {
        Ok(probe) => probe,
        Err(error) => return Probed { findings: vec![not_encodable(WHAT, &error)], date: None },
    };
    let mut findings = Vec::from_iter(probe.name());
    match client.fetch(probe.request.clone()).await {
        Err(error) => {
            let advice = "The connection stands, so the daemon is there: its own log says why it does not answer. It may not reach AWS.";
            findings.push(Finding::problem(WHAT, error.to_string(), advice));
            Probed { findings, date: None }
        }
        Ok(fetched) => {
            let date = network::date(&fetched);
            findings.push(probe.judge(WHAT, &fetched.into_reply()));
            Probed { findings, date }
        }
    }
}

/// Sends a document as a datagram to addresses that are known.
pub(super) async fn by_udp(
    doctor: &Doctor,
    trace_id: TraceId,
    addresses: &[SocketAddr],
) -> Finding {
    const WHAT: &str = "probe udp";
    let probe = match Probe::new(doctor, Transport::Udp, trace_id) {
        Ok(probe) => probe,
        Err(error) => return not_encodable(WHAT, &error),
    };
    let to = doctor.settings.daemon.udp.clone();
    let known = addresses.to_vec();
    let settings = udp::Settings { linger: LINGER, ..udp::Settings::new(to.clone()) };
    let client = udp::Client::with_lookup(settings, Arc::new(move |_| Ok(known.clone())));
    let sent = timeout(doctor.timeout, client.send(probe.request)).await;
    let reply = match sent.unwrap_or(Err(TransportError::Timeout(doctor.timeout))) {
        Ok(reply) => reply,
        Err(error @ TransportError::ReceiverFull { .. }) => {
            return Finding::problem(WHAT, format!("{to}: {error}"), of_a_full_buffer());
        }
        Err(error) => {
            let advice = "Nobody listens there for datagrams: start the daemon, or let it listen with `-b 0.0.0.0:2000`.";
            return Finding::problem(WHAT, format!("{to}: {error}"), advice);
        }
    };
    let local = addresses.iter().find(|address| address.ip().is_loopback());
    let Some(local) = local.filter(|_| udp::are_listed()) else {
        return Finding::ok(WHAT, format!("{to} does not refuse it; no datagram is ever answered"));
    };
    arrived(WHAT, reply.sent.unwrap_or_default(), udp::counters(*local))
}

/// Advice for a receive buffer that overflows or stays full.
fn of_a_full_buffer() -> String {
    format!(
        "Does the daemon run, and is it fast enough? Raise net.core.rmem_default before it starts, set \
         {BYTES_PER_SECOND} lower, or set {TRANSPORT}=tcp-acked."
    )
}

/// Judges a datagram that was not refused, by the counters of its receiver on this host.
fn arrived(what: &'static str, sent: Sent, counters: Option<udp::Counters>) -> Finding {
    // The daemon may be behind the loopback of a container.
    let Some(udp::Counters { dropped, .. }) = counters else {
        let detail = "nobody refuses it; the socket that takes it is not ours to see";
        return Finding::ok(what, detail);
    };
    if sent.dropped > 0 {
        let detail =
            format!("the daemon's receive buffer was full: {dropped} datagrams had no room so far");
        return Finding::problem(what, detail, of_a_full_buffer());
    }
    if dropped == 0 {
        return Finding::ok(what, "the daemon's socket took it, and has dropped none so far");
    }
    let detail = format!("the daemon's socket took it, but {dropped} datagrams had no room so far");
    Finding::warning(what, detail, of_a_full_buffer())
}

impl Probe {
    fn new(doctor: &Doctor, way: Transport, trace_id: TraceId) -> Result<Self, EncodeError> {
        let notes = Notes::default();
        let settings = export::Settings {
            transport: way,
            notes: notes.clone(),
            ..doctor.settings.dialect(&doctor.resource)
        };
        let mut exporter = export::Exporter::new(&settings);
        let span_id = SpanId::from_u64(span::entropy() | 1);
        let batch = Batch::collect(&mut exporter, &[trace(trace_id, span_id)])?;
        Ok(Self { request: exporter.request(&batch), batch, exporter, notes, trace_id })
    }

    /// What had to be changed to make a valid document of it: at most the name.
    fn name(&self) -> Option<Finding> {
        let kind = self.notes.all().remove("name")?;
        let changed = kind.examples.front()?;
        Some(Finding::warning(
            "segments",
            format!("their name {:?} is sent as {:?}", changed.was, changed.became),
            format!(
                "X-Ray has no such name. Set {TRACING_NAME} to one of letters, digits, blanks and `_.:/%&#=+-@`."
            ),
        ))
    }

    fn judge(&self, what: &'static str, reply: &Reply) -> Finding {
        match self.exporter.verdict(&self.batch, reply) {
            Verdict::Delivered | Verdict::Sent { .. } => {
                Finding::ok(what, format!("X-Ray took it: trace {}", in_console(self.trace_id)))
            }
            Verdict::Partial { rejected: 0, message } => Finding::warning(
                what,
                message,
                "Whoever listens there may not be the X-Ray daemon.",
            ),
            Verdict::Partial { message, .. } => {
                let advice = of_unprocessed(&message);
                Finding::problem(what, format!("X-Ray refuses it: {message}"), advice)
            }
            Verdict::Split | Verdict::Isolate { .. } => {
                Finding::problem(what, "too large", of_refusal(&Refusal::of(reply)))
            }
            Verdict::Retry { reason, .. }
            | Verdict::Refused { reason }
            | Verdict::Reduce { reason } => {
                let advice = of_refusal(&Refusal::of(reply));
                Finding::problem(what, shorten(&reason, MAX_TEXT_CHARS), advice)
            }
        }
    }
}

/// The probe: a segment that ends as it begins.
fn trace(trace_id: TraceId, span_id: SpanId) -> LocalTrace {
    let now_ns = u64::try_from(span::since_epoch().as_nanos()).unwrap_or(u64::MAX);
    let probe = Attribute::new("spanwright_probe", true);
    let segment = Segment { is_root: true, annotations: vec![probe], ..Segment::default() };
    let span = SpanRecord {
        kind: SpanKind::Server,
        destinations: Destinations::SEGMENTS,
        segment: Some(Box::new(segment)),
        ..SpanRecord::new(SpanContext::sampled(trace_id, span_id), &SOURCE, now_ns, now_ns)
    };
    LocalTrace { root_id: span_id, spans: vec![span] }
}

/// A trace id as X-Ray writes it.
fn in_console(trace_id: TraceId) -> String {
    let id = trace_id.to_string();
    format!("1-{}-{}", &id[..8], &id[8..])
}

fn not_encodable(what: &'static str, error: &EncodeError) -> Finding {
    let advice = "Segments of this service cannot be written. Look at the resource's attributes.";
    Finding::problem(what, error.to_string(), advice)
}

/// What to do about a refusal of a whole request.
pub(super) fn of_refusal(refusal: &Refusal) -> &'static str {
    match refusal.access() {
        Some(problem) => return of_access(problem),
        None if refusal.is_throttled() => {
            return "AWS is asked too often; the service itself tries again by itself.";
        }
        None => {}
    }
    match refusal.status {
        404 => {
            "Whoever listens there does not know the path: is it the X-Ray daemon, version 3 or newer?"
        }
        413 => "Whoever listens there takes no documents of this size: is it the X-Ray daemon?",
        500.. => {
            "The daemon could not ask AWS, or AWS could not answer: the daemon's own log says which. Look for \
                  credentials and region."
        }
        _ => "AWS does not take the request; the daemon's own log says more.",
    }
}

/// What to do where AWS does not accept the credentials of the daemon, which signs.
const fn of_access(problem: AccessProblem) -> &'static str {
    match problem {
        AccessProblem::Clock => {
            "Set the clock of the daemon's machine, and let something keep it right (chrony, ntpd)."
        }
        AccessProblem::Region => "Start the daemon with the region of the account (`-n`).",
        AccessProblem::WrongSecret => {
            "Give the daemon the AWS_SECRET_ACCESS_KEY that belongs to its AWS_ACCESS_KEY_ID."
        }
        AccessProblem::Expired => {
            "Renew the daemon's AWS_SESSION_TOKEN and its keys, or give it a role, which renews them itself."
        }
        AccessProblem::UnknownKey => {
            "Give the daemon an access key that exists in the account, or a role; a session token must belong to \
             its key."
        }
        AccessProblem::Unsigned => "Give the daemon keys or a role: it has found none.",
        AccessProblem::NotAllowed => {
            "Give the role or the keys of the daemon the policy AWSXRayDaemonWriteAccess."
        }
        AccessProblem::Unknown => {
            "The answer has no code of AWS: is a proxy between the daemon and AWS, or is it no daemon? Otherwise \
             look at the daemon's credentials and their policy, AWSXRayDaemonWriteAccess."
        }
    }
}

/// What to do about a refusal of one document.
fn of_unprocessed(message: &str) -> String {
    if message.contains("InvalidName") {
        return format!(
            "Set {TRACING_NAME} to a name of letters, digits, blanks and `_.:/%&#=+-@`, at most 200."
        );
    }
    "Segments of this service are refused the same way. The code is explained at \
     <https://docs.aws.amazon.com/xray/latest/api/API_UnprocessedTraceSegment.html>."
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xray::Verdict as Health;

    #[test]
    fn a_dropped_probe_is_worse_than_drops_before_it() {
        for (dropped, so_far, expected) in [
            (0, Some(0), Health::Ok),
            (0, Some(3), Health::Warning),
            (1, Some(4), Health::Problem),
            (0, None, Health::Ok),
        ] {
            let counters = so_far.map(|dropped| udp::Counters { queued_bytes: 0, dropped });
            let finding = arrived("probe udp", Sent { dropped }, counters);
            assert_eq!(finding.verdict, expected, "{dropped} {so_far:?}");
            let is_well = expected == Health::Ok;
            assert!(is_well || finding.advice.is_some_and(|it| it.contains("rmem_default")));
        }
    }

    #[test]
    fn a_refusal_has_its_advice() {
        for (status, code, message, word) in [
            (403, "", "", "a proxy"),
            (400, "", "The security token included in the request is invalid", "access key"),
            (403, "UnrecognizedClientException", "", "access key that exists"),
            (403, "InvalidSignatureException", "does not match", "AWS_SECRET_ACCESS_KEY"),
            (403, "InvalidSignatureException", "Signature expired: 2026", "Set the clock"),
            (403, "ExpiredTokenException", "", "Renew"),
            (403, "AccessDeniedException", "", "AWSXRayDaemonWriteAccess"),
            (500, "", "NoCredentialProviders: no valid providers in chain", "keys or a role"),
            (400, "ThrottlingException", "", "too often"),
            (404, "", "", "version 3"),
            (429, "", "", "too often"),
            (502, "", "", "log"),
            (400, "", "", "log"),
        ] {
            let (code, message) = (code.to_owned(), message.to_owned());
            let refusal = Refusal { status, code, message };
            let advice = of_refusal(&refusal);
            assert!(advice.contains(word), "{refusal}: {advice}");
        }
    }
}
