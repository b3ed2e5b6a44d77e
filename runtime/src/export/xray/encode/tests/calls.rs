//! Calls to services of AWS and messages, by the attributes of old and stable conventions.

use super::*;

/// The document of a call with these attributes.
fn document(kind: SpanKind, attributes: Vec<Attribute>) -> String {
    let mut span = span(2);
    span.kind = kind;
    span.attributes = attributes;
    texts(vec![span]).remove(0)
}

#[test]
fn a_message_that_is_sent_is_remote_work() {
    let sent = document(SpanKind::Producer, vec![]);
    assert!(sent.contains(r#""namespace":"remote""#), "{sent}");
    let by_sdk = document(SpanKind::Producer, vec![Attribute::new("rpc.system", "aws-api")]);
    assert!(by_sdk.contains(r#""namespace":"aws""#), "{by_sdk}");
    for kind in [SpanKind::Internal, SpanKind::Consumer] {
        let local = document(kind, vec![]);
        assert!(!local.contains("namespace"), "{local}");
    }
}

#[test]
fn each_member_of_aws_is_read_from_every_convention() {
    for (member, keys) in [
        ("operation", &["aws.operation"][..]),
        ("account_id", &["aws.account_id"]),
        ("region", &["aws.region", "cloud.region"]),
        ("request_id", &["aws.request_id", "aws.requestId", "aws.request.id"]),
        ("id_2", &["aws.extended_request_id", "aws.request.extended_id"]),
        (
            "queue_url",
            &[
                "aws.sqs.queue.url",
                "aws.queue_url",
                "aws.queue.url",
                "aws.sqs.queue_url",
                "messaging.url",
            ],
        ),
        ("queue_name", &["aws.queue_name", "aws.queue.name", "aws.sqs.queue_name"]),
        ("topic_arn", &["aws.sns.topic.arn", "aws.topic_arn"]),
        ("stream_name", &["aws.kinesis.stream_name", "aws.stream_name", "aws.stream.name"]),
        (
            "function_name",
            &["aws.lambda.function_name", "aws.function_name", "aws.lambda.function.name"],
        ),
        ("bucket_name", &["aws.s3.bucket", "aws.bucket_name", "aws.bucket.name"]),
        ("key", &["aws.s3.key"]),
        ("table_name", &["aws.dynamodb.table_names", "aws.table_name", "aws.table.name"]),
    ] {
        for key in keys {
            let found = document(SpanKind::Client, vec![Attribute::new(*key, "x")]);
            let expected = format!(r#""aws":{{"{member}":"x"}}"#);
            assert!(found.contains(&expected) && !found.contains("metadata"), "{key}: {found}");
        }
    }
    let retries = document(SpanKind::Client, vec![Attribute::new("aws.xray.retries", 2_i64)]);
    assert!(retries.contains(r#""aws":{"retries":2}"#), "{retries}");
}

#[test]
fn the_destination_of_a_message_is_a_queue_where_sqs_takes_it() {
    for (system, key, is_queue) in [
        ("aws_sqs", "messaging.destination.name", true),
        ("AmazonSQS", "messaging.destination", true),
        ("kafka", "messaging.destination.name", false),
    ] {
        let attributes =
            vec![Attribute::new("messaging.system", system), Attribute::new(key, "jobs")];
        let found = document(SpanKind::Producer, attributes);
        assert_eq!(found.contains(r#""aws":{"queue_name":"jobs"}"#), is_queue, "{found}");
        assert_eq!(found.contains(&format!(r#""{key}":"jobs""#)), !is_queue, "{found}");
    }
}

#[test]
fn a_function_that_is_invoked_is_one_of_aws_where_the_provider_is() {
    for (provider, is_aws) in [("aws", true), ("gcp", false)] {
        let attributes = vec![
            Attribute::new("faas.invoked_provider", provider),
            Attribute::new("faas.invoked_name", "resize"),
        ];
        let found = document(SpanKind::Client, attributes);
        assert_eq!(found.contains(r#""aws":{"function_name":"resize"}"#), is_aws, "{found}");
    }
}

/// See <https://github.com/aws/aws-xray-sdk-node/issues/385>.
#[test]
fn numbers_that_come_as_texts_are_numbers_in_the_document() {
    let found = document(
        SpanKind::Client,
        vec![
            Attribute::new("http.status_code", "429"),
            Attribute::new("http.response_content_length", "1024"),
            Attribute::new("aws.xray.retries", "3"),
        ],
    );
    assert!(found.contains(r#""response":{"status":429,"content_length":1024}"#), "{found}");
    assert!(found.contains(r#""error":true,"throttle":true"#), "{found}");
    assert!(found.contains(r#""retries":3"#), "{found}");
    let unreadable = document(SpanKind::Client, vec![Attribute::new("http.status_code", "4xx")]);
    assert!(!unreadable.contains(r#""status":""#), "{unreadable}");
    assert!(unreadable.contains(r#""http.status_code":"4xx""#), "{unreadable}");
}
