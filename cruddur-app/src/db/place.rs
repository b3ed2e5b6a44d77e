//! Where a database is, in the words of the semantic conventions.
//!
//! In: how it is opened. Out: what every statement says of its database.
//! Never: holds a user name or a password.
//!
//! Source: <https://opentelemetry.io/docs/specs/semconv/registry/attributes/db/>.

use crate::settings::Database;

/// Which database, and on which server.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// `sqlite` or `postgresql`.
    pub(super) system: &'static str,
    /// The name of the database: of an embedded one, its file.
    pub(super) namespace: Option<String>,
    /// The host, or the folder of the socket; nothing for an embedded database.
    pub(super) address: Option<String>,
    pub(super) port: Option<u16>,
}

impl Place {
    pub(super) fn of(database: &Database) -> Self {
        match database {
            Database::Sqlite { options, is_in_memory } => {
                let file = options.get_filename().file_name();
                let name = file.map(|name| name.to_string_lossy().into_owned());
                let namespace = if *is_in_memory { Some(":memory:".to_owned()) } else { name };
                Self { system: "sqlite", namespace, address: None, port: None }
            }
            Database::Postgres(options) => {
                let socket = options.get_socket().map(|folder| folder.display().to_string());
                // As the server has it: a user's own database is the one that is meant.
                let namespace = options.get_database().unwrap_or(options.get_username());
                Self {
                    system: "postgresql",
                    namespace: Some(namespace.to_owned()),
                    port: socket.is_none().then(|| options.get_port()),
                    address: Some(socket.unwrap_or_else(|| options.get_host().to_owned())),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_told_without_who_enters_it() {
        let told = |database: &Database| {
            let Place { system, namespace, address, port } = Place::of(database);
            format!("{system} {namespace:?} {address:?} {port:?}")
        };
        let file = Database::sqlite_file("data/cruddur.db");
        assert_eq!(told(&file), r#"sqlite Some("cruddur.db") None None"#);
        for (url, expected) in [
            ("u:pw@db:5433/cruddur", r#"postgresql Some("cruddur") Some("db") Some(5433)"#),
            ("cruddur@db", r#"postgresql Some("cruddur") Some("db") Some(5432)"#),
            ("u@localhost/c?host=/run", r#"postgresql Some("c") Some("/run") None"#),
        ] {
            let options = format!("postgres://{url}").parse().unwrap();
            assert_eq!(told(&Database::Postgres(Box::new(options))), expected);
        }
    }
}
