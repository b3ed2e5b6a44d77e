//! The parts of a document that have a form of their own: `http`, `sql`, `aws`.
//!
//! In: what the attributes of a span say. Out: members of its document.
//! Never: tells a query, a password or a literal of a statement.
//!
//! Source:
//! <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html>.

use std::borrow::Cow;

use super::MAX_TEXT_CHARS;
use super::address;
use super::facts::{Fact, Facts};
use super::json::{self, Object};
use super::names::cut;
use crate::record::SpanKind;
use crate::redact::connection::Connection;

/// What there must be at least one of for a request to be told.
const OF_HTTP: [Fact; 7] = [
    Fact::Method,
    Fact::Status,
    Fact::Url,
    Fact::Target,
    Fact::UserAgent,
    Fact::ForwardedClient,
    Fact::ResponseBytes,
];

/// Writes `http`.
pub(super) fn http(facts: &mut Facts<'_>, kind: SpanKind, is_segment: bool, out: &mut Object<'_>) {
    if !OF_HTTP.into_iter().any(|fact| facts.has(fact)) {
        return;
    }
    out.object("http", |http| {
        http.object("request", |request| {
            if let Some(method) = method(facts) {
                request.text("method", cut(&method, MAX_TEXT_CHARS));
            }
            if let Some(url) = url(facts) {
                request.text("url", cut(&url, MAX_TEXT_CHARS));
            }
            let user_agent = facts.take_text(Fact::UserAgent);
            request.short_text("user_agent", user_agent, MAX_TEXT_CHARS);
            if kind == SpanKind::Server || is_segment {
                client(facts, is_segment, request);
            }
        });
        http.object("response", |response| {
            response.integer("status", facts.take_integer(Fact::Status));
            response.integer("content_length", facts.take_integer(Fact::ResponseBytes));
        });
    });
}

/// The method as it was received; the conventions keep unknown ones apart.
fn method(facts: &mut Facts<'_>) -> Option<String> {
    let method = facts.take_text(Fact::Method);
    let original = facts.take_text(Fact::MethodOriginal);
    original.or(method).map(str::to_uppercase)
}

fn url<'a>(facts: &mut Facts<'a>) -> Option<Cow<'a, str>> {
    let whole = facts.take_text(Fact::Url);
    let scheme = facts.take_text(Fact::Scheme).unwrap_or("http");
    let target = facts.take_text(Fact::Target);
    let path = facts.take_text(Fact::Path).or(target.map(address::path));
    let host = facts.take_text(Fact::Host);
    let server = facts.take_text(Fact::Server);
    let port = facts.take_integer(Fact::ServerPort).filter(|_| host.is_none());
    if let Some(whole) = whole {
        return Some(address::bare_url(whole));
    }
    let Some(host) = host.or(server) else { return path.map(Cow::Borrowed) };
    let origin = address::origin(scheme, host, port);
    Some(Cow::Owned(origin + path.unwrap_or("/")))
}

/// Who asked; and whether a proxy in between said so.
fn client(facts: &mut Facts<'_>, is_segment: bool, request: &mut Object<'_>) {
    let peer = facts.text(Fact::Peer);
    let forwarded = facts.take_text(Fact::ForwardedClient);
    let client = facts.take_text(Fact::Client);
    let Some(address) = forwarded.or(client).or(peer) else { return };
    // A proxy that is somebody else stays among the metadata.
    let is_forwarded = forwarded.is_some() || peer.is_some_and(|peer| peer != address);
    if peer == Some(address) {
        facts.take(Fact::Peer);
    }
    request.short_text("client_ip", Some(address), MAX_TEXT_CHARS);
    request.flag("x_forwarded_for", is_forwarded && is_segment);
}

/// Whether X-Ray shows calls to such a database as SQL.
fn is_sql(system: &str) -> bool {
    matches!(
        system,
        "db2" | "derby"
            | "hive"
            | "mariadb"
            | "mssql"
            | "mysql"
            | "oracle"
            | "postgresql"
            | "sqlite"
            | "teradata"
            | "other_sql"
            // The same, as the stable conventions call them, and some of their kin.
            | "ibm.db2"
            | "microsoft.sql_server"
            | "oracle.db"
            | "cockroachdb"
            | "aws.redshift"
            | "redshift"
    )
}

/// Writes `sql` of attributes without secrets; the statement has at most `max_query_bytes`.
pub(super) fn sql(facts: &mut Facts<'_>, max_query_bytes: usize, out: &mut Object<'_>) {
    let Some(system) = facts.text(Fact::DbSystem).filter(|system| is_sql(system)) else { return };
    facts.take(Fact::DbSystem);
    let is_known = |text: &&str| Connection::parse(text).is_some();
    let connection = facts.take_text(Fact::DbConnection).filter(is_known);
    let name = facts.take_text(Fact::DbName);
    let host = facts.take_text(Fact::Server);
    let port = facts.take_integer(Fact::ServerPort);
    out.object("sql", |sql| {
        let url = match (connection, host, name) {
            (Some(connection), ..) => Some(Cow::Borrowed(connection)),
            (None, Some(host), name) => {
                let path = name.map(|name| format!("/{name}")).unwrap_or_default();
                Some(Cow::Owned(address::origin(system, host, port) + &path))
            }
            (None, None, Some(name)) => Some(Cow::Owned(format!("{system}:{name}"))),
            (None, None, None) => None,
        };
        sql.short_text("url", url.as_deref(), MAX_TEXT_CHARS);
        sql.short_text("connection_string", connection, MAX_TEXT_CHARS);
        sql.text("database_type", cut(system, MAX_TEXT_CHARS));
        sql.short_text("user", facts.take_text(Fact::DbUser), MAX_TEXT_CHARS);
        if let Some(query) = facts.take_text(Fact::DbStatement) {
            sql.text("sanitized_query", &shortened(query, max_query_bytes));
        }
    });
}

/// The start of a text that has too many bytes, and how many are missing.
pub(super) fn shortened(text: &str, max_bytes: usize) -> Cow<'_, str> {
    if text.len() <= max_bytes {
        return Cow::Borrowed(text);
    }
    let start = &text[..text.floor_char_boundary(max_bytes)];
    Cow::Owned(format!("{start}…[{} bytes]", text.len() - start.len()))
}

/// Writes the members of `aws` about a call, under the names that X-Ray's SDKs give them.
///
/// Sources: <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html#api-segmentdocuments-aws>,
/// <https://github.com/aws/aws-xray-sdk-node/blob/master/packages/core/lib/resources/aws_whitelist.json>.
pub(super) fn aws_call(facts: &mut Facts<'_>, aws: &mut Object<'_>) {
    let operation = match facts.take_text(Fact::AwsOperation) {
        None if is_aws(facts) => {
            let method = facts.take_text(Fact::RpcMethod);
            method.map(|method| method.rsplit_once('/').map_or(method, |(_, operation)| operation))
        }
        operation => operation,
    };
    aws.short_text("operation", operation, MAX_TEXT_CHARS);
    for (key, fact) in [
        ("account_id", Fact::AwsAccount),
        ("region", Fact::AwsRegion),
        ("request_id", Fact::AwsRequest),
        ("id_2", Fact::AwsExtendedRequest),
        ("queue_url", Fact::AwsQueue),
        ("topic_arn", Fact::AwsTopic),
        ("stream_name", Fact::AwsStream),
        ("bucket_name", Fact::AwsBucket),
        ("key", Fact::AwsKey),
    ] {
        aws.short_text(key, facts.take_text(fact), MAX_TEXT_CHARS);
    }
    aws.integer("retries", facts.take_integer(Fact::AwsRetries));
    aws.short_text("queue_name", queue_name(facts), MAX_TEXT_CHARS);
    aws.short_text("function_name", function_name(facts), MAX_TEXT_CHARS);
    match facts.texts(Fact::AwsTable).as_deref() {
        None | Some([]) => return,
        Some([table]) => aws.short_text("table_name", Some(table), MAX_TEXT_CHARS),
        Some(tables) => {
            let write =
                |table: &&str, out: &mut Vec<u8>| json::text(cut(table, MAX_TEXT_CHARS), out);
            json::list(tables, write, aws.member("table_names"));
        }
    }
    facts.take(Fact::AwsTable);
}

/// The name of a queue: that of the destination, where SQS takes the message.
fn queue_name<'a>(facts: &mut Facts<'a>) -> Option<&'a str> {
    let system = facts.text(Fact::MessagingSystem);
    let is_sqs = system.is_some_and(|system| matches!(system, "aws_sqs" | "AmazonSQS"));
    let destination = if is_sqs { Fact::Destination } else { Fact::AwsQueueName };
    facts.take_text(Fact::AwsQueueName).or_else(|| facts.take_text(destination))
}

/// The name of a function that is invoked, by the conventions of AWS or of functions in general.
fn function_name<'a>(facts: &mut Facts<'a>) -> Option<&'a str> {
    let is_aws = facts.text(Fact::InvokedProvider) == Some("aws");
    let invoked = if is_aws { Fact::InvokedFunction } else { Fact::AwsFunction };
    facts.take_text(Fact::AwsFunction).or_else(|| facts.take_text(invoked))
}

/// Whether it is a call of an AWS SDK.
pub(super) fn is_aws(facts: &Facts<'_>) -> bool {
    facts.text(Fact::RpcSystem) == Some("aws-api") || facts.has(Fact::AwsService)
}
