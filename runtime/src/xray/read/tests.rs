//! Settings from environments made by hand.

use super::*;

fn read(variables: &[(&str, &str)]) -> Result<Option<Settings>, String> {
    let environment = variables.iter().copied().collect();
    let settings = Settings::from_environment(&environment, &mut Warnings::default());
    settings.map_err(|error| error.to_string())
}

/// With the variable that turns X-Ray on.
fn on(variables: &[(&str, &str)]) -> Settings {
    let all = [&[("AWS_XRAY_DAEMON_ADDRESS", "xray-daemon:2000")], variables].concat();
    read(&all).unwrap().expect("it is on")
}

#[test]
fn the_address_of_the_daemon_turns_it_on_and_the_switches_of_the_sdks_off() {
    assert!(read(&[("AWS_XRAY_TRACING_NAME", "a")]).unwrap().is_none());
    assert_eq!(on(&[]).daemon.udp.to_string(), "xray-daemon:2000");
    for (switch, value, is_on) in [
        ("AWS_XRAY_SDK_ENABLED", "false", false),
        ("AWS_XRAY_SDK_ENABLED", "True", true),
        ("AWS_XRAY_SDK_DISABLED", "TRUE", false),
        ("AWS_XRAY_SDK_DISABLED", "false", true),
    ] {
        let settings = read(&[("AWS_XRAY_DAEMON_ADDRESS", "127.0.0.1:2000"), (switch, value)]);
        assert_eq!(settings.unwrap().is_some(), is_on, "{switch}={value}");
    }
}

#[test]
fn the_name_is_fixed_or_the_host_that_matches() {
    assert!(matches!(on(&[]).naming, Naming::Service));
    let named = on(&[("AWS_XRAY_TRACING_NAME", "Cruddur")]);
    assert!(matches!(named.naming, Naming::Fixed(name) if name == "Cruddur"));
    assert_eq!(named.service_name.as_deref(), Some("Cruddur"));
    let dynamic = on(&[("AWS_XRAY_URL", "*4567-*.example.com*"), ("AWS_XRAY_TRACING_NAME", "a")]);
    let Naming::Host { pattern, fallback } = dynamic.naming else { panic!("by host") };
    assert!(pattern.matches("https-4567-me.example.com"));
    assert_eq!(fallback.as_deref(), Some("a"));
}

#[test]
fn datagrams_and_connections_have_variables() {
    let usual = on(&[]);
    assert_eq!((usual.pace, usual.connections), (Some(Pace::default()), 8));
    let slow = on(&[("SPANWRIGHT_XRAY_BYTES_PER_SECOND", "1000000")]);
    let expected = Pace { max_bytes: 100_000, per: Duration::from_millis(100) };
    assert_eq!(slow.pace, Some(expected));
    assert_eq!(on(&[("SPANWRIGHT_XRAY_BYTES_PER_SECOND", "Unlimited")]).pace, None);
    let many = [("SPANWRIGHT_XRAY_CONNECTIONS", "64"), ("SPANWRIGHT_XRAY_TRANSPORT", "tcp-acked")];
    assert_eq!(on(&many).max_in_flight(), 64);
    assert_eq!(on(&many[..1]).max_in_flight(), 1, "datagrams are sent one after the other");
    let code = Settings { connections: 0, ..on(&many) };
    assert_eq!(code.max_in_flight(), 1);
}

#[test]
fn words_may_be_written_in_any_case() {
    let settings = on(&[
        ("AWS_XRAY_CONTEXT_MISSING", "ignore_error"),
        ("SPANWRIGHT_XRAY_TRANSPORT", "TCP-Acked"),
        ("SPANWRIGHT_XRAY_SAMPLING", "as-spans"),
        ("SPANWRIGHT_XRAY_HEARTBEAT", "30"),
    ]);
    assert_eq!(settings.context_missing, ContextMissing::IgnoreError);
    assert_eq!(settings.transport, Transport::TcpAcked);
    assert_eq!(settings.sampling, Sampling::AsSpans);
    assert_eq!(settings.gather.heartbeat, Some(Duration::from_secs(30)));
    let longest = on(&[("SPANWRIGHT_XRAY_HEARTBEAT", "18446744073709551615")]);
    assert_eq!(longest.gather.heartbeat, Some(Duration::from_secs(u64::MAX)));
}

#[test]
fn the_rules_of_the_account_count_unless_the_file_alone_is_meant() {
    assert_eq!(on(&[]).sampling, Sampling::Central(None));
    assert_eq!(on(&[("SPANWRIGHT_XRAY_SAMPLING", "local")]).sampling, Sampling::Local(None));
}

#[test]
fn a_list_names_what_never_has_a_segment() {
    let settings = on(&[("SPANWRIGHT_XRAY_EXCLUDE", "/api/health-check, OPTIONS *,")]);
    let expected = [
        Exclusion::default().path("/api/health-check"),
        Exclusion::default().method("OPTIONS").path("*"),
    ];
    assert_eq!(settings.exclusions, expected);
}

#[test]
fn a_value_that_cannot_be_used_is_named_with_what_was_expected() {
    for (variable, value, expected) in [
        ("SPANWRIGHT_XRAY_SAMPLING", "some", "expected central, local or as-spans"),
        ("SPANWRIGHT_XRAY_RULES", "no/such/file.json", "cannot be read"),
        ("SPANWRIGHT_XRAY_EXCLUDE", "health", "expected a list like"),
        ("SPANWRIGHT_XRAY_TRANSPORT", "tcp", "expected udp, tcp-acked or auto"),
        ("SPANWRIGHT_XRAY_HEARTBEAT", "0", "expected a number of seconds above 0"),
    ] {
        let variables = [("AWS_XRAY_DAEMON_ADDRESS", "127.0.0.1:2000"), (variable, value)];
        let error = read(&variables).unwrap_err();
        for part in [variable, value, expected] {
            assert!(error.contains(part), "{error}");
        }
    }
}
