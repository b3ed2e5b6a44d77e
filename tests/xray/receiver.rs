//! Receivers on this host that do not read, or not fast enough: the sender goes by the counters of
//! their kernel, so these tests are of Linux.
#![cfg(target_os = "linux")]

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use socket2::SockRef;
use spanwright::loss::LossReason;
use spanwright::pipeline::Settings;
use spanwright::pipeline::transport::udp::{self, Client};
use spanwright::record::Processor;
use support::rig::{LONG, Rig, Sum, in_turn, sent, sum};
use support::xray_daemon::{document, find_id};

use crate::dialect::{Dialect, Document, Way, documents, host_port, id};

/// Size of the documents; the kernel counts 1,280 bytes for each, the sender 1,536.
const SMALL: usize = 630;

/// A socket with the receive buffer that the system gives.
fn bind() -> UdpSocket {
    UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has free ports")
}

/// A socket whose receive buffer holds a few documents.
fn bind_small() -> UdpSocket {
    let socket = bind();
    SockRef::from(&socket).set_recv_buffer_size(4_096).expect("a buffer can be small");
    socket
}

fn address(socket: &UdpSocket) -> SocketAddr {
    socket.local_addr().expect("a bound socket has an address")
}

fn to(socket: &UdpSocket) -> udp::Settings {
    udp::Settings::new(host_port(&address(socket).to_string()))
}

fn rig(socket: &UdpSocket, settings: udp::Settings, pipeline: &Settings) -> Rig<Document> {
    Rig::new(Dialect::new(Way::Udp, address(socket)), Client::new(settings), pipeline)
}

/// Datagrams that the kernel dropped before a socket.
fn dropped(socket: &UdpSocket) -> u64 {
    let port = format!(":{:04X}", address(socket).port());
    let table = std::fs::read_to_string("/proc/net/udp").expect("Linux has this table");
    let mut columns = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let found = columns.find(|columns| columns[1].ends_with(&port));
    found.and_then(|columns| columns.last()?.parse().ok()).expect("the socket is listed")
}

/// Reads documents until there are this many, or until none is left; their ids.
fn read(socket: &UdpSocket, expected: usize) -> BTreeSet<String> {
    let (mut found, mut buffer) = (BTreeSet::new(), vec![0; 65_536]);
    while found.len() < expected {
        match socket.recv(&mut buffer) {
            Ok(len) => {
                let text = document(&buffer[..len]).expect("a datagram is a document");
                let text = std::str::from_utf8(text).expect("a document is text");
                found.insert(find_id(text, "id").expect("a document has an id"));
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                break;
            }
            Err(error) => panic!("{error}"),
        }
    }
    found
}

fn read_what_is_there(socket: &UdpSocket) -> BTreeSet<String> {
    socket.set_nonblocking(true).expect("a socket need not block");
    read(socket, usize::MAX)
}

#[test]
fn a_stopped_receiver_gets_everything_when_it_reads_again() {
    let socket = bind();
    let rig = rig(&socket, to(&socket), &in_turn());
    rig.handle.process(&documents(1..=1000, SMALL));
    let flushed = rig.flush(Duration::from_millis(300));
    assert!(!flushed.in_time, "more than the buffer holds: {flushed:?}");
    assert_eq!((flushed.tally.lost(), dropped(&socket)), (0, 0), "{flushed:?}");

    socket.set_read_timeout(Some(LONG)).expect("the timeout is not zero");
    assert_eq!(read(&socket, 1000), (1..=1000).map(id).collect());
    assert!(rig.flush(LONG).in_time);
    assert_eq!((sum(rig.shutdown(LONG).tally), dropped(&socket)), (sent(1000), 0));
}

#[test]
fn what_a_stopped_receiver_does_not_read_is_lost_at_the_shutdown() {
    let socket = bind();
    let rig = rig(&socket, to(&socket), &in_turn());
    rig.handle.process(&documents(1..=1000, SMALL));
    let tally = rig.shutdown(Duration::from_millis(300)).tally;
    let unsent = 1000 - tally.sent;
    assert_eq!(sum(tally), Sum(1000, 0, 0, vec![(LossReason::Shutdown, unsent)]));
    assert!(tally.sent > 0 && unsent > 800, "{tally:?}");
    // Those of the request that the shutdown ended may be there besides.
    let found = read_what_is_there(&socket).len() as u64;
    assert!((tally.sent..tally.sent + 64).contains(&found), "{found} arrived: {tally:?}");
    assert_eq!(dropped(&socket), 0);
}

#[test]
fn what_a_stopped_receiver_does_not_read_is_given_up() {
    let socket = bind();
    let settings = udp::Settings { read_patience: Duration::from_millis(20), ..to(&socket) };
    let give_up_after = Duration::from_millis(20);
    let rig = rig(&socket, settings, &Settings { give_up_after, ..in_turn() });
    let tally = rig.deliver(&documents(1..=500, SMALL));
    let unsent = 500 - tally.sent;
    assert_eq!(sum(tally), Sum(500, 0, 0, vec![(LossReason::RetriesExhausted, unsent)]));
    assert!(tally.sent > 0 && unsent > 300, "{tally:?}");
    assert_eq!(dropped(&socket), 0);
}

#[test]
fn what_the_kernel_drops_is_counted_as_lost() {
    for pace in [Some(udp::Pace::default()), None] {
        let socket = bind_small();
        let tally = rig(&socket, udp::Settings { pace, ..to(&socket) }, &in_turn())
            .deliver(&documents(1..=50, SMALL));
        let dropped = dropped(&socket);
        assert!((1..50).contains(&dropped), "{dropped}");
        assert_eq!(sum(tally), Sum(50, 0, 0, vec![(LossReason::DroppedByReceiver, dropped)]));
        assert_eq!(read_what_is_there(&socket).len() as u64, tally.sent);
    }
}

#[test]
fn a_full_small_buffer_is_not_sent_to_again() {
    let socket = bind_small();
    let rig = rig(&socket, to(&socket), &in_turn());
    rig.handle.process(&documents(1..=50, SMALL));
    let first = rig.flush(LONG).tally;
    rig.handle.process(&documents(51..=100, SMALL));
    assert!(!rig.flush(Duration::from_millis(100)).in_time);
    let dropped = dropped(&socket);
    assert_eq!(dropped, first.lost_to(LossReason::DroppedByReceiver), "none of the second request");
    let tally = rig.shutdown(Duration::ZERO).tally;
    let lost = vec![(LossReason::Shutdown, 50), (LossReason::DroppedByReceiver, dropped)];
    assert_eq!(sum(tally), Sum(100, 0, 0, lost));
}
