//! The settings in force, as a table.
//!
//! In: settings, and those that hold without variables. Out: a row for each variable.
//! Never: shows a secret; there is none among these.

use super::finding::Setting;
use crate::record::Resource;
use crate::xray::{
    Address, ContextMissing, DEFAULT_CONNECTIONS, Naming, Pace, Sampling, Settings, Transport, read,
};

/// A row for each setting that a person might have got wrong.
pub(super) fn rows(settings: &Settings, resource: &Resource) -> Vec<Setting> {
    let row = |name, value: (String, bool)| Setting { name, value: value.0, is_default: value.1 };
    let service = match &settings.service_name {
        Some(name) => (name.clone(), false),
        None => (format!("{}, as the resource", resource.service_name()), true),
    };
    vec![
        row(read::DAEMON_ADDRESS, (address(&settings.daemon), false)),
        row(read::TRACING_NAME, service),
        row(read::URL, naming(&settings.naming)),
        row(read::CONTEXT_MISSING, context_missing(settings.context_missing)),
        row(read::SAMPLING, sampling(&settings.sampling)),
        row(read::RULES, rules(&settings.sampling)),
        row(read::EXCLUDE, exclusions(settings)),
        row(read::TRANSPORT, transport(settings.transport)),
        row(read::HEARTBEAT, heartbeat(settings)),
        row(read::BYTES_PER_SECOND, pace(settings.pace)),
        row(read::CONNECTIONS, connections(settings.connections)),
    ]
}

fn address(Address { udp, tcp }: &Address) -> String {
    if udp == tcp { udp.to_string() } else { format!("udp:{udp} tcp:{tcp}") }
}

fn naming(naming: &Naming) -> (String, bool) {
    match naming {
        Naming::Service => ("segments have the name of the service".to_owned(), true),
        Naming::Fixed(name) => (format!("segments are called {name}"), true),
        Naming::Host { pattern, .. } => (pattern.as_str().to_owned(), false),
        Naming::Route => ("segments have the name of their route".to_owned(), false),
    }
}

fn context_missing(policy: ContextMissing) -> (String, bool) {
    let word = match policy {
        ContextMissing::LogError => "LOG_ERROR",
        ContextMissing::RuntimeError => "RUNTIME_ERROR",
        ContextMissing::IgnoreError => "IGNORE_ERROR",
    };
    (word.to_owned(), policy == ContextMissing::default())
}

fn sampling(sampling: &Sampling) -> (String, bool) {
    match sampling {
        Sampling::Central(_) => ("central".to_owned(), true),
        Sampling::Local(_) => ("local".to_owned(), false),
        Sampling::AsSpans => ("as-spans".to_owned(), false),
    }
}

fn rules(sampling: &Sampling) -> (String, bool) {
    match sampling {
        Sampling::Central(Some(rules)) | Sampling::Local(Some(rules)) => {
            let names = rules.as_slice().iter().filter_map(|rule| rule.name());
            (names.collect::<Vec<_>>().join(", "), false)
        }
        Sampling::Central(None) | Sampling::Local(None) => {
            ("one request a second and 5 %".to_owned(), true)
        }
        Sampling::AsSpans => ("none are asked".to_owned(), true),
    }
}

fn exclusions(settings: &Settings) -> (String, bool) {
    let all: Vec<_> = settings.exclusions.iter().map(ToString::to_string).collect();
    if all.is_empty() { ("nothing".to_owned(), true) } else { (all.join("; "), false) }
}

fn transport(transport: Transport) -> (String, bool) {
    let word = match transport {
        Transport::Udp => "udp",
        Transport::TcpAcked => "tcp-acked",
        Transport::Auto => "auto",
    };
    (word.to_owned(), transport == Transport::default())
}

fn heartbeat(settings: &Settings) -> (String, bool) {
    match settings.gather.heartbeat {
        Some(after) => (format!("{} s", after.as_secs()), false),
        None => ("off".to_owned(), true),
    }
}

fn pace(pace: Option<Pace>) -> (String, bool) {
    let is_default = pace == Some(Pace::default());
    match pace {
        Some(Pace { max_bytes, per }) => {
            let rate = u128::from(max_bytes) * 1_000_000_000 / per.as_nanos().max(1);
            (rate.to_string(), is_default)
        }
        None => ("unlimited".to_owned(), false),
    }
}

fn connections(connections: usize) -> (String, bool) {
    (connections.to_string(), connections == DEFAULT_CONNECTIONS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Environment, Warnings};

    fn table(variables: &[(&str, &str)]) -> Vec<(String, bool)> {
        let address = ("AWS_XRAY_DAEMON_ADDRESS", "udp:a:1 tcp:b:2");
        let variables = variables.iter().copied().chain([address]);
        let environment: Environment = variables.collect();
        let settings = Settings::from_environment(&environment, &mut Warnings::default());
        let settings = settings.unwrap().expect("it is on");
        let rows = rows(&settings, &Resource::default()).into_iter();
        rows.map(|row| (format!("{}={}", row.name, row.value), row.is_default)).collect()
    }

    #[test]
    fn without_variables_every_setting_but_the_address_is_a_default() {
        let rows = table(&[]);
        assert_eq!(rows[0], ("AWS_XRAY_DAEMON_ADDRESS=udp:a:1 tcp:b:2".to_owned(), false));
        assert!(rows[1..].iter().all(|(_, is_default)| *is_default), "{rows:?}");
    }

    #[test]
    fn a_variable_shows_as_it_would_be_written() {
        let expected = [
            "AWS_XRAY_TRACING_NAME=shop",
            "AWS_XRAY_URL=*.example.com",
            "AWS_XRAY_CONTEXT_MISSING=IGNORE_ERROR",
            "SPANWRIGHT_XRAY_SAMPLING=as-spans",
            "SPANWRIGHT_XRAY_TRANSPORT=auto",
            "SPANWRIGHT_XRAY_BYTES_PER_SECOND=5000000",
            "SPANWRIGHT_XRAY_CONNECTIONS=16",
        ];
        let variables: Vec<_> =
            expected.iter().map(|row| row.split_once('=').expect("a pair")).collect();
        let rows = table(&[&variables[..], &[("SPANWRIGHT_XRAY_EXCLUDE", "GET /health")]].concat());
        for row in expected.into_iter().chain(["SPANWRIGHT_XRAY_EXCLUDE=method GET, path /health"])
        {
            assert!(rows.contains(&(row.to_owned(), false)), "{row}: {rows:?}");
        }
    }
}
