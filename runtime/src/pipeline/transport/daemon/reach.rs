//! Whether a name has addresses, and whether anybody takes a connection there.
//!
//! In: a host and a port. Out: its addresses, or what the network said.
//! Never: sends anything over a connection; it is closed as soon as it stands.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::HostPort;
use crate::pipeline::transport::udp::Lookup;

/// The addresses behind a name, version four first; an address needs no look-up.
///
/// # Errors
/// The look-up failed, took longer than `patience`, or found nothing.
pub(crate) async fn resolve(
    of: &HostPort,
    lookup: &Lookup,
    patience: Duration,
) -> io::Result<Vec<SocketAddr>> {
    if let Ok(ip) = of.host().parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(ip, of.port())]);
    }
    let (name, lookup) = (of.clone(), Arc::clone(lookup));
    let looking = spawn_blocking(move || lookup(&name));
    let mut found = match timeout(patience, looking).await {
        Ok(found) => found.unwrap_or_else(|panic| Err(io::Error::other(panic)))?,
        Err(_) => return Err(too_slow(patience)),
    };
    if found.is_empty() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address"));
    }
    found.sort_by_key(SocketAddr::is_ipv6);
    Ok(found)
}

/// Opens a TCP connection and closes it again.
///
/// # Errors
/// What the network said, or that it said nothing within `patience`.
pub(crate) async fn connect(to: SocketAddr, patience: Duration) -> io::Result<()> {
    match timeout(patience, TcpStream::connect(to)).await {
        Ok(connected) => connected.map(drop),
        Err(_) => Err(too_slow(patience)),
    }
}

fn too_slow(patience: Duration) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, format!("no answer within {patience:?}"))
}
