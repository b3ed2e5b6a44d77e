//! Where the spans of all requests come from, and the keys of their attributes.
//!
//! In: names. Out: one callsite, known when the program is compiled.
//! Never: holds anything of a single request.

use crate::record::{Destinations, Source, SpanKind};
use crate::span::{Callsite, Frame, Mark};

/// Room for the attributes of a usual request; more go through the ring one by one.
const FRAME_WORDS: usize = 96;

/// The span while it runs, and its attributes.
pub(super) type RequestFrame = Frame<FRAME_WORDS>;

macro_rules! keys {
    ($($name:ident = $key:literal,)*) => {
        /// The keys of the attributes, as a frame takes them.
        pub(super) struct Key;

        #[expect(
            non_camel_case_types,
            clippy::upper_case_acronyms,
            reason = "these are the names of constants"
        )]
        enum Index { $($name,)* }

        impl Key {
            $(pub(super) const $name: u16 = Index::$name as u16;)*
        }

        /// The callsite of every request.
        pub(super) static REQUEST: Callsite = Callsite {
            source: Source::by_hand("HTTP", module_path!()),
            kind: SpanKind::Server,
            keys: &[$($key,)*],
            marks: &MARKS,
            subsegment: None,
            destinations: Destinations::ALL,
        };
    };
}

keys! {
    METHOD = "http.request.method",
    METHOD_ORIGINAL = "http.request.method_original",
    PATH = "url.path",
    QUERY = "url.query",
    SCHEME = "url.scheme",
    ROUTE = "http.route",
    STATUS_CODE = "http.response.status_code",
    BODY_SIZE = "http.response.body.size",
    SERVER_ADDRESS = "server.address",
    SERVER_PORT = "server.port",
    CLIENT_ADDRESS = "client.address",
    PEER_ADDRESS = "network.peer.address",
    PEER_PORT = "network.peer.port",
    PROTOCOL_NAME = "network.protocol.name",
    PROTOCOL_VERSION = "network.protocol.version",
    USER_AGENT = "user_agent.original",
    REQUEST_ID = "spanwright.request_id",
    ERROR_TYPE = "error.type",
    ROUTE_ANNOTATION = "http_route",
}

/// Segments are found by their route, which other destinations find in the attribute.
const MARKS: [Mark; Key::ROUTE_ANNOTATION as usize + 1] = {
    let mut marks = [Mark::Attribute; Key::ROUTE_ANNOTATION as usize + 1];
    marks[Key::ROUTE_ANNOTATION as usize] = Mark::Annotation;
    marks
};
