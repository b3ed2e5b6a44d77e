//! The published examples of the signature.

use std::time::Duration;

use super::*;

/// The key of all examples, 2015-08-30T12:36:00Z.
fn example(request: &Parts<'_>, service: &str) -> Vec<(String, String)> {
    let secret = Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
    let credentials = Credentials::new("AKIDEXAMPLE", &secret, None);
    signed_by(&credentials, request, service)
}

fn signed_by(
    credentials: &Credentials,
    request: &Parts<'_>,
    service: &str,
) -> Vec<(String, String)> {
    let time = SystemTime::UNIX_EPOCH + Duration::from_mins(24_015_636);
    let scope = Scope { credentials, region: "us-east-1", service, time };
    let headers = sign(request, &scope).unwrap();
    headers
        .into_iter()
        .map(|header| (header.name.into_owned(), header.value.reveal().to_owned()))
        .collect()
}

fn header(name: &'static str, value: &str) -> Header {
    Header { name: name.into(), value: Secret::new(value) }
}

/// Checks the whole of both headers.
fn check(request: &Parts<'_>, service: &str, signed_headers: &str, signature: &str) {
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/{service}/aws4_request, \
         SignedHeaders={signed_headers}, Signature={signature}"
    );
    let expected = [
        ("x-amz-date".to_owned(), "20150830T123600Z".to_owned()),
        ("authorization".to_owned(), authorization),
    ];
    assert_eq!(example(request, service), expected);
}

/// Source: the test suite of Signature Version 4, cases `get-vanilla`, `post-vanilla`,
/// `get-vanilla-query-order-key-case` and `post-x-www-form-urlencoded`.
#[test]
fn the_cases_of_the_test_suite_have_their_signatures() {
    let url = Secret::new("https://example.amazonaws.com/");
    let plain = Parts { method: "GET", url: &url, headers: &[], body: &[] };
    check(
        &plain,
        "service",
        "host;x-amz-date",
        "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
    );
    check(
        &Parts { method: "POST", ..plain },
        "service",
        "host;x-amz-date",
        "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
    );
    let with_query = Secret::new("https://example.amazonaws.com/?Param2=value2&Param1=value1");
    check(
        &Parts { url: &with_query, ..plain },
        "service",
        "host;x-amz-date",
        "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
    );
    let headers = [header("Content-Type", "application/x-www-form-urlencoded")];
    let body = ["Param1=", "", "value1"].map(|part| Bytes::from_static(part.as_bytes()));
    let form = Parts { method: "POST", headers: &headers, body: &body, ..plain };
    check(
        &form,
        "service",
        "content-type;host;x-amz-date",
        "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
    );
}

/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>,
/// the example of `ListUsers`.
#[test]
fn the_example_of_the_documentation_has_its_signature() {
    let url = Secret::new("https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08");
    let headers = [header("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")];
    let request = Parts { method: "GET", url: &url, headers: &headers, body: &[] };
    check(
        &request,
        "iam",
        "content-type;host;x-amz-date",
        "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
    );
}

#[test]
fn a_token_goes_along_and_is_signed() {
    let secret = Secret::new("secret");
    let credentials = Credentials::new("AKID", &secret, Some(&Secret::new("the-token")));
    let url = Secret::new("http://127.0.0.1:4566/CreateGroup");
    let body = [Bytes::from_static(b"{}")];
    let request = Parts { method: "POST", url: &url, headers: &[], body: &body };
    let headers = signed_by(&credentials, &request, "xray");
    let value = |name: &str| &headers.iter().find(|(found, _)| found == name).unwrap().1;
    assert_eq!(value("x-amz-security-token"), "the-token");
    assert!(value("authorization").contains("SignedHeaders=host;x-amz-date;x-amz-security-token"));
    assert!(!format!("{request:?}").contains("127"), "an address may hold credentials");
}

#[test]
fn what_cannot_be_sent_is_an_error_and_no_panic() {
    for (url, value) in [
        ("/CreateGroup", "a"),
        ("", "a"),
        ("https://", "a"),
        ("https:///x", "a"),
        ("https://a b/", "a"),
        ("https://a/", "a\nb"),
    ] {
        let url = Secret::new(url);
        let headers = [header("x-test", value)];
        let request = Parts { method: "POST", url: &url, headers: &headers, body: &[] };
        let credentials = Credentials::new("AKID", &Secret::new("hunter2"), None);
        let time = SystemTime::UNIX_EPOCH;
        let scope = Scope { credentials: &credentials, region: "a", service: "b", time };
        let error = sign(&request, &scope).unwrap_err().to_string();
        assert!(error.starts_with("cannot sign the request: "), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
}
