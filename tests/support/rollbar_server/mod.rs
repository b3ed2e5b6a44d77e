//! A double of Rollbar's item API, on loopback.
//!
//! It refuses what the API refuses: other paths, other tokens, too many bytes, missing fields, values
//! beyond their limits. What it takes it keeps, each uuid once.
//!
//! Source: <https://docs.rollbar.com/reference/create-item>.

mod item;

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::http_server::{Answer, HttpServer, Received};
use crate::turn::{Script, Turn};
use crate::watched::Watched;

pub use item::check;

/// The path that takes items.
pub const PATH: &str = "/api/1/item/";

/// The only token that may report: its scope is `post_server_item`.
pub const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// A token of the same project that may only read.
pub const READ_TOKEN: &str = "fedcba9876543210fedcba9876543210";

/// The most bytes of a request: 1024 kB.
pub const MAX_BODY_BYTES: usize = 1_048_576;

/// The double; stops when it is dropped.
#[derive(Debug)]
pub struct RollbarServer {
    /// The server underneath, for waiting for requests.
    pub server: HttpServer,
    shared: Arc<Watched<State>>,
}

#[derive(Debug, Default)]
struct State {
    script: Script,
    received: Vec<Received>,
    items: Vec<Value>,
    uuids: HashSet<String>,
    refusals: Vec<Refusal>,
}

/// Why a request was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The status of the answer.
    pub status: u16,
    /// What the answer says.
    pub message: String,
}

/// The answer that the API has for this status, whatever is sent.
pub fn refusal(status: u16) -> Turn {
    Turn::Instead(Refusal::new(status, message(status)).answer())
}

/// The answer to one request too many; the next window begins in so many seconds.
pub fn rate_limit(remaining_seconds: u64) -> Turn {
    let answer = Refusal::new(429, message(429))
        .answer()
        .header("X-Rate-Limit-Limit", "5000")
        .header("X-Rate-Limit-Remaining", "0")
        .header("X-Rate-Limit-Reset", "1795166494")
        .header("X-Rate-Limit-Remaining-Seconds", &remaining_seconds.to_string());
    Turn::Instead(answer)
}

impl RollbarServer {
    /// Does what the API does.
    pub fn start() -> Self {
        Self::scripted(Vec::new())
    }

    /// Plays the turns one by one, then does what the API does.
    pub fn scripted(script: Vec<Turn>) -> Self {
        Self::scripted_then(script, Turn::Judge)
    }

    /// Plays the turns one by one, then the last one for ever.
    pub fn scripted_then(script: Vec<Turn>, otherwise: Turn) -> Self {
        let script = Script { turns: script.into(), otherwise };
        let shared = Arc::new(Watched::new(State { script, ..State::default() }));
        let state = Arc::clone(&shared);
        let server =
            HttpServer::start(move |received| state.change(|state| state.take_turn(received)));
        Self { server, shared }
    }

    /// The whole address for items.
    pub fn endpoint(&self) -> String {
        format!("{}{PATH}", self.server.url())
    }

    /// Every request so far, whatever the answer was.
    pub fn received(&self) -> Vec<Received> {
        self.shared.lock().received.clone()
    }

    /// What every request so far had as its `data`; `Null` where the body is not JSON.
    pub fn sent(&self) -> Vec<Value> {
        let data = |received: Received| parse(&received.body).unwrap_or_default()["data"].take();
        self.received().into_iter().map(data).collect()
    }

    /// The `data` of the items taken so far, in the order they came.
    pub fn items(&self) -> Vec<Value> {
        self.shared.lock().items.clone()
    }

    /// Why requests were refused so far by the rules of the API, in the order they came.
    pub fn refusals(&self) -> Vec<Refusal> {
        self.shared.lock().refusals.clone()
    }

    /// Blocks until this many items were taken; all of them.
    ///
    /// # Panics
    /// They do not come.
    pub fn wait_for(&self, items: usize) -> Vec<Value> {
        let (state, is_there) = self.shared.wait(|state| state.items.len() >= items);
        let (found, refusals) = (state.items.len(), &state.refusals);
        assert!(is_there, "expected {items} items, found {found}, refused {refusals:?}");
        state.items.clone()
    }
}

impl State {
    fn take_turn(&mut self, received: Received) -> Answer {
        let answer = self.script.turn().take(|| self.judge(&received));
        self.received.push(received);
        answer
    }

    fn judge(&mut self, received: &Received) -> Answer {
        match judge(received) {
            Ok(data) => self.keep(data),
            Err(refusal) => {
                let answer = refusal.answer();
                self.refusals.push(refusal);
                answer
            }
        }
    }

    /// A second item with the same uuid is discarded, and nobody is told.
    fn keep(&mut self, data: Value) -> Answer {
        let uuid = data["uuid"].clone();
        let is_new = uuid.as_str().is_none_or(|uuid| self.uuids.insert(uuid.to_owned()));
        if is_new {
            self.items.push(data);
        }
        reply(200, &json!({"err": 0, "result": {"id": null, "uuid": uuid}}))
    }
}

impl Refusal {
    fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }

    fn answer(&self) -> Answer {
        reply(self.status, &json!({"err": 1, "message": self.message}))
    }
}

/// The `data` of a request that is as it must be.
fn judge(received: &Received) -> Result<Value, Refusal> {
    if (received.method.as_str(), received.path.as_str()) != ("POST", PATH) {
        return Err(Refusal::new(404, message(404)));
    }
    match received.header("x-rollbar-access-token") {
        None | Some("") => return Err(Refusal::new(401, message(401))),
        Some(TOKEN) => {}
        Some(READ_TOKEN) => {
            return Err(Refusal::new(403, "insufficient privileges: post_server_item is needed"));
        }
        Some(_) => return Err(Refusal::new(403, "access denied: access token not found")),
    }
    if received.raw_body.len() > MAX_BODY_BYTES {
        return Err(Refusal::new(413, message(413)));
    }
    let kind = received.header("content-type").unwrap_or_default();
    if kind.split(';').next().map(str::trim) != Some("application/json") {
        return Err(Refusal::new(400, format!("content type `{kind}` is not application/json")));
    }
    let mut payload =
        parse(&received.body).ok_or_else(|| Refusal::new(400, "the body is not JSON in UTF-8"))?;
    item::check(&payload).map_err(|message| Refusal::new(422, message))?;
    Ok(payload["data"].take())
}

fn message(status: u16) -> &'static str {
    match status {
        400 => "bad request",
        401 => "access token required",
        403 => "access denied",
        404 => "not found",
        413 => "payload too large",
        422 => "unprocessable payload",
        429 => "rate limit exceeded",
        500.. => "internal error",
        _ => "unexpected",
    }
}

fn parse(body: &[u8]) -> Option<Value> {
    serde_json::from_slice(body).ok()
}

fn reply(status: u16, body: &Value) -> Answer {
    Answer::status(status).header("content-type", "application/json").body(body.to_string())
}
