//! Which attributes of a span have a place of their own in a segment document.
//!
//! The tables are those of the collector's X-Ray exporter, with the stable names of the semantic
//! conventions beside the earlier ones, so that a span looks the same by either route.
//! In: a span. Out: its attributes by what they say; in the end, those that nobody has taken.
//! Never: takes an attribute of a type that its place does not have.
//!
//! Source:
//! <https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/exporter/awsxrayexporter>.

use std::borrow::Cow;

use crate::record::{Array, Attribute, SpanRecord, Value};

/// What an attribute says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Fact {
    Method,
    MethodOriginal,
    Status,
    Url,
    Scheme,
    Host,
    Path,
    Target,
    Route,
    UserAgent,
    ForwardedClient,
    Client,
    ResponseBytes,
    Server,
    ServerPort,
    Peer,
    PeerService,
    DbSystem,
    DbName,
    DbStatement,
    DbUser,
    DbConnection,
    RpcSystem,
    RpcService,
    RpcMethod,
    AwsService,
    AwsOperation,
    AwsRegion,
    AwsAccount,
    AwsRequest,
    AwsExtendedRequest,
    AwsRetries,
    AwsQueue,
    AwsQueueName,
    AwsTopic,
    AwsStream,
    AwsFunction,
    AwsTable,
    AwsBucket,
    AwsKey,
    MessagingSystem,
    Destination,
    InvokedFunction,
    InvokedProvider,
    LocalService,
    RemoteService,
    User,
    EndUser,
    ErrorType,
    Stack,
    Function,
    File,
    Line,
    Annotated,
    /// The number of the others.
    Count,
}

impl Fact {
    /// What an attribute of this name says; `None` when it has no place of its own.
    fn of(key: &str) -> Option<Self> {
        match key.split_once('.')?.0 {
            "http" | "user_agent" | "url" => Self::of_http(key),
            "net" | "network" | "server" | "client" | "peer" => Self::of_network(key),
            "db" | "rpc" => Self::of_call(key),
            "aws" | "messaging" => Self::of_aws(key),
            _ => Self::of_rest(key),
        }
    }

    fn of_http(key: &str) -> Option<Self> {
        Some(match key {
            "http.request.method" | "http.method" => Self::Method,
            "http.request.method_original" => Self::MethodOriginal,
            "http.response.status_code" | "http.status_code" => Self::Status,
            "url.full" | "http.url" => Self::Url,
            "url.scheme" | "http.scheme" => Self::Scheme,
            "http.host" | "http.server_name" => Self::Host,
            "url.path" => Self::Path,
            "http.target" => Self::Target,
            "http.route" => Self::Route,
            "user_agent.original" | "http.user_agent" => Self::UserAgent,
            "http.client_ip" => Self::ForwardedClient,
            "http.response.body.size" | "http.response_content_length" => Self::ResponseBytes,
            _ => return None,
        })
    }

    fn of_network(key: &str) -> Option<Self> {
        Some(match key {
            "server.address" | "net.host.name" | "net.peer.name" => Self::Server,
            "server.port" | "net.host.port" | "net.peer.port" => Self::ServerPort,
            "client.address" => Self::Client,
            "network.peer.address" | "net.sock.peer.addr" | "net.peer.ip" => Self::Peer,
            "peer.service" => Self::PeerService,
            _ => return None,
        })
    }

    fn of_call(key: &str) -> Option<Self> {
        Some(match key {
            "db.system.name" | "db.system" => Self::DbSystem,
            "db.namespace" | "db.name" => Self::DbName,
            "db.query.text" | "db.statement" => Self::DbStatement,
            "db.user" => Self::DbUser,
            "db.connection_string" => Self::DbConnection,
            "rpc.system.name" | "rpc.system" => Self::RpcSystem,
            "rpc.service" => Self::RpcService,
            "rpc.method" => Self::RpcMethod,
            _ => return None,
        })
    }

    fn of_aws(key: &str) -> Option<Self> {
        Some(match key {
            "aws.service" => Self::AwsService,
            "aws.operation" => Self::AwsOperation,
            "aws.region" => Self::AwsRegion,
            "aws.account_id" => Self::AwsAccount,
            "aws.request_id" | "aws.requestId" | "aws.request.id" => Self::AwsRequest,
            "aws.extended_request_id" | "aws.request.extended_id" => Self::AwsExtendedRequest,
            "aws.xray.retries" => Self::AwsRetries,
            _ => return Self::of_aws_resource(key),
        })
    }

    /// Names of resources: those of the conventions, of the exporter, and of instrumentations.
    ///
    /// Sources: <https://opentelemetry.io/docs/specs/semconv/registry/attributes/aws/>,
    /// <https://github.com/open-telemetry/opentelemetry-collector-contrib/blob/main/internal/aws/xray/awsxray.go>,
    /// <https://github.com/open-telemetry/opentelemetry-java-instrumentation/tree/main/instrumentation/aws-sdk>.
    fn of_aws_resource(key: &str) -> Option<Self> {
        Some(match key {
            "aws.queue_url" | "aws.queue.url" | "aws.sqs.queue.url" | "aws.sqs.queue_url"
            | "messaging.url" => Self::AwsQueue,
            "aws.queue_name" | "aws.queue.name" | "aws.sqs.queue_name" => Self::AwsQueueName,
            "aws.topic_arn" | "aws.sns.topic.arn" => Self::AwsTopic,
            "aws.stream_name" | "aws.stream.name" | "aws.kinesis.stream_name" => Self::AwsStream,
            "aws.function_name" | "aws.lambda.function_name" | "aws.lambda.function.name" => {
                Self::AwsFunction
            }
            "aws.table_name" | "aws.table.name" | "aws.dynamodb.table_names" => Self::AwsTable,
            "aws.bucket_name" | "aws.bucket.name" | "aws.s3.bucket" => Self::AwsBucket,
            "aws.s3.key" => Self::AwsKey,
            "messaging.system" => Self::MessagingSystem,
            "messaging.destination.name" | "messaging.destination" => Self::Destination,
            "aws.local.service" => Self::LocalService,
            "aws.remote.service" => Self::RemoteService,
            "aws.xray.annotations" => Self::Annotated,
            _ => return None,
        })
    }

    fn of_rest(key: &str) -> Option<Self> {
        Some(match key {
            "user.id" => Self::User,
            "enduser.id" => Self::EndUser,
            // Of a call; that of this service is in its resource.
            "cloud.region" => Self::AwsRegion,
            "faas.invoked_name" => Self::InvokedFunction,
            "faas.invoked_provider" => Self::InvokedProvider,
            "error.type" => Self::ErrorType,
            "code.stacktrace" => Self::Stack,
            "code.function.name" => Self::Function,
            "code.file.path" => Self::File,
            "code.line.number" => Self::Line,
            _ => return None,
        })
    }
}

/// The attributes of one span, and who has taken them.
pub(super) struct Facts<'a> {
    attributes: &'a [Attribute],
    /// Where the attribute of each fact is; of two that say the same the first counts.
    places: [Option<u16>; Fact::Count as usize],
    is_taken: Vec<bool>,
}

impl<'a> Facts<'a> {
    /// Looks at every attribute once.
    pub(super) fn of(attributes: &'a [Attribute]) -> Self {
        let mut places = [None; Fact::Count as usize];
        for (at, attribute) in attributes.iter().enumerate() {
            if let Some(fact) = Fact::of(&attribute.key) {
                let place = &mut places[fact as usize];
                *place = place.or(u16::try_from(at).ok());
            }
        }
        let is_taken =
            if attributes.is_empty() { Vec::new() } else { vec![false; attributes.len()] };
        Self { attributes, places, is_taken }
    }

    /// What one span says of one thing.
    pub(super) fn value(span: &'a SpanRecord, fact: Fact) -> Option<&'a Value> {
        let found = span.attributes.iter().find(|it| Fact::of(&it.key) == Some(fact));
        found.map(|attribute| &attribute.value)
    }

    /// Whether the span says this at all.
    pub(super) fn has(&self, fact: Fact) -> bool {
        self.places[fact as usize].is_some()
    }

    fn get(&self, fact: Fact) -> Option<&'a Value> {
        self.places[fact as usize].map(|at| &self.attributes[usize::from(at)].value)
    }

    /// A text that is not empty.
    pub(super) fn text(&self, fact: Fact) -> Option<&'a str> {
        match self.get(fact)? {
            Value::Str(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// An integer, or a text that is one.
    pub(super) fn integer(&self, fact: Fact) -> Option<i64> {
        match self.get(fact)? {
            Value::I64(number) => Some(*number),
            Value::Str(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// A text, or a number as one.
    pub(super) fn name(&self, fact: Fact) -> Option<Cow<'a, str>> {
        match self.get(fact)? {
            Value::Str(text) if !text.is_empty() => Some(Cow::Borrowed(text)),
            Value::I64(number) => Some(Cow::Owned(number.to_string())),
            _ => None,
        }
    }

    /// A list of texts; a text alone is a list of one.
    pub(super) fn texts(&self, fact: Fact) -> Option<Vec<&'a str>> {
        match self.get(fact)? {
            Value::Str(text) if !text.is_empty() => Some(vec![text]),
            Value::Array(Array::Str(texts)) => Some(texts.iter().map(String::as_str).collect()),
            _ => None,
        }
    }

    /// Keeps the attribute from being told twice.
    pub(super) fn take(&mut self, fact: Fact) {
        if let Some(at) = self.places[fact as usize] {
            self.is_taken[usize::from(at)] = true;
        }
    }

    /// Takes what has this value, because it is told elsewhere.
    pub(super) fn take_told(&mut self, fact: Fact, told: Option<&Value>) {
        if told.is_some() && self.get(fact) == told {
            self.take(fact);
        }
    }

    /// Takes a text.
    pub(super) fn take_text(&mut self, fact: Fact) -> Option<&'a str> {
        let text = self.text(fact)?;
        self.take(fact);
        Some(text)
    }

    /// Takes an integer.
    pub(super) fn take_integer(&mut self, fact: Fact) -> Option<i64> {
        let integer = self.integer(fact)?;
        self.take(fact);
        Some(integer)
    }

    /// Takes the attributes that `is_wanted`, whatever they say.
    pub(super) fn take_if(
        &mut self,
        is_wanted: impl Fn(&Attribute) -> bool,
    ) -> impl Iterator<Item = &'a Attribute> {
        let is_taken = &mut self.is_taken;
        self.attributes.iter().zip(is_taken).filter_map(move |(attribute, is_taken)| {
            let is_found = !*is_taken && is_wanted(attribute);
            *is_taken |= is_found;
            is_found.then_some(attribute)
        })
    }

    /// What nobody has taken.
    pub(super) fn rest(&self) -> impl Iterator<Item = &'a Attribute> {
        let pairs = self.attributes.iter().zip(&self.is_taken);
        pairs.filter(|(_, is_taken)| !**is_taken).map(|(attribute, _)| attribute)
    }
}
