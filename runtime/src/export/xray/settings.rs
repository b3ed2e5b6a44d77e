//! What the destination goes by.
//!
//! In: code, or what `config` has read. Out: plain values.
//! Never: resolves an address.

use crate::notes::Notes;
use crate::record::Resource;
use crate::sample::xray::Pattern;

/// What the destination goes by.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the daemon takes datagrams, as `host:port`.
    pub udp_address: String,
    /// Where the daemon takes requests over HTTP, as `host:port`; usually the same.
    pub tcp_address: String,
    /// Which way documents go.
    pub transport: Transport,
    /// What segments are called.
    pub naming: Naming,
    /// Which attributes of spans can be searched for.
    pub indexed: Indexed,
    /// Who sends; told with every segment.
    pub resource: Resource,
    /// Where everything is noted that was changed or refused.
    pub notes: Notes,
}

/// Which way documents go to the daemon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// As datagrams, which nothing acknowledges: they count as
    /// [`sent`](crate::loss::Tally::sent). Where the daemon is on the same host and in the same
    /// network namespace, the sender waits while the daemon's receive buffer is full, and what the
    /// kernel drops before it counts as lost
    /// ([`DroppedByReceiver`](crate::loss::LossReason::DroppedByReceiver)).
    #[default]
    Udp,
    /// As requests that the daemon passes on with its credentials: the service answers for each,
    /// so they count as delivered. Each takes a round trip to the service and has at most 50
    /// documents; [`connections`](crate::xray::Settings::connections) says how many are in flight at
    /// the same time, and what more than those can carry is lost to a full queue. One trace of more
    /// than 50 documents, which no request may have, goes as datagrams.
    TcpAcked,
    /// Datagrams; but requests for batches in which a trace has failed, or a document has more than
    /// 32,000 bytes.
    Auto,
}

/// What segments are called, unless their spans say it themselves.
#[derive(Clone, Debug, Default)]
pub enum Naming {
    /// The `service.name` of the resource.
    #[default]
    Service,
    /// Always the same.
    Fixed(String),
    /// The host of the request.
    Host {
        /// Which hosts may be names; `*` is any run of characters, `?` any one.
        pattern: Pattern,
        /// The name for others; `None` for that of the resource.
        fallback: Option<String>,
    },
    /// The route of the request, such as `/users/{id}`; without one, the name of the service.
    Route,
}

/// Which attributes of spans become annotations, besides those that are marked as such.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Indexed {
    /// No others.
    #[default]
    Marked,
    /// Those of these names.
    Listed(Vec<String>),
    /// All that nothing else is made of.
    All,
}

impl Settings {
    /// Settings for a daemon at `host:port`, all else as usual.
    pub fn new(daemon_address: impl Into<String>) -> Self {
        let address = daemon_address.into();
        Self {
            udp_address: address.clone(),
            tcp_address: address,
            transport: Transport::default(),
            naming: Naming::default(),
            indexed: Indexed::default(),
            resource: Resource::default(),
            notes: Notes::default(),
        }
    }
}
