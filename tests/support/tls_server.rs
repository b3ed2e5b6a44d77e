//! A TLS server on loopback with certificates of an authority that is made for the test.

use std::fmt;
use std::io::{self, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use crate::http_server::{Log, receive, reply};

/// An authority that certifies servers and clients.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its private key, in PEM.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The certificate.
    pub certificate: String,
    /// The key.
    pub key: String,
}

impl Authority {
    /// Makes a new one.
    ///
    /// # Panics
    /// The system has no randomness to give.
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("the system has randomness");
        Self(CertifiedIssuer::self_signed(params, key).expect("the parameters are right"))
    }

    /// Its own certificate, in PEM.
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for this name.
    ///
    /// # Panics
    /// The name is none.
    pub fn identity(&self, name: &str) -> Identity {
        let (certificate, key) = self.certify(name);
        Identity { certificate: certificate.pem(), key: key.serialize_pem() }
    }

    fn certify(&self, name: &str) -> (rcgen::Certificate, KeyPair) {
        let params = CertificateParams::new([name.to_owned()]).expect("a name of a host");
        let key = KeyPair::generate().expect("the system has randomness");
        let certificate = params.signed_by(&key, &self.0).expect("the parameters are right");
        (certificate, key)
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).expect("a certificate of an authority");
        roots
    }

    fn server(&self, name: &str, wants_client: bool) -> ServerConfig {
        let (certificate, key) = self.certify(name);
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .expect("the provider has the default versions");
        let config = if wants_client {
            let roots = Arc::new(self.roots());
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider).build();
            config.with_client_cert_verifier(verifier.expect("there is an authority"))
        } else {
            config.with_no_client_auth()
        };
        config
            .with_single_cert(vec![certificate.der().clone()], key)
            .expect("the key is that of the certificate")
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authority")
    }
}

/// The server, which answers every request by 200; stops when it is dropped.
#[derive(Debug)]
pub struct TlsServer {
    address: SocketAddr,
    log: Log,
    is_stopped: Arc<AtomicBool>,
}

impl TlsServer {
    /// Starts a server of this name; with `wants_client` it takes only clients with a certificate of the
    /// authority.
    ///
    /// # Panics
    /// The system has no port to give.
    pub fn start(authority: &Authority, name: &str, wants_client: bool) -> Self {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has free ports");
        let address = listener.local_addr().expect("a bound socket has an address");
        let (log, is_stopped) = (Log::default(), Arc::new(AtomicBool::new(false)));
        let config = Arc::new(authority.server(name, wants_client));
        let (kept, stopped) = (log.clone(), Arc::clone(&is_stopped));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                let (config, log) = (Arc::clone(&config), kept.clone());
                // A connection that breaks is the client's to notice.
                thread::spawn(move || drop(converse(stream, config, &log)));
            }
        });
        Self { address, log, is_stopped }
    }

    /// Address of the listener.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Requests received.
    pub const fn log(&self) -> &Log {
        &self.log
    }
}

impl Drop for TlsServer {
    fn drop(&mut self) {
        self.is_stopped.store(true, Ordering::Relaxed);
        // Wakes the accepting thread, which then sees the mark.
        let _ = TcpStream::connect(self.address);
    }
}

fn converse(stream: TcpStream, config: Arc<ServerConfig>, log: &Log) -> io::Result<()> {
    let connection = ServerConnection::new(config).map_err(io::Error::other)?;
    let mut reader = BufReader::new(StreamOwned::new(connection, stream));
    while let Some(received) = receive(&mut reader)? {
        log.push(received);
        let stream = reader.get_mut();
        stream.write_all(&reply(200, &[], &[]))?;
        stream.flush()?;
    }
    Ok(())
}
