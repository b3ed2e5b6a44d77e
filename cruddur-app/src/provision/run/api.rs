//! Calls of the two services, made again when they are throttled.
//!
//! In: a call. Out: its answer as JSON.
//! Never: makes a call again for another reason.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use serde_json::Value;
use spanwright::aws::{
    AccessProblem, Call, CallError, Client, Lookup, Provider, Refusal, Region, Service,
    SettingsError, Target,
};

/// How long one call may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How often a call is made before it counts as refused.
const MAX_TRIES: u32 = 5;

/// Both services in one region.
pub(super) struct Api {
    xray: Client,
    logs: Client,
    first_pause: Duration,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error(transparent)]
    Call(CallError),
    #[error("{error}; {hint}")]
    Access { error: CallError, hint: String },
    #[error("{error}; it was tried {MAX_TRIES} times, and what was done so far stays done")]
    Throttled { error: CallError },
    #[error("the answer of {operation} is no JSON")]
    Json { operation: &'static str, source: serde_json::Error },
}

impl Error {
    /// The service's name for it, if it is the service's.
    pub(super) fn code(&self) -> Option<&str> {
        match self {
            Self::Call(error) => error.refusal().map(|refusal| refusal.code.as_str()),
            _ => None,
        }
    }
}

impl Api {
    pub(super) fn new(
        lookup: Lookup<'_>,
        region: &Region,
        provider: &Provider,
        first_pause: Duration,
    ) -> Result<Self, SettingsError> {
        let client = |service| {
            let target = Target::new(service, lookup, region)?;
            Client::new(target, provider.clone(), TIMEOUT)
        };
        Ok(Self { xray: client(Service::XRAY)?, logs: client(Service::LOGS)?, first_pause })
    }

    pub(super) async fn call(&self, service: Service, call: &Call) -> Result<Value, Error> {
        let client = if service == Service::XRAY { &self.xray } else { &self.logs };
        let mut pause = self.first_pause;
        for _ in 1..MAX_TRIES {
            match client.call(call, now()).await {
                Err(error) if is_throttled(&error) => tokio::time::sleep(pause).await,
                Err(error) => return Err(explained(error, service)),
                Ok(answer) => return json(call, &answer.body),
            }
            pause *= 2;
        }
        match client.call(call, now()).await {
            Ok(answer) => json(call, &answer.body),
            Err(error) if is_throttled(&error) => Err(Error::Throttled { error }),
            Err(error) => Err(explained(error, service)),
        }
    }
}

fn now() -> SystemTime {
    Timestamp::now().into()
}

fn is_throttled(error: &CallError) -> bool {
    error.refusal().is_some_and(Refusal::is_throttled)
}

/// Adds what to do where the service does not accept who signs.
fn explained(error: CallError, service: Service) -> Error {
    let CallError::Refused { operation, refusal } = &error else { return Error::Call(error) };
    let Some(problem) = refusal.access() else { return Error::Call(error) };
    let hint = match problem {
        AccessProblem::NotAllowed => {
            format!("whoever signs needs the permission `{}:{operation}`", service.name())
        }
        AccessProblem::Clock => "the clock of this machine is off".to_owned(),
        AccessProblem::Expired => "the credentials have expired: renew them".to_owned(),
        AccessProblem::Region => "the address is of another region: see AWS_REGION".to_owned(),
        AccessProblem::WrongSecret => {
            "AWS_SECRET_ACCESS_KEY does not belong to AWS_ACCESS_KEY_ID".to_owned()
        }
        AccessProblem::UnknownKey | AccessProblem::Unsigned => {
            "AWS does not know the access key".to_owned()
        }
        _ => "the answer has no code of AWS: check the address and proxies".to_owned(),
    };
    Error::Access { error, hint }
}

/// An answer without a body is an empty object.
fn json(call: &Call, body: &[u8]) -> Result<Value, Error> {
    if body.is_empty() {
        return Ok(Value::Object(serde_json::Map::default()));
    }
    let operation = call.operation();
    serde_json::from_slice(body).map_err(|source| Error::Json { operation, source })
}
