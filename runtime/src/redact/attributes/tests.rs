//! Keys of the conventions and of applications, each with the value that is left.

use super::*;
use crate::secret::Secret;

fn redacted(redaction: &Redaction, attributes: &[(&'static str, Value)]) -> Vec<String> {
    let pair = |(key, value): &(&'static str, Value)| Attribute::new(*key, value.clone());
    let mut attributes: Vec<Attribute> = attributes.iter().map(pair).collect();
    all(redaction, &mut attributes);
    attributes.into_iter().map(|attribute| attribute.value.to_string()).collect()
}

fn one_redacted(key: &'static str, value: impl Into<Value>) -> String {
    redacted(&Redaction::new(), &[(key, value.into())]).remove(0)
}

#[test]
fn keys_of_secrets_hide_values_of_every_type_but_bool() {
    for (value, expected) in [
        (Value::from("written in the code"), "…"),
        (Value::from("x".to_owned()), "…"),
        (Value::from(1234), "…"),
        (Value::from(1.5), "…"),
        (Array::Str(vec!["x".to_owned()]).into(), "…"),
        (Array::I64(vec![1, 2]).into(), "…"),
        (Value::from(true), "true"),
    ] {
        assert_eq!(one_redacted("user.pin", value), expected);
    }
}

#[test]
fn keys_of_the_conventions_are_not_taken_for_secrets() {
    for key in [
        "session.id",
        "session.previous_id",
        "mcp.session.id",
        "user.id",
        "user.hash",
        "enduser.id",
        "enduser.role",
        "enduser.scope",
        "error.type",
        "exception.type",
        "http.route",
        "url.path",
        "url.scheme",
        "code.function.name",
        "rpc.grpc.status_code",
        "messaging.kafka.message.key",
        "messaging.message.id",
        "gen_ai.usage.input_tokens",
        "gen_ai.usage.output_tokens",
        "gen_ai.token.type",
        "aws.dynamodb.table_names",
        "aws.dynamodb.exclusive_start_table",
        "aws.secretsmanager.secret.arn",
        "aws.s3.key",
        "feature_flag.key",
        "tls.client.hash.sha256",
        "network.peer.address",
        "process.pid",
        "db.namespace",
        "db.operation.name",
        "code",
        "state",
    ] {
        assert_eq!(one_redacted(key, "abc-123".to_owned()), "abc-123", "{key}");
    }
}

#[test]
fn rules_of_the_application_win_over_the_conventions() {
    let rules =
        Redaction::new().key("session.id").without_key("pin").secret(Secret::new("hunter2"));
    let values = [
        ("session.id", Value::from("abc".to_owned())),
        ("pin", Value::from(7)),
        ("note", Value::from("is hunter2".to_owned())),
    ];
    assert_eq!(redacted(&rules, &values), ["…", "7", "is …"]);
}

#[test]
fn urls_and_queries_are_redacted_as_the_conventions_want_it() {
    for (key, value, expected) in [
        ("url.query", "a=1&code=x&error_code=7", "a=1&code=REDACTED&error_code=7"),
        ("url.query", "token=REDACTED&jwt=a.b.c", "token=REDACTED&jwt=REDACTED"),
        (
            "url.full",
            "https://u:p@b.s3.example/k?X-Amz-Date=1&X-Amz-Signature=2&X-Amz-Credential=3%2F4&X-Amz-Security-Token=5",
            "https://REDACTED@b.s3.example/k?X-Amz-Date=1&X-Amz-Signature=REDACTED&X-Amz-Credential=REDACTED&X-Amz-Security-Token=REDACTED",
        ),
        ("http.target", "/cb?code=x", "/cb?code=REDACTED"),
        ("http.url", "http://a/cb?q=1#access_token=x", "http://a/cb?q=1#access_token=REDACTED"),
        ("url.full", "https://a.example/b?c=d", "https://a.example/b?c=d"),
    ] {
        assert_eq!(one_redacted(key, value.to_owned()), expected);
    }
}

#[test]
fn headers_are_redacted_by_their_names() {
    let list = |text: &str| Value::from(Array::Str(vec![text.to_owned()]));
    for (key, expected) in [
        ("http.request.header.authorization", "…"),
        ("http.request.header.x-api-key", "…"),
        ("http.request.header.x_honeycomb_team", "…"),
        ("http.request.header.cookie", r#"["a=…"]"#),
        ("http.response.header.set_cookie", r#"["a=…"]"#),
        ("rpc.grpc.request.metadata.x-forwarded-client-cert", "…"),
        ("http.request.header.accept", r#"["a=b"]"#),
    ] {
        assert_eq!(one_redacted(key, list("a=b")), expected, "{key}");
    }
}

#[test]
fn literals_of_statements_are_masked_by_the_system_unless_they_are_kept() {
    let attributes = |system: &str| {
        [
            ("db.query.text", Value::from("a = 'x' and b = \"y\"".to_owned())),
            ("db.system.name", Value::from(system.to_owned())),
        ]
    };
    let of = |rules: &Redaction, system: &str| redacted(rules, &attributes(system)).remove(0);
    assert_eq!(of(&Redaction::new(), "postgresql"), "a = ? and b = \"y\"");
    assert_eq!(of(&Redaction::new(), "mysql"), "a = ? and b = ?");
    assert_eq!(of(&Redaction::new().keep_literals(), "mysql"), "a = 'x' and b = \"y\"");
    let old =
        redacted(&Redaction::new(), &[("db.statement", Value::from("SELECT 'x'".to_owned()))]);
    assert_eq!(old, ["SELECT ?"]);
}

#[test]
fn connection_strings_keep_hosts_and_names() {
    let connection = "postgresql://bob:hunter2@db:5432/app".to_owned();
    let redacted = one_redacted("db.connection_string", connection);
    assert_eq!(redacted, "postgresql://db:5432/app");
}
