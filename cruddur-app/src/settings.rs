//! What the environment asked for, turned into what is meant.
//!
//! In: a map of environment variables. Out: [`Settings`], or the first value that cannot be used.
//! Never: reads the process environment itself, shows a database password.

use std::{
    collections::HashMap,
    fmt,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    str::FromStr,
};

use actix_web::http::Uri;
use reqwest::Url;
use sqlx::{postgres::PgConnectOptions, sqlite::SqliteConnectOptions};

/// The port the course's backend listens on.
const DEFAULT_PORT: u16 = 4567;

/// Everything the service needs to know before it starts.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// Where to listen: `BIND_ADDRESS` (default `0.0.0.0`) and `PORT` (default 4567, 0 picks a free one).
    pub listen: SocketAddr,
    /// Database: `DATABASE_URL` (`postgres://…`, `sqlite://file`, `sqlite::memory:`), otherwise an SQLite file in
    /// `CRUDDUR_DATA_DIR`.
    pub database: Database,
    /// Origin of the web page, allowed by CORS: `FRONTEND_URL`. `*` allows every origin.
    pub frontend_url: String,
    /// Origin of this service, allowed by CORS: `BACKEND_URL`. `*` allows every origin.
    pub backend_url: String,
    /// Who is told about new messages: `CRUDDUR_NOTIFICATION_WEBHOOK`. Nobody when it is not set.
    pub notification_webhook: Option<Webhook>,
}

/// An address that takes `POST` requests.
#[derive(Clone, PartialEq, Eq)]
pub struct Webhook(Url);

impl Webhook {
    /// The address.
    pub(crate) fn url(&self) -> &Url {
        &self.0
    }
}

/// Prints nothing, because an address of this kind is often the secret itself.
impl fmt::Debug for Webhook {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Webhook(…)")
    }
}

/// The two kinds of storage.
#[derive(Clone)]
#[non_exhaustive]
pub enum Database {
    /// An embedded SQLite database.
    Sqlite {
        /// Options of its connections, the file among them.
        options: Box<SqliteConnectOptions>,
        /// True if the rows are kept in memory, as long as the service runs.
        is_in_memory: bool,
    },
    /// A PostgreSQL server.
    Postgres(Box<PgConnectOptions>),
}

impl Database {
    /// An SQLite file, made with its folder when missing.
    pub fn sqlite_file(file: impl AsRef<Path>) -> Self {
        let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
        Self::Sqlite { options: Box::new(options), is_in_memory: false }
    }

    /// Reads `sqlite:file`, `sqlite://file` or `sqlite::memory:`, with parameters such as `mode=rwc` or without.
    /// A file is made when it is missing, unless the URL has a `mode`.
    fn sqlite(url: &str, rest: &str) -> Option<Self> {
        let (place, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        let place = place.strip_prefix("//").unwrap_or(place);
        let is_in_memory = place == ":memory:" || parameters.contains("mode=memory");
        if place.is_empty() && !is_in_memory {
            return None;
        }
        let options: SqliteConnectOptions = url.parse().ok()?;
        let is_made = !parameters.contains("mode=");
        let options = if is_made { options.create_if_missing(true) } else { options };
        Some(Self::Sqlite { options: Box::new(options), is_in_memory })
    }
}

/// Prints no connection detail, because a PostgreSQL address carries a password.
impl fmt::Debug for Database {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite { is_in_memory: true, .. } => formatter.write_str("Sqlite(in memory)"),
            Self::Sqlite { options, .. } => {
                formatter.debug_struct("Sqlite").field("file", &options.get_filename()).finish()
            }
            Self::Postgres(_) => formatter.write_str("Postgres(…)"),
        }
    }
}

/// A variable that holds something unusable.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{variable} is `{value}`, expected {expected}")]
#[non_exhaustive]
pub struct SettingsError {
    /// Name of the environment variable.
    pub variable: &'static str,
    /// What was found; `…` where it may hold a secret.
    pub value: String,
    /// What would have been accepted.
    pub expected: &'static str,
}

impl Settings {
    /// Reads the settings from a map of environment variables. An empty value counts as not set.
    ///
    /// # Errors
    /// Names the first variable whose value cannot be used.
    pub fn from_map(environment: &HashMap<String, String>) -> Result<Self, SettingsError> {
        let variables = Variables(environment);
        let address = variables.parse("BIND_ADDRESS", "an IP address such as 127.0.0.1")?;
        let port = variables.parse("PORT", "a port number from 0 to 65535")?;
        Ok(Self {
            listen: SocketAddr::new(
                address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
                port.unwrap_or(DEFAULT_PORT),
            ),
            database: variables.database()?,
            frontend_url: variables.origin("FRONTEND_URL", "http://localhost:3000")?,
            backend_url: variables.origin("BACKEND_URL", "http://localhost:4567")?,
            notification_webhook: variables.webhook()?,
        })
    }
}

struct Variables<'a>(&'a HashMap<String, String>);

impl Variables<'_> {
    fn text(&self, variable: &str) -> Option<&str> {
        self.0.get(variable).map(String::as_str).filter(|value| !value.is_empty())
    }

    fn parse<T: FromStr>(
        &self,
        variable: &'static str,
        expected: &'static str,
    ) -> Result<Option<T>, SettingsError> {
        let Some(value) = self.text(variable) else { return Ok(None) };
        match value.parse() {
            Ok(parsed) => Ok(Some(parsed)),
            Err(_) => Err(SettingsError { variable, value: value.to_owned(), expected }),
        }
    }

    fn database(&self) -> Result<Database, SettingsError> {
        const EXPECTED: &str =
            "postgres://user:password@host:port/database, sqlite://file or sqlite::memory:";
        let Some(url) = self.text("DATABASE_URL") else {
            let folder = PathBuf::from(self.text("CRUDDUR_DATA_DIR").unwrap_or("cruddur-data"));
            return Ok(Database::sqlite_file(folder.join("cruddur.db")));
        };
        let database = match url.split_once(':') {
            Some(("postgres" | "postgresql", rest)) if rest.starts_with("//") => {
                url.parse().ok().map(Box::new).map(Database::Postgres)
            }
            Some(("sqlite", rest)) => Database::sqlite(url, rest),
            _ => None,
        };
        let refused =
            || SettingsError { variable: "DATABASE_URL", value: "…".into(), expected: EXPECTED };
        database.ok_or_else(refused)
    }

    fn webhook(&self) -> Result<Option<Webhook>, SettingsError> {
        const VARIABLE: &str = "CRUDDUR_NOTIFICATION_WEBHOOK";
        let Some(text) = self.text(VARIABLE) else { return Ok(None) };
        match text.parse::<Url>() {
            Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(Some(Webhook(url))),
            _ => Err(SettingsError {
                variable: VARIABLE,
                value: "…".into(),
                expected: "an address such as https://hooks.example/cruddur",
            }),
        }
    }

    fn origin(&self, variable: &'static str, default: &str) -> Result<String, SettingsError> {
        let value = self.text(variable).unwrap_or(default);
        if value == "*" || is_origin(value) {
            return Ok(value.strip_suffix('/').unwrap_or(value).to_owned());
        }
        let expected = "an origin such as http://localhost:3000, or *";
        Err(SettingsError { variable, value: value.to_owned(), expected })
    }
}

/// Whether a text is a scheme and a host, with a port or without, and nothing after them.
fn is_origin(text: &str) -> bool {
    text.parse::<Uri>().is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.path() == "/"
            && uri.query().is_none()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        let owned = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        Settings::from_map(&owned.collect())
    }

    #[test]
    fn nothing_set_means_the_course_defaults_and_an_embedded_database() {
        for pairs in [&[][..], &[("PORT", ""), ("DATABASE_URL", ""), ("FRONTEND_URL", "")]] {
            let settings = read(pairs).unwrap();
            assert_eq!(settings.listen.to_string(), "0.0.0.0:4567");
            assert_eq!(settings.frontend_url, "http://localhost:3000");
            assert_eq!(settings.backend_url, "http://localhost:4567");
            assert_eq!(settings.notification_webhook, None);
            assert_eq!(
                format!("{:?}", settings.database),
                r#"Sqlite { file: "cruddur-data/cruddur.db" }"#
            );
        }
    }

    #[test]
    fn every_setting_can_be_changed() {
        let settings = read(&[
            ("BIND_ADDRESS", "::1"),
            ("PORT", "8080"),
            ("CRUDDUR_DATA_DIR", "/srv/cruddur"),
            ("FRONTEND_URL", "https://cruddur.example/"),
            ("BACKEND_URL", "*"),
            ("CRUDDUR_NOTIFICATION_WEBHOOK", "https://hooks.example/T0/s3cret"),
        ])
        .unwrap();
        assert_eq!(settings.listen.to_string(), "[::1]:8080");
        assert_eq!(settings.frontend_url, "https://cruddur.example");
        assert_eq!(settings.backend_url, "*");
        let webhook = settings.notification_webhook.as_ref().unwrap();
        assert_eq!(webhook.url().as_str(), "https://hooks.example/T0/s3cret");
        assert!(format!("{:?}", settings.database).contains("/srv/cruddur/cruddur.db"));
    }

    #[test]
    fn a_bad_value_is_named_with_what_was_expected() {
        for (variable, value, message) in [
            ("PORT", "http", "PORT is `http`, expected a port number from 0 to 65535"),
            ("PORT", "65536", "PORT is `65536`, expected a port number from 0 to 65535"),
            (
                "BIND_ADDRESS",
                "localhost",
                "BIND_ADDRESS is `localhost`, expected an IP address such as 127.0.0.1",
            ),
        ] {
            assert_eq!(read(&[(variable, value)]).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for value in
            ["localhost:3000", "ftp://a", "http://", "http://a b", "http://a/v1", "http://a?b"]
        {
            assert_eq!(
                read(&[("FRONTEND_URL", value)]).unwrap_err().to_string(),
                format!(
                    "FRONTEND_URL is `{value}`, \
                     expected an origin such as http://localhost:3000, or *"
                )
            );
        }
    }

    #[test]
    fn the_address_of_a_webhook_is_never_shown() {
        let good = read(&[("CRUDDUR_NOTIFICATION_WEBHOOK", "https://a/s3cret")]).unwrap();
        assert!(!format!("{good:?}").contains("s3cret"));
        for value in ["a/s3cret", "ftp://a/s3cret", "https://", "s3cret"] {
            assert_eq!(
                read(&[("CRUDDUR_NOTIFICATION_WEBHOOK", value)]).unwrap_err().to_string(),
                "CRUDDUR_NOTIFICATION_WEBHOOK is `…`, \
                 expected an address such as https://hooks.example/cruddur"
            );
        }
    }

    #[test]
    fn an_sqlite_database_is_taken_in_each_usual_form() {
        for (url, expected) in [
            ("sqlite://data/a.db", r#"Sqlite { file: "data/a.db" }"#),
            ("sqlite:a.db", r#"Sqlite { file: "a.db" }"#),
            ("sqlite:///srv/a.db?mode=rwc", r#"Sqlite { file: "/srv/a.db" }"#),
            ("sqlite::memory:", "Sqlite(in memory)"),
            ("sqlite://:memory:", "Sqlite(in memory)"),
            ("sqlite://?mode=memory", "Sqlite(in memory)"),
        ] {
            let settings = read(&[("DATABASE_URL", url)]).unwrap();
            assert_eq!(format!("{:?}", settings.database), expected, "{url}");
        }
        for url in ["sqlite:", "sqlite://", "sqlite://a.db?mode=sideways", "sqlite3://a.db"] {
            assert!(read(&[("DATABASE_URL", url)]).is_err(), "{url}");
        }
    }

    #[test]
    fn a_database_password_is_never_shown() {
        let good = read(&[("DATABASE_URL", "postgres://cruddur:s3cret@db:5432/cruddur")]).unwrap();
        assert!(!format!("{good:?}").contains("s3cret"));
        let bad = read(&[("DATABASE_URL", "mysql://cruddur:s3cret@db/cruddur")]).unwrap_err();
        assert_eq!(
            bad.to_string(),
            "DATABASE_URL is `…`, expected postgres://user:password@host:port/database, \
             sqlite://file or sqlite::memory:"
        );
    }
}
