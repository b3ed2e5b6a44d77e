//! Certificates of authorities and clients, as files name them.

use std::fs;
use std::path::PathBuf;

use spanwright::export::{PemFile, Reply, Request, TlsFiles};
use spanwright::pipeline::transport::{Transport, TransportError, http};
use spanwright::secret::Secret;
use support::tls_server::{Authority, TlsServer};

use crate::rig::LONG;

/// A new file that is gone with its test.
pub(crate) struct File(pub(crate) PathBuf);

impl File {
    pub(crate) fn new(name: &str, text: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::write(&path, text).expect("the folder of the build is writable");
        Self(path)
    }

    fn pem(&self) -> PemFile {
        PemFile::new(&self.0)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.0));
    }
}

fn settings(tls: TlsFiles) -> http::Settings {
    http::Settings { tls: Some(tls), ..http::Settings::new(LONG) }
}

async fn send(tls: TlsFiles, server: &TlsServer) -> Result<Reply, TransportError> {
    let url = Secret::new(format!("https://localhost:{}/v1/traces", server.address().port()));
    let request = Request { url, headers: Vec::new(), body: Vec::new() };
    http::Client::new(&settings(tls)).expect("the files are right").send(request).await
}

#[tokio::test]
async fn only_authorities_of_the_file_are_trusted() {
    let (own, other) = (Authority::new(), Authority::new());
    let server = TlsServer::start(&own, "localhost", false);
    let with = |name, authority: &Authority| File::new(name, &authority.pem());
    let (own, other) = (with("own-ca.pem", &own), with("other-ca.pem", &other));
    let ca = |file: &File| TlsFiles { ca: Some(file.pem()), ..TlsFiles::default() };
    assert_eq!(send(ca(&own), &server).await.expect("it is trusted").status, 200);
    let error = send(ca(&other), &server).await.expect_err("nobody knows the authority");
    assert!(matches!(error, TransportError::Connect(_)), "{error}");
    assert_eq!(server.log().all().len(), 1);
}

#[tokio::test]
async fn a_server_that_wants_a_client_certificate_gets_that_of_the_files() {
    let authority = Authority::new();
    let server = TlsServer::start(&authority, "localhost", true);
    let ca = File::new("mtls-ca.pem", &authority.pem());
    let client = authority.identity("client.test");
    let certificate = File::new("mtls-client.pem", client.certificate.trim_end());
    let key = File::new("mtls-key.pem", client.key.trim_end());
    let alone = TlsFiles { ca: Some(ca.pem()), ..TlsFiles::default() };
    let both = TlsFiles {
        client_certificate: Some(certificate.pem()),
        client_key: Some(key.pem()),
        ..alone.clone()
    };
    assert_eq!(send(both, &server).await.expect("the client is known").status, 200);
    send(alone, &server).await.expect_err("the client is not known");
    assert_eq!(server.log().all().len(), 1);
}

#[test]
fn a_file_that_cannot_be_used_is_named() {
    let authority = Authority::new();
    let (own, other) = (authority.identity("a.test"), authority.identity("b.test"));
    let good = File::new("good.pem", &own.certificate);
    let key = File::new("good-key.pem", &own.key);
    let other_key = File::new("other-key.pem", &other.key);
    let (empty, text) = (File::new("empty.pem", ""), File::new("text.pem", "no certificate"));
    let der = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let broken = File::new("broken.pem", der);
    let missing = File(PathBuf::from("/no/such/file.pem"));
    let ca = |file: &File| TlsFiles { ca: Some(file.pem()), ..TlsFiles::default() };
    let client = |certificate: &File, key: &File| TlsFiles {
        client_certificate: Some(certificate.pem()),
        client_key: Some(key.pem()),
        ca: Some(good.pem()),
    };
    for (files, named, problem) in [
        (ca(&missing), &missing, "No such file"),
        (ca(&empty), &empty, "it holds no certificates in PEM"),
        (ca(&text), &text, "it holds no certificates in PEM"),
        (ca(&broken), &broken, "TLS cannot be set up with"),
        (client(&good, &missing), &missing, "No such file"),
        (client(&text, &key), &text, "hold no certificate with a private key"),
        (client(&good, &text), &text, "hold no certificate with a private key"),
        (client(&good, &other_key), &other_key, "TLS cannot be set up with"),
    ] {
        let error = http::Client::new(&settings(files)).expect_err("one file is wrong").to_string();
        let name = named.0.display().to_string();
        assert!(error.contains(&name) && error.contains(problem), "{error}");
    }
    http::Client::new(&settings(client(&good, &key))).expect("all files are right");
}
