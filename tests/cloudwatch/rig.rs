//! The destination with everything but its events.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use spanwright::aws::{Access, Credentials, Endpoint, Region, Service, Transport};
use spanwright::export::cloudwatch::{Creation, Exporter, Group, Settings as Log, Template};
use spanwright::pipeline::Settings;
use spanwright::record::{Level, LogId, LogRecord};
use support::cloudwatch_server::{CloudwatchServer, Event, NOW_UNIX_MS, REGION, credentials, now};
use support::rig::{LONG, Rig};

pub(crate) const GROUP: &str = "cruddur";
pub(crate) const STREAM: &str = "web-1";

pub(crate) const HOUR_MS: u64 = 60 * 60 * 1_000;

/// An event whose id and message are made of its number, so many microseconds after ten o'clock.
pub(crate) fn event(number: u64) -> LogRecord {
    let unix_ns = NOW_UNIX_MS * 1_000_000 + number * 1_000;
    LogRecord {
        id: LogId::new(unix_ns, number),
        unix_ns,
        level: Level::Info,
        target: "cruddur::home".into(),
        file: None,
        line: None,
        message: format!("event {number}").into(),
        attributes: Vec::new(),
        span: None,
        user: None,
    }
}

/// The same at another time.
pub(crate) fn event_at(number: u64, unix_ms: u64) -> LogRecord {
    LogRecord { unix_ns: unix_ms * 1_000_000, ..event(number) }
}

pub(crate) fn events(numbers: std::ops::RangeInclusive<u64>) -> Arc<[LogRecord]> {
    numbers.map(event).collect()
}

/// The log of a group and a stream.
pub(crate) fn log() -> Log {
    let group = Group::new(GROUP).expect("a name");
    Log { stream: Template::new(STREAM).expect("a template"), ..Log::new(group) }
}

pub(crate) fn rig(server: &CloudwatchServer, settings: &Settings) -> Rig<LogRecord> {
    rig_of(server, &log(), settings)
}

pub(crate) fn rig_of(server: &CloudwatchServer, log: &Log, settings: &Settings) -> Rig<LogRecord> {
    let transport = transport(server, log, credentials(), now);
    Rig::new(Exporter::new(log, &server.url()), transport, settings)
}

pub(crate) fn transport(
    server: &CloudwatchServer,
    log: &Log,
    credentials: Credentials,
    clock: fn() -> SystemTime,
) -> Transport<Creation> {
    let endpoint = Endpoint::at(&server.url()).expect("the double has an address");
    let region = Region::new(REGION).expect("a name");
    let access = Access::new(Service::LOGS).region(region).endpoint(endpoint);
    let access = access.credentials(credentials);
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let target = runtime.block_on(access.target()).expect("the region is set");
    let provider = access.provider(&target.region);
    let creation = Creation::new(log, &server.url());
    let timeout = if log.timeout < Duration::from_secs(10) { log.timeout } else { LONG };
    Transport::new(target, provider, timeout, clock, creation).expect("no certificates needed")
}

/// What the stream holds.
pub(crate) fn kept(server: &CloudwatchServer) -> Vec<Event> {
    server.store().events(GROUP, STREAM)
}

/// The numbers of the events that the stream holds, in order.
pub(crate) fn numbers(server: &CloudwatchServer) -> Vec<u64> {
    let number = |event: &Event| {
        let message = event.json()["message"].as_str().expect("a text").to_owned();
        message.rsplit(' ').next().and_then(|number| number.parse().ok()).expect("a number")
    };
    kept(server).iter().map(number).collect()
}

/// The same for what came in requests whose order is nobody's.
pub(crate) fn in_any_order(server: &CloudwatchServer) -> Vec<u64> {
    let mut numbers = numbers(server);
    numbers.sort_unstable();
    numbers
}
