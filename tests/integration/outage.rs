//! The collector is killed while the service is busy, and stays away for ten seconds.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::Client;
use support::otlp_sink::OtlpSink;

use crate::programs::{Collector, OTLP, Service, endpoint, free_ports};
use crate::traces::{CALLER, trace_id, traceparent, trees, wait_for_spans};

/// How long there is no collector: by far longer than a restart takes.
const OUTAGE: Duration = Duration::from_secs(10);

/// How many callers there are, and how long each of them waits between two requests.
const CALLERS: usize = 2;
const PAUSE: Duration = Duration::from_millis(25);

/// The spans of every request, under that of its caller.
const SPANS: &str = "
  GET /api/activities/home
    find-user
      SELECT user by handle
    home-activities
      SELECT home feed
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_the_collector_is_killed_and_comes_back_after_ten_seconds() {
    let Some(program) = crate::program("SPANWRIGHT_ROTEL") else { return };
    let sink = OtlpSink::start();
    let ports = free_ports();
    let collector = Collector::start(&program, ports, &sink.endpoint());
    let service = Service::start("outage", &[(OTLP, &endpoint(ports[0]))]);
    let traffic = Traffic::start(&service.url);

    // The collector answers before it has passed a batch on. A batch of the service comes once a
    // second and stays there for 50 ms, so right behind one, all it was given has arrived.
    sink.server.wait_for(3);
    collector.kill();
    let before = traffic.count();
    tokio::time::sleep(OUTAGE).await;
    let during = traffic.count() - before;
    let collector = Collector::start(&program, ports, &sink.endpoint());
    let count = traffic.stop().await;
    assert!(during > 100, "only {during} requests were answered during the outage");

    let spans = count * (SPANS.lines().count() - 1);
    let report = service.stop();
    let all = format!("otlp: accepted {spans}, delivered {spans}, rejected 0, lost 0");
    assert!(report.ends_with(&all), "{report}");
    wait_for_spans(&sink, spans);
    collector.stop();
    let trees = trees(&sink);
    for number in 0..count {
        let tree = trees.get(&trace_id(number)).map(String::as_str);
        assert_eq!(tree, Some(format!("{CALLER}{SPANS}").as_str()), "request {number} of {count}");
    }
    assert_eq!(trees.len(), count);
}

/// Callers that ask again and again.
struct Traffic {
    shared: Arc<Shared>,
    callers: Vec<tokio::task::JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    is_over: AtomicBool,
    begun: AtomicUsize,
}

impl Traffic {
    fn start(url: &str) -> Self {
        let shared = Arc::<Shared>::default();
        let (client, url) = (Client::new(), format!("{url}/api/activities/home"));
        let call = |_| tokio::spawn(call(client.clone(), url.clone(), Arc::clone(&shared)));
        Self { callers: (0..CALLERS).map(call).collect(), shared }
    }

    /// How many requests there were so far.
    fn count(&self) -> usize {
        self.shared.begun.load(Ordering::Relaxed)
    }

    /// Lets the requests under way end, and returns how many there were.
    async fn stop(self) -> usize {
        self.shared.is_over.store(true, Ordering::Relaxed);
        for caller in self.callers {
            caller.await.expect("every request was answered");
        }
        self.shared.begun.load(Ordering::Relaxed)
    }
}

async fn call(client: Client, url: String, shared: Arc<Shared>) {
    let mut pace = tokio::time::interval(PAUSE);
    while !shared.is_over.load(Ordering::Relaxed) {
        pace.tick().await;
        let number = shared.begun.fetch_add(1, Ordering::Relaxed);
        let request = client.get(&url).header("traceparent", traceparent(number));
        let answer = request.send().await.expect("the service answers");
        assert_eq!(answer.status(), 200);
        answer.bytes().await.expect("the body arrives whole");
    }
}
