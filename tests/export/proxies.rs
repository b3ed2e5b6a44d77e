//! Remote destinations behind a proxy, which resolves their names.

use std::time::Duration;

use spanwright::config::Warnings;
use spanwright::export::{PemFile, Reply, Request, TlsFiles};
use spanwright::pipeline::transport::{Proxies, Transport, TransportError, http};
use spanwright::secret::Secret;
use support::http_server::{Answer, HttpServer};
use support::proxy::ConnectProxy;
use support::tls_server::{Authority, TlsServer};

use crate::certificates::File;
use crate::rig::LONG;

/// A name that only the proxy resolves.
const HOST: &str = "collector.test";

fn proxies(variables: &[(&str, &str)]) -> Proxies {
    let mut warnings = Warnings::default();
    let lookup = |name: &str| {
        let found = variables.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    let proxies = Proxies::from_env(&lookup, &mut warnings);
    assert_eq!(warnings.as_slice(), [""; 0]);
    proxies
}

async fn send(settings: &http::Settings, url: &str) -> Result<Reply, TransportError> {
    let request = Request { url: Secret::new(url), headers: Vec::new(), body: Vec::new() };
    http::Client::new(settings).expect("the certificates are right").send(request).await
}

fn ok_server() -> (HttpServer, support::http_server::Log) {
    HttpServer::scripted(Vec::new(), Answer::status(200))
}

#[tokio::test]
async fn a_remote_host_is_reached_by_the_proxy_with_its_credentials() {
    let (proxy, log) = ok_server();
    let address = proxy.url().replace("http://", "http://me:pass%20word@");
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY"] {
        let proxies = proxies(&[(name, &address)]);
        let settings = http::Settings { proxies, ..http::Settings::new(LONG) };
        let url = format!("http://{HOST}:4318/v1/traces");
        assert_eq!(send(&settings, &url).await.expect("the proxy answers").status, 200);
        let received = log.all().pop().expect("the proxy was asked");
        assert_eq!(received.path, url, "{name}");
        let credentials = received.header("proxy-authorization");
        assert_eq!(credentials, Some("Basic bWU6cGFzcyB3b3Jk"), "{name}");
    }
}

#[tokio::test]
async fn loopback_and_link_local_are_never_reached_by_the_proxy() {
    let (proxy, _) = ok_server();
    let (server, log) = ok_server();
    let all = [("ALL_PROXY", &*proxy.url()), ("NO_PROXY", "a.test")];
    let proxies = proxies(&all);
    let settings =
        |timeout| http::Settings { proxies: proxies.clone(), ..http::Settings::new(timeout) };
    let by_name = server.url().replace("127.0.0.1", "localhost");
    for url in [server.url(), by_name] {
        assert_eq!(send(&settings(LONG), &url).await.expect("it is there").status, 200, "{url}");
    }
    assert_eq!(log.all().len(), 2);
    for url in ["http://169.254.169.254:9/", "http://[fe80::1]:9/", "http://[::1]:9/"] {
        // Whatever becomes of it.
        let _ = send(&settings(Duration::from_millis(20)), url).await;
    }
    assert_eq!(proxy.connections(), 0);
}

#[tokio::test]
async fn a_host_of_no_proxy_is_reached_directly() {
    let (proxy, _) = ok_server();
    for list in ["collector.test", "a.b,.test", "*.test", "collector.test:4318", "*"] {
        let proxies = proxies(&[("HTTP_PROXY", &proxy.url()), ("NO_PROXY", list)]);
        let settings = http::Settings { proxies, ..http::Settings::new(LONG) };
        let error = send(&settings, &format!("http://{HOST}:4318/")).await;
        error.expect_err("no resolver knows the name");
    }
    assert_eq!(proxy.connections(), 0);
    let proxies = proxies(&[("HTTP_PROXY", &proxy.url()), ("NO_PROXY", "other.test,lector.test")]);
    let settings = http::Settings { proxies, ..http::Settings::new(LONG) };
    send(&settings, &format!("http://{HOST}:4318/")).await.expect("the proxy answers");
    assert_eq!(proxy.connections(), 1);
}

#[tokio::test]
async fn an_https_destination_is_reached_by_a_tunnel() {
    let authority = Authority::new();
    let server = TlsServer::start(&authority, HOST, false);
    let proxy = ConnectProxy::start(Some(server.address()));
    let ca = File::new("tunnel-ca.pem", &authority.pem());
    let tls = TlsFiles { ca: Some(PemFile::new(&ca.0)), ..TlsFiles::default() };
    let address = format!("http://me:password@{}", proxy.address());
    let settings = http::Settings {
        tls: Some(tls),
        proxies: proxies(&[("HTTPS_PROXY", &address)]),
        ..http::Settings::new(LONG)
    };
    let reply = send(&settings, &format!("https://{HOST}:4318/v1/traces")).await;
    assert_eq!(reply.expect("the server answers").status, 200);
    let paths: Vec<_> = server.log().all().into_iter().map(|received| received.path).collect();
    assert_eq!(paths, ["/v1/traces"]);
    let heads = proxy.heads();
    assert!(heads[0].starts_with("CONNECT collector.test:4318 HTTP/1.1\r\n"), "{heads:?}");
    let head = heads[0].to_ascii_lowercase();
    assert!(head.contains("proxy-authorization: basic bwu6cgfzc3dvcmq="), "{heads:?}");
}

#[tokio::test]
async fn a_proxy_that_refuses_is_told_without_its_password() {
    let (http, https) = (ConnectProxy::start(None), ConnectProxy::start(None));
    let with = |proxy: &ConnectProxy| format!("http://me:password@{}", proxy.address());
    let (http, https) = (with(&http), with(&https));
    let nobody = "http://me:password@127.0.0.1:9";
    for (variable, address) in
        [("HTTPS_PROXY", &*https), ("HTTPS_PROXY", nobody), ("HTTP_PROXY", nobody)]
    {
        let authority = Authority::new();
        let ca = File::new("refused-ca.pem", &authority.pem());
        let tls = TlsFiles { ca: Some(PemFile::new(&ca.0)), ..TlsFiles::default() };
        let settings = http::Settings {
            tls: Some(tls),
            proxies: proxies(&[(variable, address)]),
            ..http::Settings::new(LONG)
        };
        let scheme = if variable == "HTTP_PROXY" { "http" } else { "https" };
        let error = send(&settings, &format!("{scheme}://{HOST}/")).await.expect_err("refused");
        let text = format!("{error} {error:?} {settings:?}");
        assert!(!text.contains("password"), "{text}");
        assert!(matches!(error, TransportError::Connect(_)), "{text}");
    }
    // A refusal of a request without a tunnel is an answer.
    let proxies = proxies(&[("HTTP_PROXY", &http)]);
    let settings = http::Settings { proxies, ..http::Settings::new(LONG) };
    assert_eq!(send(&settings, &format!("http://{HOST}/")).await.expect("an answer").status, 407);
}
