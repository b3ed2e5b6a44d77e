//! Who signs.
//!
//! In: variables, or the places where AWS keeps credentials for its machines. Out:
//! credentials that are valid at a given time.
//! Never: prints them, asks anybody before they are needed.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::provider::ProvideCredentials as _;
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::{Builder, Connector, tls};
use tokio::sync::oneshot::error::TryRecvError;
use tokio::sync::{Mutex, oneshot};
use tokio::time::timeout;

use super::lookup::on_own_thread;
use super::{CallError, Lookup, Region, SettingsError, variable};
use crate::pipeline::transport::Proxies;
use crate::secret::Secret;
use crate::warnings::Warnings;

/// How long before their end credentials are renewed: a request must not arrive after it.
const MARGIN: Duration = Duration::from_mins(5);

/// Maximum time that a request waits for the chain: a program, a service or a file system that it asks may
/// never answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// An access key with its secret.
#[derive(Clone, PartialEq)]
pub struct Credentials(aws_credential_types::Credentials);

impl Credentials {
    /// Takes keys that do not end.
    pub fn new(
        access_key_id: impl Into<String>,
        secret_access_key: &Secret,
        session_token: Option<&Secret>,
    ) -> Self {
        let token = session_token.map(|token| token.reveal().to_owned());
        let secret = secret_access_key.reveal();
        Self(aws_credential_types::Credentials::new(access_key_id, secret, token, None, "fixed"))
    }

    /// The keys that the variables hold.
    ///
    /// # Errors
    /// [`SettingsError::HalfCredentials`] when one of the two is missing.
    pub(super) fn from_env(lookup: Lookup<'_>) -> Result<Option<Self>, SettingsError> {
        const ID: &str = "AWS_ACCESS_KEY_ID";
        const KEY: &str = "AWS_SECRET_ACCESS_KEY";
        match (variable(lookup, ID), variable(lookup, KEY)) {
            (Some(id), Some(key)) => {
                let token = variable(lookup, "AWS_SESSION_TOKEN").map(Secret::new);
                Ok(Some(Self::new(id, &Secret::new(key), token.as_ref())))
            }
            (Some(_), None) => Err(SettingsError::HalfCredentials { present: ID, missing: KEY }),
            (None, Some(_)) => Err(SettingsError::HalfCredentials { present: KEY, missing: ID }),
            (None, None) => Ok(None),
        }
    }

    pub(super) const fn inner(&self) -> &aws_credential_types::Credentials {
        &self.0
    }

    /// What of them may be told nowhere.
    pub(super) fn secrets(&self) -> Vec<Secret> {
        let token = self.0.session_token();
        [Some(self.0.secret_access_key()), token].into_iter().flatten().map(Secret::new).collect()
    }

    fn is_good_at(&self, now: SystemTime) -> bool {
        self.0.expiry().is_none_or(|end| now + MARGIN < end)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(…)")
    }
}

/// Source of credentials, and the proxies by which it and the clients that sign by it reach AWS. Clones share
/// what was found.
#[derive(Clone)]
pub struct Provider {
    source: Source,
    found: Arc<Mutex<Found>>,
    proxies: Proxies,
}

/// Credentials of the chain.
#[derive(Default)]
struct Found {
    credentials: Option<Credentials>,
    /// A look-up that is not over.
    pending: Option<Pending>,
}

/// Receives what a look-up finds.
type Pending = oneshot::Receiver<Result<Credentials, CallError>>;

#[derive(Clone)]
enum Source {
    Fixed(Credentials),
    /// The region is where a role is asked for.
    Chain(Region),
}

impl Provider {
    /// The keys that the variables hold, or else the chain of AWS: profile (with roles and single
    /// sign-on), web identity, container, instance. The chain is asked when the first request is
    /// signed, and reads the files and variables of this process. The proxies are those of the variables.
    ///
    /// # Errors
    /// [`SettingsError::HalfCredentials`].
    pub fn from_env(lookup: Lookup<'_>, region: &Region) -> Result<Self, SettingsError> {
        let fixed = Credentials::from_env(lookup)?;
        // A warning of a proxy that cannot be used is for who reads the whole configuration.
        let proxies = Proxies::from_env(lookup, &mut Warnings::default());
        Ok(fixed.map_or_else(|| Self::chain(region), Self::fixed).by(proxies))
    }

    /// The chain of AWS, whatever the variables hold that were looked up.
    pub(super) fn chain(region: &Region) -> Self {
        Self::of(Source::Chain(region.clone()))
    }

    /// These credentials and no others.
    pub fn fixed(credentials: Credentials) -> Self {
        Self::of(Source::Fixed(credentials))
    }

    fn of(source: Source) -> Self {
        Self { source, found: Arc::default(), proxies: Proxies::default() }
    }

    /// The same by these proxies.
    #[must_use]
    pub fn by(self, proxies: Proxies) -> Self {
        Self { proxies, ..self }
    }

    pub(super) const fn proxies(&self) -> &Proxies {
        &self.proxies
    }

    /// Looks for credentials again when the next request is signed, unless others have been found since
    /// these, which were not taken.
    pub(super) async fn forget(&self, refused: &Credentials) {
        self.found.lock().await.credentials.take_if(|found| found == refused);
    }

    /// Credentials for a request that is signed `now`; they are looked for again shortly before
    /// they end. The chain runs on a thread of its own, because it reads files synchronously; it may ask the
    /// network. Answers within half a minute.
    pub(super) async fn credentials(&self, now: SystemTime) -> Result<Credentials, CallError> {
        let region = match &self.source {
            Source::Fixed(credentials) => return Ok(credentials.clone()),
            Source::Chain(region) => aws_config::Region::new(region.to_string()),
        };
        let mut found = self.found.lock().await;
        if let Some(credentials) = found.credentials.as_ref().filter(|it| it.is_good_at(now)) {
            return Ok(credentials.clone());
        }
        // A look-up that hangs is not joined by another.
        let pending = match found.pending.take().map(|mut it| (it.try_recv(), it)) {
            Some((Ok(Ok(late)), _)) if late.is_good_at(now) => {
                return Ok(found.credentials.insert(late).clone());
            }
            Some((Err(TryRecvError::Empty), pending)) => pending,
            _ => self.start_lookup(region)?,
        };
        let pending = found.pending.insert(pending);
        let fresh = match timeout(PATIENCE, pending).await {
            Ok(fresh) => fresh.unwrap_or_else(|_| Err(no_credentials(&"the look-up panicked"))),
            Err(_) => return Err(silent(PATIENCE)),
        };
        found.pending = None;
        let fresh = fresh?;
        found.credentials = Some(fresh.clone());
        Ok(fresh)
    }

    fn start_lookup(&self, region: aws_config::Region) -> Result<Pending, CallError> {
        let (sender, receiver) = oneshot::channel();
        let look_up = look_up(region, self.proxies.clone());
        // Nothing waits any more after a shutdown.
        let look_up = async { drop(sender.send(look_up.await)) };
        on_own_thread(look_up).map_err(|error| no_credentials(&error))?;
        Ok(receiver)
    }
}

/// Asks the chain.
async fn look_up(region: aws_config::Region, proxies: Proxies) -> Result<Credentials, CallError> {
    let mut chain = DefaultCredentialsChain::builder();
    if let Some(config) = proxied(&proxies) {
        chain = chain.configure(config);
    }
    let chain = chain.region(region).build().await;
    within(PATIENCE, chain.provide_credentials()).await
}

fn no_credentials(problem: &impl fmt::Display) -> CallError {
    CallError::Credentials(problem.to_string())
}

fn silent(patience: Duration) -> CallError {
    no_credentials(&format_args!("their source did not answer within {patience:?}"))
}

/// Settings of a chain that asks by a proxy; `None` where its own client will do, which knows of no proxy.
///
/// Roles and single sign-on are at `https://` addresses, container and instance at addresses that are never
/// reached by a proxy. The client knows no SOCKS; see [`Access::warning`](super::Access::warning).
fn proxied(proxies: &Proxies) -> Option<ProviderConfig> {
    let address = proxies.https().filter(|_| !proxies.is_https_by_socks())?;
    let config = ProxyConfig::https(address).ok()?.no_proxy(proxies.direct());
    let tls = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc);
    let client = Builder::new().build_with_connector_fn(move |settings, components| {
        let mut builder =
            Connector::builder().proxy_config(config.clone()).tls_provider(tls.clone());
        builder.set_connector_settings(settings.cloned());
        if let Some(components) = components {
            builder.set_sleep_impl(components.sleep_impl());
        }
        builder.build()
    });
    Some(ProviderConfig::default().with_http_client(client))
}

/// Returns what a provider finds in this time.
async fn within(
    patience: Duration,
    found: impl Future<Output = Result<aws_credential_types::Credentials, CredentialsError>>,
) -> Result<Credentials, CallError> {
    match timeout(patience, found).await {
        Ok(Ok(credentials)) => Ok(Credentials(credentials)),
        Ok(Err(error)) => Err(no_credentials(&causes(&error))),
        Err(_) => Err(silent(patience)),
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.source {
            Source::Fixed(_) => "Provider(fixed)",
            Source::Chain(_) => "Provider(chain)",
        })
    }
}

/// An error and what it comes from.
fn causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_keys_together_are_credentials() {
        let read = |variables: &[(&str, &str)]| {
            Credentials::from_env(&|name: &str| super::super::tests::find(variables, name))
        };
        assert!(read(&[]).unwrap().is_none());
        let pair = [("AWS_ACCESS_KEY_ID", "AKID"), ("AWS_SECRET_ACCESS_KEY", "hunter2")];
        let credentials = read(&pair).unwrap().unwrap();
        assert_eq!(credentials.inner().access_key_id(), "AKID");
        assert_eq!(credentials.inner().session_token(), None);
        let triple = [pair[0], pair[1], ("AWS_SESSION_TOKEN", "token")];
        assert_eq!(read(&triple).unwrap().unwrap().inner().session_token(), Some("token"));
        assert_eq!(
            read(&pair[..1]).unwrap_err().to_string(),
            "AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not: \
             both together are credentials"
        );
        assert_eq!(
            read(&pair[1..]).unwrap_err().to_string(),
            "AWS_SECRET_ACCESS_KEY is set and AWS_ACCESS_KEY_ID is not: \
             both together are credentials"
        );
    }

    #[test]
    fn credentials_never_print() {
        let secret = Secret::new("hunter2");
        let credentials = Credentials::new("AKID", &secret, Some(&secret));
        assert_eq!(format!("{credentials:?}"), "Credentials(…)");
        assert_eq!(format!("{:?}", Provider::fixed(credentials)), "Provider(fixed)");
    }

    #[test]
    fn a_source_that_does_not_answer_is_given_up() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let error = runtime.block_on(async {
            within(Duration::from_millis(1), std::future::pending()).await.unwrap_err()
        });
        assert_eq!(error.to_string(), "no AWS credentials: their source did not answer within 1ms");
    }

    #[test]
    fn credentials_are_renewed_before_they_end() {
        let end = SystemTime::UNIX_EPOCH + Duration::from_hours(1);
        let ending = aws_credential_types::Credentials::new("a", "b", None, Some(end), "test");
        let ending = Credentials(ending);
        assert!(ending.is_good_at(end - Duration::from_mins(6)));
        assert!(!ending.is_good_at(end - Duration::from_mins(4)));
        assert!(Credentials::new("a", &Secret::new("b"), None).is_good_at(end));
    }
}
