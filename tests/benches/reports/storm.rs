//! A service in which ten thousand requests fail in a second, all for the same reason.
//!
//! Every thread works as fast as it can, so that whatever reporting takes, on any thread, is missing
//! from what the requests get done.

use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use spanwright::config::Environment;
use spanwright::{Config, Telemetry, report_errors};
use support::rollbar_server::{RollbarServer, TOKEN};

use super::failure::Failure;
use super::figures::{Figures, OURS};

/// What a request does, when nothing else runs on the machine.
const WORK: Duration = Duration::from_micros(50);

/// How long the requests of one round take so.
const ROUND: Duration = Duration::from_secs(1);

/// How often each takes its turn: other programs disturb some turns, and a few would not average out.
const ROUNDS: usize = 10;

const FAILURES_PER_SECOND: u64 = 10_000;

const LONG: Duration = Duration::from_mins(1);

/// Work that no other program makes longer: so many steps.
#[inline(never)]
fn work(steps: u64) -> u64 {
    (0..steps).fold(1, |sum, step| black_box(sum ^ step).wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

/// How many steps [`WORK`] takes: as many as fit into the shortest of some tries.
fn steps_of_work() -> u64 {
    const STEPS: u64 = 100_000;
    let time = || {
        let begin = Instant::now();
        black_box(work(STEPS));
        begin.elapsed()
    };
    let shortest = (0..50).map(|_| time()).min().unwrap_or(WORK);
    u64::try_from(u128::from(STEPS) * WORK.as_nanos() / shortest.as_nanos()).unwrap_or(STEPS)
}

#[report_errors(person(id = number), context = "orders")]
fn request(number: u64, steps: u64, fails: bool) -> Result<u64, Failure> {
    let sum = work(steps);
    pay(sum ^ number, fails)
}

#[report_errors]
fn pay(sum: u64, fails: bool) -> Result<u64, Failure> {
    if black_box(fails) { Err(Failure::new()) } else { Ok(sum) }
}

/// A round of requests on every processor.
#[derive(Clone, Copy)]
struct Load {
    threads: u64,
    requests_per_thread: u64,
    fail_every: u64,
    steps: u64,
}

/// What a round took.
struct Taken {
    elapsed: Duration,
    cpu: Duration,
}

impl Load {
    fn new() -> Self {
        let threads = thread::available_parallelism().map_or(1, usize::from) as u64;
        let per_second = u64::try_from(1_000_000 / WORK.as_micros()).unwrap_or(u64::MAX);
        Self {
            threads,
            requests_per_thread: per_second * ROUND.as_secs(),
            fail_every: threads * per_second / FAILURES_PER_SECOND,
            steps: steps_of_work(),
        }
    }

    const fn requests(self) -> u64 {
        self.threads * self.requests_per_thread
    }

    fn run(self) -> Taken {
        let (begin, cpu) = (Instant::now(), cpu_time());
        thread::scope(|scope| {
            for _ in 0..self.threads {
                scope.spawn(|| {
                    for number in 0..self.requests_per_thread {
                        let fails = number % self.fail_every == 0;
                        assert_eq!(request(number, self.steps, fails).is_err(), fails);
                    }
                });
            }
        });
        Taken { elapsed: begin.elapsed(), cpu: cpu_time().saturating_sub(cpu) }
    }
}

/// Measures rounds with reporting and without, in turns.
pub(crate) fn run(figures: &mut Figures) {
    let rollbar = RollbarServer::start();
    let load = Load::new();
    let failures = load.threads * load.requests_per_thread.div_ceil(load.fail_every);
    // The first failure reads the program's symbols, and keeps them.
    let telemetry = install(&rollbar);
    assert!(request(0, load.steps, true).is_err());
    stop(telemetry, 1);
    let (mut without, mut with) = (Vec::new(), Vec::new());
    let before = resident_megabytes();
    for _ in 0..ROUNDS {
        without.push(load.run());
        let telemetry = install(&rollbar);
        with.push(load.run());
        stop(telemetry, failures);
    }
    let after = resident_megabytes();
    let [bare, ours] = [&without, &with].map(|rounds| per_second(load, rounds));
    figures.add("storm", "without", bare, "requests/s");
    figures.add("storm", OURS, ours, "requests/s");
    let ratios = without.iter().zip(&with);
    let ratio = |of: fn(&Taken) -> Duration| {
        let mut ratios: Vec<_> = ratios
            .clone()
            .map(|(bare, ours)| of(bare).as_secs_f64() / of(ours).as_secs_f64())
            .collect();
        ratios.sort_unstable_by(f64::total_cmp);
        f64::midpoint(ratios[(ROUNDS - 1) / 2], ratios[ROUNDS / 2])
    };
    println!("{:<14} {OURS:<20} {:>9.3} x requests/s without", "storm", ratio(|it| it.elapsed));
    println!("{:<14} {OURS:<20} {:>9.3} x requests/cpu without", "storm", ratio(|it| it.cpu));
    println!("{:<14} {OURS:<20} {before:>9.1} MB before, {after:.1} MB after", "storm memory");
    println!("{:<14} {OURS:<20} {:>9} items", "storm", rollbar.items().len());
}

fn install(rollbar: &RollbarServer) -> Telemetry {
    let endpoint = rollbar.endpoint();
    let variables = [("ROLLBAR_ACCESS_TOKEN", TOKEN), ("ROLLBAR_ENDPOINT", endpoint.as_str())];
    let environment: Environment = variables.into_iter().collect();
    let config = Config::from_environment(&environment).expect("there is nothing to misread");
    config.install().expect("nothing else is installed")
}

fn stop(telemetry: Telemetry, failures: u64) {
    let report = telemetry.shutdown(LONG);
    assert!(report.in_time, "{report}");
    let errors = &report.errors;
    assert_eq!(errors.pending(), 0, "{report}");
    assert!(errors.accepted >= failures, "{report}");
}

fn per_second(load: Load, rounds: &[Taken]) -> f64 {
    let elapsed: Duration = rounds.iter().map(|taken| taken.elapsed).sum();
    #[expect(clippy::cast_precision_loss, reason = "some hundred thousand requests")]
    let requests = (load.requests() * rounds.len() as u64) as f64;
    requests / elapsed.as_secs_f64()
}

fn cpu_time() -> Duration {
    let cpu = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(cpu.tv_sec.unsigned_abs(), u32::try_from(cpu.tv_nsec).unwrap_or(0))
}

/// The memory that this process holds; 0 where the system does not tell.
fn resident_megabytes() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kilobytes.unwrap_or(0.0) / 1024.0
}
