//! Headers as clients and proxies write them.

use super::*;

const OURS: &str = "192.0.2.7";

fn headers(lines: &[(&HeaderName, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append((*name).clone(), value.parse().expect("a header of text"));
    }
    headers
}

fn client(lines: &[(&HeaderName, &str)], proxies: usize) -> Option<String> {
    Forwarded::of(&headers(lines), proxies).client.map(|client| client.to_string())
}

#[test]
fn only_ip_addresses_are_addresses() {
    for (node, expected) in [
        ("192.0.2.43", Some("192.0.2.43")),
        ("192.0.2.43:47011", Some("192.0.2.43")),
        ("192.0.2.43:_port", Some("192.0.2.43")),
        ("2001:db8::17", Some("2001:db8::17")),
        ("[2001:db8::17]", Some("2001:db8::17")),
        ("[2001:db8::17]:4711", Some("2001:db8::17")),
        ("[2001:db8::17]:_gazonk", Some("2001:db8::17")),
        ("unknown", None),
        ("_SEVKISEK", None),
        ("_hidden:_port", None),
        ("localhost", None),
        ("admin' OR 1=1", None),
        ("192.0.2", None),
        ("192.0.2.43:99999", None),
        ("[192.0.2.43]", None),
        ("[2001:db8::17", None),
        ("2001:db8::17]:1", None),
        ("", None),
    ] {
        let found = address(node).map(|address| address.to_string());
        assert_eq!(found.as_deref(), expected, "{node}");
    }
}

#[test]
fn the_client_is_counted_from_the_end_of_the_list() {
    let lines = [
        (&X_FORWARDED_FOR, "6.6.6.6, 192.0.2.7"),
        (&X_FORWARDED_FOR, " , 10.0.0.2:80,"),
        (&X_FORWARDED_FOR, "\"[2001:db8::3]:1\""),
    ];
    for (proxies, expected) in [
        (0, None),
        (1, Some("2001:db8::3")),
        (2, Some("10.0.0.2")),
        (3, Some(OURS)),
        (4, Some("6.6.6.6")),
        (usize::MAX, Some("6.6.6.6")),
    ] {
        assert_eq!(client(&lines, proxies).as_deref(), expected, "{proxies}");
    }
}

#[test]
fn a_hidden_client_leaves_the_next_address_or_none() {
    for (value, proxies, expected) in [
        ("unknown, 10.0.0.2", 2, Some("10.0.0.2")),
        ("6.6.6.6, _hidden, 10.0.0.2", 2, Some("10.0.0.2")),
        ("6.6.6.6, unknown", 1, None),
        ("<script>", 1, None),
    ] {
        assert_eq!(client(&[(&X_FORWARDED_FOR, value)], proxies).as_deref(), expected, "{value}");
        let value = value.split(", ").map(|node| format!("for={node}")).collect::<Vec<_>>();
        let value = value.join(", ");
        assert_eq!(client(&[(&FORWARDED, &value)], proxies).as_deref(), expected, "{value}");
    }
}

#[test]
fn forwarded_gives_client_scheme_and_host_of_one_element() {
    let value = "for=6.6.6.6;host=evil.example;proto=https, \
                 FOR=\"[2001:db8::1]:4711\" ; Proto=HTTPS;by=203.0.113.43;host=\"cruddur.example:8443\", \
                 for=10.0.0.2;proto=http;host=internal";
    let headers = headers(&[(&FORWARDED, value)]);
    let found = Forwarded::of(&headers, 2);
    let client = Some("2001:db8::1".parse().expect("an address"));
    let expected = Forwarded { client, scheme: Some("https"), host: Some("cruddur.example:8443") };
    assert_eq!(found, expected);
    assert_eq!(Forwarded::of(&headers, 1).host, Some("internal"));
    assert_eq!(Forwarded::of(&headers, 0), Forwarded::default());
}

#[test]
fn what_a_client_leaves_open_hides_no_element_of_a_proxy() {
    for theirs in ["for=\"", "for=\"6.6.6.6", "\"", "for=\\\"", "for=\"a\\", ";,=;for=", "\u{e9}\""]
    {
        let value = format!("{theirs}, for={OURS};proto=https");
        let value = HeaderValue::from_bytes(value.as_bytes()).expect("a header of bytes");
        let mut headers = HeaderMap::new();
        headers.insert(FORWARDED, value);
        let found = Forwarded::of(&headers, 1);
        assert_eq!(
            found.client.map(|client| client.to_string()).as_deref(),
            Some(OURS),
            "{theirs}"
        );
        assert_eq!(found.scheme, Some("https"), "{theirs}");
    }
}

#[test]
fn bytes_of_a_client_hide_no_address_of_a_proxy() {
    let mut headers = headers(&[(&X_FORWARDED_FOR, "6.6.6.6")]);
    let merged = HeaderValue::from_bytes(b"\xff, 192.0.2.7").expect("a header of bytes");
    headers.append(X_FORWARDED_FOR, merged);
    let found = Forwarded::of(&headers, 1).client;
    assert_eq!(found.map(|client| client.to_string()).as_deref(), Some(OURS));
}

#[test]
fn of_both_headers_the_older_one_counts() {
    let both =
        [(&FORWARDED, "for=6.6.6.6;proto=https;host=evil.example"), (&X_FORWARDED_FOR, OURS)];
    let headers = headers(&both);
    let found = Forwarded::of(&headers, 1);
    assert_eq!(found.client.map(|client| client.to_string()).as_deref(), Some(OURS));
    assert_eq!((found.scheme, found.host), (None, None));
}

#[test]
fn a_scheme_is_http_or_https() {
    for (text, expected) in
        [("https", Some("https")), ("HTTP", Some("http")), ("javascript", None), ("", None)]
    {
        let headers = headers(&[(&X_FORWARDED_PROTO, text)]);
        assert_eq!(Forwarded::of(&headers, 1).scheme, expected, "{text}");
    }
}

#[test]
fn of_a_long_list_only_the_end_is_read() {
    let long = "6.6.6.6,".repeat(32_000);
    let values = [format!("{long} {OURS}"), format!("{} {OURS}", ",".repeat(200_000))];
    for value in values {
        assert_eq!(client(&[(&X_FORWARDED_FOR, &value)], 1).as_deref(), Some(OURS));
    }
    let headers = headers(&[(&X_FORWARDED_FOR, &long)]);
    let read = last_elements(&headers, &X_FORWARDED_FOR).count();
    assert!(read * "6.6.6.6,".len() <= MAX_BYTES, "{read}");
}
