//! A server on loopback that answers as the test says and keeps what it got.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    dev::ServerHandle,
    http::StatusCode,
    rt,
    web::{self, Bytes},
};
use serde_json::Value;

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Value,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

/// Status and body of an answer; `None` never answers.
pub(crate) type Reply = Option<(u16, Value)>;

/// The server; [`stop`](Double::stop) it at the end.
pub(crate) struct Double {
    pub(crate) address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
    server: ServerHandle,
}

impl Double {
    pub(crate) fn start(answer: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> Self {
        let answer = Arc::new(answer);
        let received: Arc<Mutex<Vec<Received>>> = Arc::default();
        let log = Arc::clone(&received);
        let server = HttpServer::new(move || {
            let (answer, log) = (Arc::clone(&answer), Arc::clone(&log));
            let handle = move |request: HttpRequest, body: Bytes| {
                let received = read(&request, &body);
                log.lock().expect("nobody panicked").push(received.clone());
                let reply = answer(&received);
                async move {
                    let Some((status, body)) = reply else { return std::future::pending().await };
                    let status = StatusCode::from_u16(status).expect("a status");
                    HttpResponse::build(status).json(body)
                }
            };
            App::new().default_service(web::to(handle))
        });
        let server = server.workers(1).disable_signals().bind("127.0.0.1:0").expect("a free port");
        let address = server.addrs()[0];
        let server = server.run();
        let handle = server.handle();
        rt::spawn(server);
        Self { address, received, server: handle }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().expect("nobody panicked").clone()
    }

    pub(crate) async fn stop(self) {
        self.server.stop(false).await;
    }
}

fn read(request: &HttpRequest, body: &[u8]) -> Received {
    let headers = request.headers().iter();
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    Received {
        path: request.path().to_owned(),
        headers: headers.map(|(name, value)| (name.to_string(), text(value.as_bytes()))).collect(),
        body: serde_json::from_slice(body).unwrap_or_default(),
    }
}
