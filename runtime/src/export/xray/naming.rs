//! What a span is called on the service map.
//!
//! In: a span and its attributes. Out: its name before it is sanitised, and who did the work.
//! Never: makes a name of what is different for every request.

use std::borrow::Cow;

use super::address;
use super::blocks;
use super::facts::{Fact, Facts};
use super::settings::Naming;
use crate::record::{Namespace, Segment, SpanKind, SpanRecord};
use crate::redact::connection::Connection;

/// The name of a segment, which is that of a service.
pub(super) fn of_segment<'a>(
    segment: &Segment,
    facts: &Facts<'a>,
    naming: &'a Naming,
    service: &'a str,
) -> Cow<'a, str> {
    if let Some(name) = segment.name.or(facts.text(Fact::LocalService)) {
        return Cow::Borrowed(name);
    }
    match naming {
        Naming::Service => Cow::Borrowed(service),
        Naming::Fixed(name) => Cow::Borrowed(name),
        Naming::Host { pattern, fallback } => {
            let host = facts.text(Fact::Host).or_else(|| facts.text(Fact::Server));
            let host = host.map(address::without_port);
            let fallback = fallback.as_deref().unwrap_or(service);
            Cow::Borrowed(host.filter(|host| pattern.matches(host)).unwrap_or(fallback))
        }
        Naming::Route => Cow::Borrowed(facts.text(Fact::Route).unwrap_or(service)),
    }
}

/// The name of a subsegment: the other side of a call, else the span's own.
pub(super) fn of_subsegment<'a>(
    span: &'a SpanRecord,
    segment: &Segment,
    facts: &Facts<'a>,
) -> Cow<'a, str> {
    if let Some(name) = segment.name {
        return Cow::Borrowed(name);
    }
    let is_call = matches!(span.kind, SpanKind::Client | SpanKind::Producer | SpanKind::Consumer);
    let other_side = || if is_call { other_side(facts) } else { None };
    other_side().unwrap_or(Cow::Borrowed(&*span.name))
}

fn other_side<'a>(facts: &Facts<'a>) -> Option<Cow<'a, str>> {
    let without_prefix = |name: &'a str| {
        let bare = name.strip_prefix("AWS.SDK.").or_else(|| name.strip_prefix("AWS::"));
        bare.filter(|_| blocks::is_aws(facts)).unwrap_or(name)
    };
    let service = facts
        .text(Fact::RemoteService)
        .map(without_prefix)
        .or_else(|| facts.text(Fact::PeerService))
        .or_else(|| facts.text(Fact::AwsService))
        // A table store of AWS is called like the others of AWS, not like a database.
        .or_else(|| rpc_service(facts).filter(|_| blocks::is_aws(facts)));
    let host = || facts.text(Fact::Host).map(address::without_port);
    let host = || host().or_else(|| facts.text(Fact::Server));
    service
        .map(Cow::Borrowed)
        .or_else(|| database(facts))
        .or_else(|| rpc_service(facts).map(Cow::Borrowed))
        .or_else(|| host().map(Cow::Borrowed))
        .or_else(|| facts.text(Fact::Url).and_then(address::host_of).map(Cow::Borrowed))
}

/// The service of a call; the stable conventions have it before the method: `DynamoDB/GetItem`.
fn rpc_service<'a>(facts: &Facts<'a>) -> Option<&'a str> {
    let of_method = || Some(facts.text(Fact::RpcMethod)?.rsplit_once('/')?.0);
    facts.text(Fact::RpcService).or_else(of_method)
}

/// `name@host` of a database.
fn database<'a>(facts: &Facts<'a>) -> Option<Cow<'a, str>> {
    let name = facts.text(Fact::DbName).or_else(|| facts.text(Fact::DbSystem))?;
    let connection = || Connection::parse(facts.text(Fact::DbConnection)?)?.host.map(Cow::Owned);
    Some(match facts.text(Fact::Server).map(Cow::Borrowed).or_else(connection) {
        Some(host) => Cow::Owned(format!("{name}@{host}")),
        None => Cow::Borrowed(name),
    })
}

/// Returns true for a span that calls another service or sends it a message.
const fn is_call(kind: SpanKind) -> bool {
    matches!(kind, SpanKind::Client | SpanKind::Producer)
}

/// Who did the work of a subsegment; `None` for this process.
///
/// Source: <https://github.com/open-telemetry/opentelemetry-collector-contrib/pull/42633>.
pub(super) fn namespace(
    span: &SpanRecord,
    segment: &Segment,
    facts: &Facts<'_>,
) -> Option<&'static str> {
    match segment.namespace {
        Some(Namespace::Aws) => Some("aws"),
        Some(Namespace::Remote) => Some("remote"),
        None if blocks::is_aws(facts) => Some("aws"),
        // Also a message that is sent: X-Ray shows its queue as a node, as upstream's exporter has it.
        None if is_call(span.kind) || facts.has(Fact::RemoteService) => Some("remote"),
        None => None,
    }
}
