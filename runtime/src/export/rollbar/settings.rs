//! Where to, as whom, and what of people is told.
//!
//! In: values set in code, or the variables through a lookup; facts about the process from whoever
//! knows them. Out: plain data.
//! Never: reads the environment, prints the token or the credentials of an address.
//!
//! Sources: <https://docs.rollbar.com/reference/create-item>,
//! <https://docs.rollbar.com/docs/python>, whose names the variables and switches have.

use std::time::Duration;

use super::endpoint::Endpoint;
use super::{MAX_CODE_VERSION_CHARS, MAX_ENVIRONMENT_CHARS};
use crate::record::{Resource, Value};
use crate::secret::Secret;

/// How failures are reported.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Who may report: a token with the scope `post_server_item`.
    pub access_token: Secret,
    /// Where items are sent; Rollbar's own address by default.
    pub endpoint: Endpoint,
    /// What Rollbar groups by first, at most 255 characters; `None` for the
    /// `deployment.environment.name` of the resource, or else `production`.
    pub environment: Option<String>,
    /// What is running: a version, a number or the id of a commit, at most 40 characters; `None`
    /// for the `service.version` of the resource.
    pub code_version: Option<String>,
    /// The machine and the process.
    pub server: Server,
    /// The web framework, such as `actix-web`.
    pub framework: Option<String>,
    /// The operating system, such as `linux`. Rollbar takes tokens of servers for none of
    /// `browser`, `android`, `ios`, `flash` and `client`.
    pub platform: Option<String>,
    /// How long one request may take; 10 s by default.
    pub timeout: Duration,
    /// What is told of a person besides the id; nothing by default.
    pub person: Personal,
    /// What is told of the client's address; all of it by default.
    pub client_address: ClientAddress,
    /// Who sends: what the other settings leave open is taken from here.
    pub resource: Resource,
}

/// The machine and the process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Server {
    /// The name of the machine; `None` for the `host.name` of the resource.
    pub host: Option<String>,
    /// The folder that the application was built in: files below it are the application's. `None`
    /// for what stands before the file of an annotated function on the stack of an item.
    pub root: Option<String>,
    /// The kind of processor, such as `x86_64`.
    pub cpu: Option<String>,
    /// The branch that was built.
    pub branch: Option<String>,
    /// The number of the process; `None` for the `process.pid` of the resource.
    pub pid: Option<u32>,
    /// The command line, of which the first kilobyte is told. It is sent as it stands.
    pub argv: Vec<String>,
}

/// What may be told of a person besides the id.
///
/// Nothing by default, as in Rollbar's own clients: whoever wants names and addresses of people in
/// another company's database has to say so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Personal {
    /// What the person is called.
    pub username: bool,
    /// Where the person reads mail.
    pub email: bool,
}

/// What is told of the client's address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientAddress {
    /// All of it.
    #[default]
    Full,
    /// The network: three of four parts of an IPv4 address, the first 64 bits of an IPv6 address.
    /// Headers in which proxies pass the address on are left out.
    Anonymized,
    /// Nothing. Headers in which proxies pass the address on are left out.
    Omitted,
}

/// Why a setting cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// An address that is none, or not one of HTTP.
    #[error(
        "{variable} is `{found}`, expected an address like `https://api.rollbar.com/api/1/`: {problem}"
    )]
    Endpoint {
        /// The setting.
        variable: &'static str,
        /// The address without credentials and query.
        found: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A token that cannot be a header. The text is not part of the message.
    #[error("{variable} holds characters that no token has")]
    Token {
        /// The variable.
        variable: &'static str,
    },
    /// A text that Rollbar would refuse.
    #[error("{variable} is `{found}`, expected at most {max_chars} characters")]
    TooLong {
        /// The variable.
        variable: &'static str,
        /// Its value.
        found: String,
        /// How long it may be.
        max_chars: usize,
    },
}

impl Settings {
    /// The defaults for a token.
    pub fn new(access_token: Secret) -> Self {
        Self {
            access_token,
            endpoint: Endpoint::default(),
            environment: None,
            code_version: None,
            server: Server::default(),
            framework: None,
            platform: None,
            timeout: Duration::from_secs(10),
            person: Personal::default(),
            client_address: ClientAddress::default(),
            resource: Resource::default(),
        }
    }

    /// Reads `ROLLBAR_ACCESS_TOKEN`, `ROLLBAR_ENDPOINT`, `ROLLBAR_ENVIRONMENT` and
    /// `ROLLBAR_CODE_VERSION` through `lookup`; `None` without a token.
    ///
    /// The facts about the process stay empty: whoever builds the settings knows them.
    ///
    /// # Errors
    /// The first value that cannot be used.
    pub fn from_env(
        lookup: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, SettingsError> {
        const TOKEN: &str = "ROLLBAR_ACCESS_TOKEN";
        let env = Environment { lookup };
        let Some(token) = env.get(TOKEN) else { return Ok(None) };
        if !token.chars().all(|char| char.is_ascii_graphic()) {
            return Err(SettingsError::Token { variable: TOKEN });
        }
        let mut settings = Self::new(Secret::new(token));
        if let Some(address) = env.get("ROLLBAR_ENDPOINT") {
            settings.endpoint = Endpoint::checked("ROLLBAR_ENDPOINT", &address)?;
        }
        settings.environment = env.short("ROLLBAR_ENVIRONMENT", MAX_ENVIRONMENT_CHARS)?;
        settings.code_version = env.short("ROLLBAR_CODE_VERSION", MAX_CODE_VERSION_CHARS)?;
        Ok(Some(settings))
    }

    /// Whether the endpoint wants TLS.
    pub fn needs_tls(&self) -> bool {
        self.endpoint.is_https()
    }

    /// What Rollbar groups by first.
    pub(super) fn environment(&self) -> &str {
        let own = self.environment.as_deref().filter(|text| !text.is_empty());
        own.or_else(|| self.text("deployment.environment.name")).unwrap_or("production")
    }

    pub(super) fn code_version(&self) -> Option<&str> {
        self.code_version.as_deref().or_else(|| self.text("service.version"))
    }

    pub(super) fn host(&self) -> Option<&str> {
        self.server.host.as_deref().or_else(|| self.text("host.name"))
    }

    pub(super) fn pid(&self) -> Option<i64> {
        let known = match self.value("process.pid") {
            Some(Value::I64(pid)) => Some(*pid),
            _ => None,
        };
        self.server.pid.map(i64::from).or(known)
    }

    fn text(&self, key: &str) -> Option<&str> {
        match self.value(key) {
            Some(Value::Str(text)) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    fn value(&self, key: &str) -> Option<&Value> {
        let attribute = self.resource.attributes().iter().find(|attribute| attribute.key == key);
        attribute.map(|attribute| &attribute.value)
    }
}

/// The variables, an empty one being as good as none.
struct Environment<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
}

impl Environment<'_> {
    fn get(&self, variable: &str) -> Option<String> {
        let value = (self.lookup)(variable)?;
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    fn short(
        &self,
        variable: &'static str,
        max_chars: usize,
    ) -> Result<Option<String>, SettingsError> {
        match self.get(variable) {
            Some(found) if found.chars().count() > max_chars => {
                Err(SettingsError::TooLong { variable, found, max_chars })
            }
            value => Ok(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Attribute;

    const TOKEN: (&str, &str) = ("ROLLBAR_ACCESS_TOKEN", "0123secret");

    fn from(pairs: &[(&str, &str)]) -> Result<Option<Settings>, SettingsError> {
        Settings::from_env(&|name| {
            let pair = pairs.iter().find(|(known, _)| *known == name);
            pair.map(|(_, value)| (*value).to_owned())
        })
    }

    fn some(pairs: &[(&str, &str)]) -> Settings {
        let pairs = [&[TOKEN], pairs].concat();
        from(&pairs).expect("the variables are good").expect("there is a token")
    }

    fn error(variable: &str, value: &str) -> String {
        from(&[TOKEN, (variable, value)]).expect_err("the variable is bad").to_string()
    }

    #[test]
    fn without_a_token_nothing_is_reported() {
        assert_eq!(from(&[]), Ok(None));
        assert_eq!(from(&[("ROLLBAR_ENVIRONMENT", "test")]), Ok(None));
        assert_eq!(from(&[("ROLLBAR_ACCESS_TOKEN", " ")]), Ok(None));
    }

    #[test]
    fn an_address_becomes_that_of_items_however_much_of_it_is_given() {
        assert_eq!(some(&[]).endpoint.url(), "https://api.rollbar.com/api/1/item/");
        for (given, url) in [
            ("https://api.rollbar.com/api/1/", "https://api.rollbar.com/api/1/item/"),
            ("https://api.rollbar.com/api/1", "https://api.rollbar.com/api/1/item/"),
            ("https://api.rollbar.com/api/1/item/", "https://api.rollbar.com/api/1/item/"),
            ("https://api.rollbar.com/api/1/item", "https://api.rollbar.com/api/1/item/"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/api/1/item/"),
            ("http://127.0.0.1:8080/", "http://127.0.0.1:8080/api/1/item/"),
            ("http://proxy/errors?team=1", "http://proxy/errors/item/?team=1"),
        ] {
            assert_eq!(some(&[("ROLLBAR_ENDPOINT", given)]).endpoint.url(), url);
        }
    }

    #[test]
    fn a_value_that_cannot_be_used_is_named_without_its_secrets() {
        let message = error("ROLLBAR_ENDPOINT", "me:secret@host/?key=secret");
        assert!(message.starts_with("ROLLBAR_ENDPOINT is `host/`, expected"), "{message}");
        assert!(message.ends_with("it has to start with `http://` or `https://`"), "{message}");
        let message = error("ROLLBAR_CODE_VERSION", &"1".repeat(41));
        assert!(message.ends_with("expected at most 40 characters"), "{message}");
        let message = error("ROLLBAR_ENVIRONMENT", &"ä".repeat(256));
        assert!(message.ends_with("expected at most 255 characters"), "{message}");
        let token = from(&[("ROLLBAR_ACCESS_TOKEN", "se\ncret")]).expect_err("not a token");
        assert_eq!(token.to_string(), "ROLLBAR_ACCESS_TOKEN holds characters that no token has");
    }

    #[test]
    fn settings_print_without_secrets() {
        let settings = some(&[("ROLLBAR_ENDPOINT", "https://me:secret@host:1/?key=secret")]);
        let text = format!("{settings:?} {}", settings.endpoint);
        assert!(!text.contains("secret") && text.contains("https://host:1"), "{text}");
        assert!(settings.needs_tls());
        assert!(!some(&[("ROLLBAR_ENDPOINT", "http://localhost")]).needs_tls());
    }

    #[test]
    fn what_no_setting_says_the_resource_does() {
        let mut settings = some(&[]);
        assert_eq!((settings.environment(), settings.code_version()), ("production", None));
        let more = [
            ("deployment.environment.name", Value::from("staging")),
            ("service.version", "1.2.3".into()),
            ("host.name", "web-1".into()),
            ("process.pid", 7.into()),
        ];
        for (key, value) in more {
            settings.resource.set(Attribute::new(key, value));
        }
        assert_eq!((settings.environment(), settings.code_version()), ("staging", Some("1.2.3")));
        assert_eq!((settings.host(), settings.pid()), (Some("web-1"), Some(7)));
        let variables = [("ROLLBAR_ENVIRONMENT", "test"), ("ROLLBAR_CODE_VERSION", "abc")];
        let resource = settings.resource;
        let settings = Settings { resource, ..some(&variables) };
        assert_eq!((settings.environment(), settings.code_version()), ("test", Some("abc")));
    }
}
