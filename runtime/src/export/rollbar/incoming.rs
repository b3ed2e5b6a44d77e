//! The request that a failure belongs to.
//!
//! In: a request as it came in. Out: Rollbar's `request`, with as much of the client's address as may
//! be told.
//! Never: asks a name server or opens a socket; an address is a number here.
//!
//! Source: <https://docs.rollbar.com/reference/create-item>, `request`.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde_json::{Map, Value, json};

use super::settings::ClientAddress;
use super::text::pairs;
use crate::record::RequestRecord;

/// Headers in which proxies pass the client's address on.
///
/// Sources: <https://www.rfc-editor.org/rfc/rfc7239>,
/// <https://developers.cloudflare.com/fundamentals/reference/http-headers/>,
/// <https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers>,
/// <https://vercel.com/docs/headers/request-headers>.
const ADDRESS_HEADERS: [&str; 17] = [
    "cf-connecting-ip",
    "cf-connecting-ipv6",
    "client-ip",
    "do-connecting-ip",
    "fastly-client-ip",
    "fly-client-ip",
    "forwarded",
    "true-client-ip",
    "x-appengine-user-ip",
    "x-azure-clientip",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-envoy-external-address",
    "x-forwarded-for",
    "x-original-forwarded-for",
    "x-real-ip",
    "x-vercel-forwarded-for",
];

/// How deep the values of a JSON body may be nested to be sent as such: readers stop somewhere.
const MAX_LEVELS: usize = 32;

pub(super) fn request(record: &RequestRecord, policy: ClientAddress) -> Map<String, Value> {
    let mut request = Map::new();
    let mut set = |key: &str, value: Value| {
        let is_empty = match &value {
            Value::String(text) => text.is_empty(),
            Value::Object(members) => members.is_empty(),
            value => value.is_null(),
        };
        if !is_empty {
            request.insert(key.to_owned(), value);
        }
    };
    set("url", json!(record.url));
    set("method", json!(record.method));
    set("headers", headers(record, policy));
    let params = record.params.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    set("params", Value::Object(pairs(params)));
    let query = query(&record.url);
    set("query_string", json!(query));
    set("GET", form(query));
    if let Some(text) = &record.body {
        match parts(record, text) {
            Some(parts) => set("POST", parts),
            None => set("body", json!(text)),
        }
    }
    let address = record.client_address.as_deref();
    set("user_ip", json!(address.and_then(|address| told(address, policy))));
    request
}

fn headers(record: &RequestRecord, policy: ClientAddress) -> Value {
    let may_be_told = |name: &str| {
        let is_address = |known: &&str| name.eq_ignore_ascii_case(known);
        policy == ClientAddress::Full || !ADDRESS_HEADERS.iter().any(is_address)
    };
    let headers = record.headers.iter().filter(|(name, _)| may_be_told(name));
    Value::Object(pairs(headers.map(|(name, value)| (name.as_str(), value.as_str()))))
}

fn query(url: &str) -> &str {
    let url = url.split_once('#').map_or(url, |(before, _)| before);
    url.split_once('?').map_or("", |(_, query)| query)
}

fn form(text: &str) -> Value {
    let fields = form_urlencoded::parse(text.as_bytes());
    Value::Object(pairs(fields.map(|(key, value)| (key.into_owned(), value.into_owned()))))
}

/// The parts of a body that is a form or a JSON object; `None` for any other.
fn parts(record: &RequestRecord, body: &str) -> Option<Value> {
    let kind = record.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let kind = kind.map_or("", |(_, value)| value.split(';').next().unwrap_or_default());
    let kind = kind.trim().to_ascii_lowercase();
    match kind.as_str() {
        "application/x-www-form-urlencoded" => Some(form(body)),
        json if json == "application/json" || json.ends_with("+json") => {
            let read = |body: &str| serde_json::from_str::<Value>(body).ok();
            let value = read(body).or_else(|| read(&with_quotes(body)))?;
            (value.is_object() && levels(&value) <= MAX_LEVELS).then_some(value)
        }
        _ => None,
    }
}

/// JSON of which values are hidden that were no texts: they are texts now.
fn with_quotes(body: &str) -> String {
    let body = body.replace("{…}", "…").replace("[…]", "…");
    let mut parts = body.split('…');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let is_value =
            out.trim_end().ends_with(':') && part.trim_start().starts_with([',', '}', ']']);
        out.push_str(if is_value { "\"…\"" } else { "…" });
        out.push_str(part);
    }
    out
}

fn levels(value: &Value) -> usize {
    let inner = match value {
        Value::Array(items) => items.iter().map(levels).max(),
        Value::Object(members) => members.values().map(levels).max(),
        _ => return 0,
    };
    1 + inner.unwrap_or(0)
}

/// As much of an address as may be told; without an address that can be read, nothing is.
fn told(address: &str, policy: ClientAddress) -> Option<String> {
    match policy {
        ClientAddress::Full => Some(address.to_owned()),
        ClientAddress::Omitted => None,
        ClientAddress::Anonymized => {
            let network = match address.parse::<IpAddr>().ok()?.to_canonical() {
                IpAddr::V4(address) => {
                    let [a, b, c, _] = address.octets();
                    IpAddr::V4(Ipv4Addr::new(a, b, c, 0))
                }
                IpAddr::V6(address) => {
                    IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64))
                }
            };
            Some(network.to_string())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn posted(kind: &str, body: &str) -> Value {
        let record = RequestRecord {
            headers: text(&[("content-type", kind)]),
            body: Some(body.to_owned()),
            ..RequestRecord::default()
        };
        let mut request = request(&record, ClientAddress::Full);
        request.remove("headers");
        Value::Object(request)
    }

    #[test]
    fn a_request_is_told_in_its_parts() {
        let record = RequestRecord {
            method: "GET".to_owned(),
            url: "http://host/api/@bob?tag=a%20b&tag=c&x=+#top?no".to_owned(),
            route: Some("/api/@{handle}".to_owned()),
            params: text(&[("handle", "bob")]),
            headers: text(&[("accept", "a"), ("accept", "b"), ("host", "host")]),
            client_address: Some("198.51.100.7".to_owned()),
            body: None,
        };
        let expected = json!({
            "url": "http://host/api/@bob?tag=a%20b&tag=c&x=+#top?no",
            "method": "GET",
            "headers": { "accept": ["a", "b"], "host": "host" },
            "params": { "handle": "bob" },
            "query_string": "tag=a%20b&tag=c&x=+",
            "GET": { "tag": ["a b", "c"], "x": " " },
            "user_ip": "198.51.100.7",
        });
        assert_eq!(Value::Object(request(&record, ClientAddress::Full)), expected);
        assert!(request(&RequestRecord::default(), ClientAddress::Full).is_empty());
    }

    #[test]
    fn a_form_and_a_json_object_are_told_in_parts_and_another_body_as_it_is() {
        let form = "application/x-www-form-urlencoded";
        assert_eq!(posted(form, "a=1&a=2"), json!({ "POST": { "a": ["1", "2"] } }));
        let json = "Application/JSON; charset=utf-8";
        assert_eq!(posted(json, r#"{"a":[1]}"#), json!({ "POST": { "a": [1] } }));
        assert_eq!(posted("application/problem+json", "{\"a\":1}"), json!({ "POST": { "a": 1 } }));
        // Cut, no object, and deeper than it is safe to read again.
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(32), "]".repeat(32));
        for body in ["{\"a\":", "[1]", &deep] {
            assert_eq!(posted(json, body), json!({ "body": body }));
        }
        assert_eq!(posted("text/plain", "a=1"), json!({ "body": "a=1" }));
    }

    #[test]
    fn a_json_object_with_hidden_values_is_told_in_parts_too() {
        for (body, expected) in [
            (r#"{"pin":…,"a":[1]}"#, json!({ "pin": "…", "a": [1] })),
            (r#"{"a":{"pin": … },"b":"…"}"#, json!({ "a": { "pin": "…" }, "b": "…" })),
            (r#"{"secret":{…},"pins": […]}"#, json!({ "secret": "…", "pins": "…" })),
            (r#"{"a":"b: … c","pin":…}"#, json!({ "a": "b: … c", "pin": "…" })),
        ] {
            assert_eq!(posted("application/json", body), json!({ "POST": expected }), "{body}");
        }
        let body = r#"{"a":"is {…}","pin":…"#;
        assert_eq!(posted("application/json", body), json!({ "body": body }));
    }

    #[test]
    fn an_address_is_told_as_far_as_it_may_be() {
        use ClientAddress::{Anonymized, Full, Omitted};
        for (address, policy, expected) in [
            ("198.51.100.7", Full, Some("198.51.100.7")),
            ("198.51.100.7", Anonymized, Some("198.51.100.0")),
            ("::ffff:198.51.100.7", Anonymized, Some("198.51.100.0")),
            ("2001:db8:1:2:3:4:5:6", Anonymized, Some("2001:db8:1:2::")),
            ("a proxy's idea", Anonymized, None),
            ("198.51.100.7", Omitted, None),
        ] {
            assert_eq!(told(address, policy).as_deref(), expected, "{address}");
        }
    }

    #[test]
    fn an_address_that_may_not_be_told_is_not_told_by_a_proxy_either() {
        let record = RequestRecord {
            headers: text(&[
                ("X-Forwarded-For", "198.51.100.7"),
                ("forwarded", "for=x"),
                ("x-envoy-external-address", "198.51.100.7"),
                ("x-original-forwarded-for", "198.51.100.7"),
                ("x-vercel-forwarded-for", "198.51.100.7"),
                ("x-azure-clientip", "198.51.100.7"),
                ("x-appengine-user-ip", "198.51.100.7"),
                ("fly-client-ip", "198.51.100.7"),
                ("do-connecting-ip", "198.51.100.7"),
                ("a", "b"),
            ]),
            ..RequestRecord::default()
        };
        for policy in [ClientAddress::Anonymized, ClientAddress::Omitted] {
            let expected = json!({ "headers": { "a": "b" } });
            assert_eq!(Value::Object(request(&record, policy)), expected);
        }
        let all = Value::Object(request(&record, ClientAddress::Full));
        assert_eq!(all["headers"]["X-Forwarded-For"], "198.51.100.7");
    }
}
