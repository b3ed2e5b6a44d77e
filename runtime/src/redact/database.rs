//! Attributes of database calls, by their names.
//!
//! Statements lose their literals, connection strings and addresses their passwords, and parameters
//! their values. Names of the semantic conventions are known in their stable and their deprecated
//! spelling, and as keys of annotations, in which dots are underscores.
//!
//! Source: <https://opentelemetry.io/docs/specs/semconv/registry/attributes/db/>.

use std::borrow::Cow;

use super::connection::{self, letters};
use super::statement::{self, Dialect};
use crate::record::{Array, Attribute, Value};

/// The longest key that is one of these, in bytes; that of a parameter may be longer.
const MAX_KEY_BYTES: usize = 64;

/// Value of an attribute of which nothing may be shown.
const MASKED: &str = "?";

/// Names of attributes with a statement, letters and digits alone.
const STATEMENTS: [&str; 4] = ["dbquerytext", "dbstatement", "dbsqlquery", "sqlquery"];

/// Names of attributes with a part of a statement, in which there should be no literals.
const NAMES: [&str; 9] = [
    "dbquerysummary",
    "dboperationname",
    "dboperation",
    "dbcollectionname",
    "dbstoredprocedurename",
    "dbsqltable",
    "dbcassandratable",
    "dbmongodbcollection",
    "dbcosmosdbcontainer",
];

/// Beginnings of names of attributes whose values come from the application.
const PARAMETERS: [&str; 5] = [
    "dbqueryparameter",
    "dboperationparameter",
    "dbelasticsearchpathparts",
    "dbstatementparameters",
    "dbsqlparameters",
];

/// Names of attributes with an address, before which a user may stand.
const ADDRESSES: [&str; 9] = [
    "serveraddress",
    "nethostname",
    "netpeername",
    "peerservice",
    "peeraddress",
    "dbnamespace",
    "dbname",
    "dbinstanceid",
    "dbclientconnectionpoolname",
];

/// The meaning of an attribute, as far as it may hold a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Statement,
    Name,
    Parameter,
    Connection,
    Address,
}

impl Kind {
    pub(super) fn of(key: &str) -> Option<Self> {
        let is = |known: &&str| letters(key).eq(known.bytes());
        let begins = |known: &&str| letters(key).take(known.len()).eq(known.bytes());
        // Most attributes are of no kind, which their first and their last letter tell.
        let first = key.bytes().next().unwrap_or_default().to_ascii_lowercase();
        let may_be_listed = matches!(first, b'd' | b'n' | b'p' | b's');
        if may_be_listed && PARAMETERS.iter().any(begins) {
            return Some(Self::Parameter);
        }
        if key.len() > MAX_KEY_BYTES {
            return None;
        }
        if may_be_listed && STATEMENTS.iter().any(is) {
            Some(Self::Statement)
        } else if may_be_listed && NAMES.iter().any(is) {
            Some(Self::Name)
        } else if connection::is_key(key) {
            Some(Self::Connection)
        } else {
            (may_be_listed && ADDRESSES.iter().any(is)).then_some(Self::Address)
        }
    }

    const fn has_literals(self) -> bool {
        matches!(self, Self::Statement | Self::Name | Self::Parameter)
    }

    fn redacted(self, text: &str, dialect: Dialect) -> Cow<'_, str> {
        match self {
            Self::Statement => Cow::Owned(statement::masked(text, dialect)),
            // A name as such has neither.
            Self::Name if text.contains(['\'', '(']) => {
                Cow::Owned(statement::masked(text, dialect))
            }
            Self::Name => Cow::Borrowed(text),
            Self::Parameter => Cow::Borrowed(MASKED),
            Self::Connection => connection::without_password(text),
            Self::Address => connection::without_user(text),
        }
    }
}

/// Returns the dialect of the statements among attributes, by the system that they name.
pub(crate) fn dialect(attributes: &[Attribute]) -> Dialect {
    let is_system = |it: &&Attribute| matches!(&*it.key, "db.system.name" | "db.system");
    match attributes.iter().find(is_system).map(|it| &it.value) {
        Some(Value::Str(system)) => Dialect::of(system),
        _ => Dialect::Unknown,
    }
}

/// Returns attributes without the secrets of database calls; copies them only if there are some.
#[cfg_attr(not(feature = "xray"), expect(dead_code, reason = "documents of X-Ray use it"))]
pub(crate) fn redacted(attributes: &[Attribute], dialect: Dialect) -> Cow<'_, [Attribute]> {
    let mut out = Cow::Borrowed(attributes);
    for (at, attribute) in attributes.iter().enumerate() {
        if let Some(value) = value(attribute, Some(dialect)) {
            out.to_mut()[at].value = value;
        }
    }
    out
}

/// Returns the value of an attribute as it may be shown; `None` if that is as it is. Without a dialect,
/// literals and parameters of statements stay.
pub(crate) fn value(attribute: &Attribute, dialect: Option<Dialect>) -> Option<Value> {
    value_of(Kind::of(&attribute.key)?, &attribute.value, dialect)
}

/// The same for a key of this kind.
pub(super) fn value_of(kind: Kind, value: &Value, dialect: Option<Dialect>) -> Option<Value> {
    if dialect.is_none() && kind.has_literals() {
        return None;
    }
    let dialect = dialect.unwrap_or(Dialect::Unknown);
    let redacted = match value {
        Value::Str(text) => Value::Str(kind.redacted(text, dialect).into_owned().into()),
        Value::Array(Array::Str(texts)) => {
            let texts = texts.iter().map(|text| kind.redacted(text, dialect).into_owned());
            Value::Array(Array::Str(texts.collect()))
        }
        _ if kind == Kind::Parameter => Value::from(MASKED),
        _ => return None,
    };
    (redacted != *value).then_some(redacted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_redacted_by_their_names() {
        for (key, value, expected) in [
            ("db.query.text", "SELECT 'secret'", "SELECT ?"),
            ("db_statement", "SELECT 'secret'", "SELECT ?"),
            ("db.query.summary", "SELECT users", "SELECT users"),
            ("db.collection.name", "read('secret')", "read(?)"),
            ("db.query.parameter.0", "secret", "?"),
            ("db.operation.parameter.id", "secret", "?"),
            ("db.connection_string", "redis://me:secret@db", "redis://db"),
            ("DATABASE_URL", "secret", "…"),
            ("server.address", "me:secret@db", "db"),
            ("db.response.status_code", "42P01", "42P01"),
        ] {
            let attributes =
                [Attribute::new("db.system.name", "postgresql"), Attribute::new(key, value)];
            let redacted = redacted(&attributes, dialect(&attributes));
            assert_eq!(redacted[1].value, Value::from(expected), "{key}");
            assert_eq!(matches!(redacted, Cow::Borrowed(_)), value == expected, "{key}");
        }
        let number = Attribute::new("db.query.parameter.0", 4711_i64);
        assert_eq!(value(&number, Some(Dialect::Unknown)), Some(Value::from("?")));
    }
}
