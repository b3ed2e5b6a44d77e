//! A proxy on loopback for `CONNECT`: it resolves every name to one address.

use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::watched::Watched;

/// The proxy; stops when it is dropped.
#[derive(Debug)]
pub struct ConnectProxy {
    address: SocketAddr,
    heads: Arc<Watched<Vec<String>>>,
    is_stopped: Arc<AtomicBool>,
}

impl ConnectProxy {
    /// Starts a proxy that tunnels to `upstream`, whatever it is asked for; without one it refuses by 407.
    ///
    /// # Panics
    /// The system has no port to give.
    pub fn start(upstream: Option<SocketAddr>) -> Self {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has free ports");
        let address = listener.local_addr().expect("a bound socket has an address");
        let (heads, is_stopped) = (Arc::new(Watched::default()), Arc::new(AtomicBool::new(false)));
        let (kept, stopped) = (Arc::clone(&heads), Arc::clone(&is_stopped));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                let heads = Arc::clone(&kept);
                // A connection that breaks is the client's to notice.
                thread::spawn(move || drop(tunnel(stream, upstream, &heads)));
            }
        });
        Self { address, heads, is_stopped }
    }

    /// Address of the listener, as `host:port`.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// The head of each request, its first line first.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().clone()
    }
}

impl Drop for ConnectProxy {
    fn drop(&mut self) {
        self.is_stopped.store(true, Ordering::Relaxed);
        // Wakes the accepting thread, which then sees the mark.
        let _ = TcpStream::connect(self.address);
    }
}

fn tunnel(
    mut client: TcpStream,
    upstream: Option<SocketAddr>,
    heads: &Watched<Vec<String>>,
) -> io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut head = String::new();
    while reader.read_line(&mut head)? > 2 {}
    heads.change(|heads| heads.push(head));
    let Some(upstream) = upstream else {
        let mut refusal = String::new();
        let status = "HTTP/1.1 407 Proxy Authentication Required";
        write!(refusal, "{status}\r\ncontent-length: 0\r\n\r\n").map_err(io::Error::other)?;
        return client.write_all(refusal.as_bytes());
    };
    let mut server = TcpStream::connect(upstream)?;
    client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n")?;
    let (mut from_server, mut to_client) = (server.try_clone()?, client);
    thread::spawn(move || drop(io::copy(&mut from_server, &mut to_client)));
    io::copy(&mut reader, &mut server)?;
    Ok(())
}
