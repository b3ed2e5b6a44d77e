//! A record to an item.
//!
//! In: one failure, and what is the same in every item. Out: one JSON object of bounded size.
//! Never: holds the token, which goes into a header; cuts anything without saying so.
//!
//! Source: <https://docs.rollbar.com/reference/create-item>.

use serde_json::{Map, Value, json};

use super::custom::{OURS, custom};
use super::settings::{ClientAddress, Personal, Settings};
use super::text::{self, cut};
use super::{
    MAX_ADDRESS_CHARS, MAX_CODE_VERSION_CHARS, MAX_CONTEXT_CHARS, MAX_ENVIRONMENT_CHARS,
    MAX_ROOT_CHARS, MAX_TITLE_CHARS, SOFT_MAX_BYTES,
};
use super::{body, frames, incoming, truncate};
use crate::record::{ErrorRecord, Person};

/// Texts of the settings that Rollbar names no limit for are bounded all the same, in characters.
const MAX_SETTING_CHARS: usize = 255;

/// The most of a command line that is told, in bytes.
const MAX_ARGV_BYTES: usize = 1024;

/// Makes items of records.
#[derive(Debug)]
pub(super) struct Encoder {
    /// The members that are the same in every item.
    common: Map<String, Value>,
    server: Map<String, Value>,
    root: Option<String>,
    service: Option<String>,
    person: Personal,
    client_address: ClientAddress,
}

impl Encoder {
    pub(super) fn new(settings: &Settings) -> Self {
        let root = settings.server.root.as_deref().map(|root| root.trim_end_matches('/'));
        let service = Some(settings.resource.service_name());
        Self {
            common: common(settings),
            server: server(settings),
            root: root.filter(|root| !root.is_empty()).map(|root| cut(root, MAX_ROOT_CHARS).into()),
            service: service.filter(|name| *name != "unknown_service").map(str::to_owned),
            person: settings.person,
            client_address: settings.client_address,
        }
    }

    pub(super) fn encode(&self, record: &ErrorRecord, out: &mut Vec<u8>) {
        truncate::write(self.item(record), SOFT_MAX_BYTES, out);
    }

    fn item(&self, record: &ErrorRecord) -> Value {
        let root = frames::root(record, self.root.as_deref());
        let mut item = Item { data: self.common.clone(), cut: Vec::new() };
        item.set("uuid", json!(record.id.to_string()));
        item.set("level", json!(record.severity.as_str()));
        item.set("timestamp", json!(record.unix_ns / 1_000_000_000));
        item.set("body", body::body(record, frames::frames(record, root)));
        item.short("title", record.title.as_deref(), MAX_TITLE_CHARS);
        let route = record.request.as_ref().and_then(|request| request.route.as_deref());
        item.short("context", record.context.as_deref().or(route), MAX_CONTEXT_CHARS);
        let fingerprint = record.fingerprint.as_deref().filter(|text| !text.is_empty());
        if let Some(fingerprint) = fingerprint {
            item.set("fingerprint", json!(text::fingerprint(fingerprint)));
        }
        if let Some(request) = &record.request {
            item.set("request", Value::Object(incoming::request(request, self.client_address)));
        }
        item.person(&record.person, self.person);
        let mut server = self.server.clone();
        if let Some(root) = root {
            server.insert("root".to_owned(), json!(root));
        }
        if !server.is_empty() {
            item.set("server", Value::Object(server));
        }
        item.finish(custom(record, self.service.as_deref()))
    }
}

/// An item that is being made.
struct Item {
    data: Map<String, Value>,
    /// The fields of which Rollbar takes less than there is.
    cut: Vec<&'static str>,
}

impl Item {
    fn set(&mut self, key: &str, value: Value) {
        self.data.insert(key.to_owned(), value);
    }

    fn short(&mut self, key: &'static str, text: Option<&str>, max_chars: usize) {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            let short = self.noted(key, text, max_chars);
            self.set(key, short);
        }
    }

    fn noted(&mut self, field: &'static str, text: &str, max_chars: usize) -> Value {
        let short = cut(text, max_chars);
        if short.len() < text.len() {
            self.cut.push(field);
        }
        json!(short)
    }

    /// A person has an id, by Rollbar's rule.
    fn person(&mut self, person: &Person, may: Personal) {
        let Some(id) = person.id.as_deref().filter(|id| !id.is_empty()) else { return };
        let mut told = Map::new();
        let short = text::person_id(id);
        if short != id {
            self.cut.push("person.id");
        }
        told.insert("id".to_owned(), json!(short));
        let username = person.username.as_deref().filter(|_| may.username);
        let email = person.email.as_deref().filter(|_| may.email);
        for (key, field, text) in
            [("username", "person.username", username), ("email", "person.email", email)]
        {
            if let Some(text) = text {
                told.insert(key.to_owned(), self.noted(field, text, MAX_ADDRESS_CHARS));
            }
        }
        self.set("person", Value::Object(told));
    }

    fn finish(mut self, mut custom: Map<String, Value>) -> Value {
        if !self.cut.is_empty() {
            custom.insert(OURS.to_owned(), json!({ "cut": self.cut }));
        }
        if !custom.is_empty() {
            self.set("custom", Value::Object(custom));
        }
        Value::from_iter([("data", self.data)])
    }
}

fn common(settings: &Settings) -> Map<String, Value> {
    let short = |text: Option<&str>| text.map(|text| cut(text, MAX_SETTING_CHARS).to_owned());
    let code_version = settings.code_version().map(|text| cut(text, MAX_CODE_VERSION_CHARS));
    let mut common = Map::new();
    for (key, value) in [
        ("environment", json!(cut(settings.environment(), MAX_ENVIRONMENT_CHARS))),
        ("code_version", json!(code_version)),
        ("platform", json!(short(settings.platform.as_deref()))),
        ("language", json!("rust")),
        ("framework", json!(short(settings.framework.as_deref()))),
        (
            "notifier",
            json!({ "name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION") }),
        ),
    ] {
        if !value.is_null() {
            common.insert(key.to_owned(), value);
        }
    }
    common
}

fn server(settings: &Settings) -> Map<String, Value> {
    let short = |text: Option<&str>| text.map(|text| cut(text, MAX_SETTING_CHARS).to_owned());
    let mut left = MAX_ARGV_BYTES;
    let argv = settings.server.argv.iter();
    let argv: Vec<_> = argv
        .map_while(|word| {
            left = left.checked_sub(word.len())?;
            Some(word)
        })
        .collect();
    let mut server = Map::new();
    for (key, value) in [
        ("host", json!(short(settings.host()))),
        ("cpu", json!(short(settings.server.cpu.as_deref()))),
        ("branch", json!(short(settings.server.branch.as_deref()))),
        ("pid", json!(settings.pid())),
        ("argv", if argv.is_empty() { Value::Null } else { json!(argv) }),
    ] {
        if !value.is_null() {
            server.insert(key.to_owned(), value);
        }
    }
    server
}

#[cfg(test)]
mod tests;
