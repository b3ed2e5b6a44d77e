//! Datagrams: nothing is lost that a sender can help.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use spanwright::loss::LossReason;
use spanwright::pipeline::Settings;
use spanwright::pipeline::transport::Transport;
use spanwright::pipeline::transport::udp::{self, Client, Lookup, MAX_DATAGRAM_BYTES, Pace};
use spanwright::record::Processor;
use support::rig::{LONG, Rig, Sum, in_turn, lost, sent, sum};
use support::xray_daemon::{self, InStep, XrayDaemon};

use crate::dialect::{
    Dialect, Document, Way, assert_all, documents, host_port, id, restless, settings,
};

/// Datagrams of a small document.
const SMALL: usize = 630;

fn rig(daemon: &XrayDaemon, transport: impl Transport) -> Rig<Document> {
    Rig::new(Dialect::new(Way::Udp, daemon.address()), transport, &in_turn())
}

fn paced(daemon: &XrayDaemon) -> Rig<Document> {
    rig(daemon, InStep::new(Client::new(settings(daemon)), daemon))
}

#[test]
fn a_burst_of_five_thousand_documents_arrives_whole() {
    let mut daemon = XrayDaemon::start();
    let tally = paced(&daemon).deliver(&documents(1..=5000, SMALL));
    assert_eq!(sum(tally), sent(5000));
    daemon.stop();
    assert_eq!((daemon.documents().len(), daemon.overflowed()), (5000, 0));
    assert_all(&daemon, 1..=5000);
}

#[test]
fn without_the_pace_the_same_burst_overflows_the_daemon() {
    let mut daemon = XrayDaemon::start();
    let client =
        Client::new(udp::Settings { pace: None, linger: Duration::ZERO, ..settings(&daemon) });
    let tally = rig(&daemon, client).deliver(&documents(1..=5000, SMALL));
    // The double works out what a daemon would lose; its own socket has a larger buffer.
    let dropped = tally.lost_to(LossReason::DroppedByReceiver);
    assert_eq!((tally.delivered, tally.sent + dropped), (0, 5000), "{tally:?}");
    daemon.stop();
    // Some overflow even the socket that the double has, where the system keeps that small.
    let arrived = daemon.documents().len();
    assert!((100..4000).contains(&arrived), "{arrived} of 5,000 arrived");
}

#[test]
fn long_documents_are_paced_too() {
    let daemon = XrayDaemon::start();
    let numbered = (1..=60).zip([8_230, 30_030, 60_030].into_iter().cycle());
    let group: Vec<_> = numbered.map(|(number, len)| Document { number, len }).collect();
    let tally = paced(&daemon).deliver(&group.into());
    assert_eq!(sum(tally), sent(60));
    daemon.wait_for(60);
    assert_eq!(daemon.overflowed(), 0);
    assert_all(&daemon, 1..=60);
}

#[test]
fn a_flush_waits_for_the_pace_and_a_shutdown_no_longer_than_its_deadline() {
    let daemon = XrayDaemon::start();
    // One document a millisecond, but for two bursts of twenty: the daemon is on this host.
    let pace = Some(Pace { max_bytes: 20 * 1536, per: Duration::from_millis(20) });
    let settings = udp::Settings { pace, ..settings(&daemon) };
    let rig = rig(&daemon, Client::new(settings));
    rig.handle.process(&documents(1..=100, SMALL));
    let begin = tokio::time::Instant::now();
    assert!(rig.flush(LONG).in_time);
    assert!(begin.elapsed() >= Duration::from_millis(60), "{:?}", begin.elapsed());
    daemon.wait_for(100);

    rig.handle.process(&documents(101..=1000, SMALL));
    let tally = rig.shutdown(Duration::from_millis(50)).tally;
    let Sum(1000, 0, 0, lost) = sum(tally) else { panic!("{tally:?}") };
    assert_eq!(lost, [(LossReason::Shutdown, 1000 - tally.sent)]);
}

#[test]
fn documents_that_find_no_daemon_wait_for_one() {
    let mut daemon = XrayDaemon::start();
    daemon.stop();
    let rig = paced(&daemon);
    rig.handle.process(&documents(1..=100, SMALL));
    let flushed = rig.flush(Duration::from_millis(50));
    assert!(!flushed.in_time, "{flushed:?}");
    assert_eq!(flushed.tally.sent, 0, "what is refused is not sent");
    daemon.restart();
    assert!(rig.flush(LONG).in_time);
    assert_eq!(sum(rig.shutdown(LONG).tally), sent(100));
    daemon.wait_for(100);
    assert_all(&daemon, 1..=100);
}

#[test]
fn a_refused_last_datagram_is_not_sent_either() {
    let mut daemon = XrayDaemon::start();
    daemon.stop();
    let rig = paced(&daemon);
    rig.handle.process(&documents(1..=1, SMALL));
    let flushed = rig.flush(Duration::from_millis(20));
    assert!(!flushed.in_time, "{flushed:?}");
    daemon.restart();
    assert_eq!(sum(rig.deliver(&documents(2..=2, SMALL))), sent(2));
    daemon.wait_for(2);
    assert_all(&daemon, 1..=2);
}

#[test]
fn a_daemon_that_restarts_in_the_middle_of_a_burst_gets_all_of_it() {
    let mut daemon = XrayDaemon::start();
    let rig = paced(&daemon);
    rig.handle.process(&documents(1..=5000, SMALL));
    for number in 1..=3 {
        daemon.wait_for_datagrams(number * 1000);
        daemon.stop();
        assert!(!rig.flush(Duration::from_millis(20)).in_time);
        daemon.restart();
    }
    assert!(rig.flush(LONG).in_time);
    assert_eq!(sum(rig.shutdown(LONG).tally), sent(5000));
    daemon.stop();
    assert_eq!(daemon.overflowed(), 0);
    assert_all(&daemon, 1..=5000);
}

#[test]
fn the_reason_of_a_refusal_is_said_and_the_request_is_given_up_in_the_end() {
    let mut daemon = XrayDaemon::start();
    daemon.stop();
    let give_up_after = Duration::from_millis(20);
    let rig = Rig::new(
        Dialect::new(Way::Udp, daemon.address()),
        Client::new(settings(&daemon)),
        &Settings { give_up_after, ..in_turn() },
    );
    let tally = rig.deliver(&documents(1..=3, SMALL));
    assert_eq!(sum(tally), lost(3, LossReason::RetriesExhausted));
}

/// A host name whose address can be changed.
#[derive(Clone, Default)]
struct Book(Arc<Mutex<Vec<SocketAddr>>>);

impl Book {
    fn says(&self, addresses: &[SocketAddr]) {
        *self.0.lock().expect("nobody panics while holding it") = addresses.to_vec();
    }

    fn client(&self, refresh: Duration) -> Client {
        let book = self.clone();
        let lookup: Lookup = Arc::new(move |of| {
            assert_eq!(of.to_string(), "xray-daemon:2000");
            match &*book.0.lock().expect("nobody panics while holding it") {
                none if none.is_empty() => Err(io::Error::other("no such host")),
                some => Ok(some.clone()),
            }
        });
        let to = host_port("xray-daemon:2000");
        let settings = udp::Settings::new(to);
        let settings = udp::Settings { refresh, ..settings };
        Client::with_lookup(settings, lookup)
    }
}

#[test]
fn a_name_that_moves_while_its_old_address_works_is_followed_when_it_is_looked_up_again() {
    let (old, new, book) = (XrayDaemon::start(), XrayDaemon::start(), Book::default());
    book.says(&[old.address()]);
    let rig = rig(&old, book.client(Duration::ZERO));
    rig.handle.process(&documents(1..=10, SMALL));
    assert!(rig.flush(LONG).in_time);
    book.says(&[new.address()]);
    assert_eq!(rig.deliver(&documents(11..=20, SMALL)).sent, 20);
    old.wait_for(10);
    new.wait_for(10);
    assert_all(&old, 1..=10);
    assert_all(&new, 11..=20);
}

#[test]
fn a_name_that_moves_when_its_old_address_refuses_is_followed_at_once() {
    let (mut old, new, book) = (XrayDaemon::start(), XrayDaemon::start(), Book::default());
    book.says(&[old.address()]);
    let rig = rig(&old, book.client(LONG * 1000));
    rig.handle.process(&documents(1..=10, SMALL));
    assert!(rig.flush(LONG).in_time);
    old.stop();
    book.says(&[new.address()]);
    assert_eq!(rig.deliver(&documents(11..=20, SMALL)).sent, 20);
    new.wait_for(10);
    assert_all(&old, 1..=10);
    assert_all(&new, 11..=20);
}

#[test]
fn the_address_that_does_not_refuse_is_found_among_several_and_kept() {
    let (mut gone, daemon, book) = (XrayDaemon::start(), XrayDaemon::start(), Book::default());
    gone.stop();
    book.says(&[gone.address(), daemon.address()]);
    let rig = rig(&daemon, book.client(LONG * 1000));
    rig.handle.process(&documents(1..=10, SMALL));
    assert!(rig.flush(LONG).in_time);
    gone.restart();
    assert_eq!(rig.deliver(&documents(11..=20, SMALL)).sent, 20);
    daemon.wait_for(20);
    assert_all(&daemon, 1..=20);
    assert_eq!(gone.documents(), []);
}

#[test]
fn an_address_that_the_system_itself_refuses_is_passed_over() {
    let (daemon, book) = (XrayDaemon::start(), Book::default());
    // Broadcasts need a permission that nobody asked for.
    let broadcast = (Ipv4Addr::BROADCAST, daemon.address().port()).into();
    book.says(&[broadcast, daemon.address()]);
    let rig = rig(&daemon, book.client(LONG * 1000));
    assert_eq!(rig.deliver(&documents(1..=10, SMALL)).sent, 10);
    daemon.wait_for(10);
    assert_all(&daemon, 1..=10);
}

#[test]
fn a_name_without_an_address_is_asked_for_again() {
    let (daemon, book) = (XrayDaemon::start(), Book::default());
    let rig =
        Rig::new(Dialect::new(Way::Udp, daemon.address()), book.client(LONG * 1000), &restless());
    rig.handle.process(&documents(1..=10, SMALL));
    assert!(!rig.flush(Duration::from_millis(30)).in_time);
    book.says(&[daemon.address()]);
    assert!(rig.flush(LONG).in_time);
    assert_eq!(rig.shutdown(LONG).tally.sent, 10);
    daemon.wait_for(10);
    assert_all(&daemon, 1..=10);
}

#[test]
fn what_no_datagram_can_carry_is_lost_alone() {
    let daemon = XrayDaemon::start();
    let lens = [SMALL, MAX_DATAGRAM_BYTES, MAX_DATAGRAM_BYTES + 1, SMALL];
    let numbered = (1..).zip(lens);
    let group: Vec<_> = numbered.map(|(number, len)| Document { number, len }).collect();
    let tally = paced(&daemon).deliver(&group.into());
    assert_eq!((sum(tally), tally.sent), (Sum(4, 0, 0, vec![(LossReason::TooLarge, 1)]), 3));
    daemon.wait_for(3);
    let found: Vec<_> = daemon.documents().into_iter().filter_map(|it| it.id).collect();
    assert_eq!(found, [id(1), id(2), id(4)]);
}

#[test]
fn a_daemon_on_ipv6_is_reached() {
    if UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).is_err() {
        // A machine without IPv6 has no daemon there.
        return;
    }
    let ip = IpAddr::V6(Ipv6Addr::LOCALHOST);
    let mut daemon = XrayDaemon::with(xray_daemon::Settings { ip, ..Default::default() });
    let rig = paced(&daemon);
    rig.handle.process(&documents(1..=10, SMALL));
    assert!(rig.flush(LONG).in_time);
    daemon.stop();
    rig.handle.process(&documents(11..=20, SMALL));
    assert!(!rig.flush(Duration::from_millis(20)).in_time);
    daemon.restart();
    assert!(rig.flush(LONG).in_time);
    assert_eq!(rig.shutdown(LONG).tally.sent, 20);
    daemon.wait_for(20);
    assert_all(&daemon, 1..=20);
}
