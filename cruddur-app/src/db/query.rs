//! A statement that knows what it is called, and the values that go with it.
//!
//! In: SQL texts of the services. Out: data for the door in [`super`].
//! Never: runs anything, builds SQL from input.

/// One SQL statement of the service, written for SQLite and PostgreSQL alike.
#[derive(Debug)]
pub struct Query {
    /// Low-cardinality name, operation first: `SELECT home feed`.
    pub summary: &'static str,
    /// The SQL verb.
    pub operation: &'static str,
    /// The main table.
    pub table: &'static str,
    /// The statement, with `$1`-style placeholders.
    pub text: &'static str,
}

/// A value bound to a placeholder. `None` is the SQL null of that type.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    /// For TEXT columns.
    Text(Option<&'a str>),
    /// For BIGINT columns.
    Integer(Option<i64>),
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Some(text))
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(Some(text))
    }
}

impl<'a> From<Option<&'a str>> for Value<'a> {
    fn from(text: Option<&'a str>) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value<'_> {
    fn from(integer: i64) -> Self {
        Self::Integer(Some(integer))
    }
}
