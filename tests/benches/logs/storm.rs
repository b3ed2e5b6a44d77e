//! A web service that logs 100,000 events a second, to CloudWatch Logs and to nobody.

use std::hint::black_box;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use actix_web::{App, HttpResponse, HttpServer, web};
use spanwright::actix::Tracing;
use spanwright::traced;
use tracing::info;

use super::figures::{Figures, OURS};
use super::install;
use super::process::{Sink, memory_mb};

/// How long a round takes.
const SECONDS: u64 = 10;
/// How many requests a second make a million events in a round.
const STORM: u64 = 2_000;
/// What a request logs, besides its line in the access log.
pub(crate) const EVENTS_PER_REQUEST: u64 = 50;

/// How many connections the requests come by.
const CLIENTS: u64 = 4;

/// How often each takes its turn.
const ROUNDS: usize = 5;

/// What a request does beside its log: so many steps, some 50 µs.
const STEPS: u64 = 40_000;

pub(crate) const LONG: Duration = Duration::from_mins(1);

#[traced]
fn orders() -> u64 {
    for number in 0..EVENTS_PER_REQUEST {
        info!(number, user.id = super::TEXT, is_new = true, "an activity was made");
    }
    (0..STEPS).fold(1, |sum, step| black_box(sum ^ step).wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

async fn answer() -> HttpResponse {
    HttpResponse::Ok().body(orders().to_string())
}

/// Measures rounds with the log and without, in turns.
pub(crate) fn run(figures: &mut Figures) {
    let address = serve();
    let (mut without, mut with) = (Vec::new(), Vec::new());
    round(address, STORM);
    let before = memory_mb("VmRSS");
    forget_peak();
    for _ in 0..ROUNDS {
        without.extend(round(address, STORM));
        let sink = Sink::start(19);
        let telemetry = install(&sink.url, true);
        with.extend(round(address, STORM));
        let report = telemetry.shutdown(LONG);
        let arrived = sink.stop();
        let tally = report.destinations[0].tally;
        let made = STORM * SECONDS * (EVENTS_PER_REQUEST + 1);
        println!("{:<14} {OURS:<20} {report}; arrived {arrived} of {made} made", "storm");
        assert!(report.in_time, "{report}");
        assert_eq!(report.logs.accepted, report.logs.delivered + report.logs.lost(), "{report}");
        let settled = tally.delivered + tally.sent + tally.rejected + tally.lost();
        assert_eq!(tally.accepted, settled, "{report}");
        assert_eq!(tally.delivered, arrived, "{report}");
    }
    let [bare, ours] = [without, with].map(p99_us);
    figures.add("storm p99", "without", bare, "us");
    figures.add("storm p99", OURS, ours, "us");
    println!("{:<14} {OURS:<20} {:>9.3} x p99 without", "storm p99", ours / bare);
    let peak = memory_mb("VmHWM");
    println!("{:<14} {OURS:<20} {before:>9.1} MB before, {peak:.1} MB at most", "storm memory");
}

/// Starts the service on two threads of its own.
pub(crate) fn serve() -> SocketAddr {
    let (started, address) = std::sync::mpsc::channel();
    thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let app = || App::new().route("/orders", web::get().to(answer)).wrap(Tracing::new());
            let server = HttpServer::new(app).workers(2).disable_signals();
            let server = server.bind("127.0.0.1:0").expect("the system has a port");
            started.send(server.addrs()[0]).expect("somebody waits");
            server.run().await
        })
    });
    address.recv().expect("the service starts")
}

/// Makes the requests of a round, each at its time, whether or not the one before was late; the times
/// from then to their answers.
pub(crate) fn round(address: SocketAddr, per_second: u64) -> Vec<Duration> {
    let pace = (Instant::now(), per_second);
    let clients = (0..CLIENTS).map(|client| thread::spawn(move || requests(address, client, pace)));
    let clients: Vec<_> = clients.collect();
    clients.into_iter().flat_map(|client| client.join().expect("it only asks")).collect()
}

fn requests(
    address: SocketAddr,
    client: u64,
    (begin, per_second): (Instant, u64),
) -> Vec<Duration> {
    let mut stream = TcpStream::connect(address).expect("the service listens");
    stream.set_nodelay(true).expect("the connection is open");
    let mut times = Vec::new();
    let mut answer = [0; 4_096];
    for number in (client..per_second * SECONDS).filter(|it| it % CLIENTS == client) {
        let due = begin + Duration::from_nanos(1_000_000_000 / per_second * number);
        thread::sleep(due.saturating_duration_since(Instant::now()));
        let begin = due.max(Instant::now());
        stream.write_all(b"GET /orders HTTP/1.1\r\nhost: bench\r\n\r\n").expect("it is open");
        let read = stream.read(&mut answer).expect("it is open");
        assert!(answer[..read].starts_with(b"HTTP/1.1 200"), "the service answers");
        times.push(begin.elapsed());
    }
    times
}

fn p99_us(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() * 99 / 100].as_secs_f64() * 1e6
}

/// Begins the most memory of this process anew.
///
/// Source: <https://man7.org/linux/man-pages/man5/proc_pid_clear_refs.5.html>.
fn forget_peak() {
    // Where the system does not know it, the peak is that of all parts of the bench.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}
