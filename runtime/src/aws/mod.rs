//! Requests to AWS services that speak JSON, signed with Signature Version 4.
//!
//! In: variables, and calls. Out: answers, or what the service refused.
//! Never: prints a secret, reads a clock (a call is told the time), retries, links the SDK of a
//! service: one is far larger than the few requests that are made here.
//!
//! ```text
//! variables   ─▶ Region ─┬─▶ Target ─ request ─▶ Request ─┐
//!             └▶ Endpoint┘                                ├─ sign ─▶ POST ─▶ Answer · Refusal
//! variables, profile, container, instance   ─▶ Provider ──┘
//! ```
//!
//! [`Client`] makes single calls; [`Transport`] is the way of a destination's requests, which are
//! retried by whoever sends them.
//!
//! Both protocols are spoken: paths with a JSON body (X-Ray), and one path with a target header
//! (CloudWatch Logs).
//! Sources: <https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html>,
//! <https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html>.

mod access;
mod call;
mod client;
mod credentials;
mod endpoint;
mod lookup;
mod region;
mod sign;
mod signer;
mod transport;

pub use access::Access;
pub use call::{Call, Target};
pub use client::{Answer, Client};
pub use credentials::{Credentials, Provider};
pub use endpoint::{Endpoint, Service};
#[cfg_attr(
    not(feature = "cloudwatch"),
    expect(unused_imports, reason = "for the region of CloudWatch Logs alone")
)]
pub(crate) use lookup::on_own_thread;
pub use region::Region;
pub use sign::{Parts, Scope, SignError, sign};
pub use transport::Transport;

pub use crate::export::{AccessProblem, Refusal};

use crate::pipeline::transport::TransportError;
use crate::pipeline::transport::http::ClientError;

/// Reads a variable of the environment; `None` where it is not set. An empty value counts as not
/// set.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The value of a variable, without blanks around it.
fn variable(lookup: Lookup<'_>, name: &str) -> Option<String> {
    let value = lookup(name)?.trim().to_owned();
    (!value.is_empty()).then_some(value)
}

/// Why settings for AWS cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// Nobody says where.
    #[error(
        "no AWS region: set AWS_REGION or AWS_DEFAULT_REGION, or `region` in the profile of ~/.aws/config"
    )]
    NoRegion,
    /// A variable that is not of its kind.
    #[error("{variable} is `{found}`, expected {expected}")]
    Value {
        /// The variable, or where else it was found.
        variable: &'static str,
        /// Its value, without what may be a secret.
        found: String,
        /// What it may be.
        expected: &'static str,
    },
    /// Half of a pair of keys.
    #[error("{present} is set and {missing} is not: both together are credentials")]
    HalfCredentials {
        /// The variable that is set.
        present: &'static str,
        /// The variable that is not.
        missing: &'static str,
    },
    /// The HTTP client cannot be built.
    #[error(transparent)]
    Http(ClientError),
}

/// Why a call has no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// There are no credentials to sign with.
    #[error("no AWS credentials: {0}")]
    Credentials(String),
    /// The request cannot be signed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// Nothing came back.
    #[error("{operation} has no answer from {host}")]
    Transport {
        /// What was asked.
        operation: &'static str,
        /// Who was asked.
        host: String,
        /// What went wrong.
        source: TransportError,
    },
    /// The service said no.
    #[error("{operation} was refused: {refusal}")]
    Refused {
        /// What was asked.
        operation: &'static str,
        /// What it said.
        refusal: Refusal,
    },
}

impl CallError {
    /// What the service said, if it said anything.
    pub const fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused { refusal, .. } => Some(refusal),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    /// A variable in a list.
    pub(super) fn find(variables: &[(&str, &str)], name: &str) -> Option<String> {
        let found = variables.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    }
}
