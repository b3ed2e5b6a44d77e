//! Ways in which dialects of SQL differ where it matters for literals.

/// Tokens of one dialect.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a feature of its own")]
pub(crate) struct Features {
    /// `"…"`.
    pub(super) double: Quoted,
    /// `` `…` ``.
    pub(super) backtick: Quoted,
    /// `[…]`.
    pub(super) bracket: Quoted,
    /// `{`, which begins a comment of a few systems.
    pub(super) brace: Sign,
    /// A backslash in a literal.
    pub(super) backslash: Backslash,
    /// True if a backslash escapes in quoted names too.
    pub(super) has_escapes_in_names: bool,
    /// True if a doubled quote stands for a quote, false if it ends one literal and begins another.
    pub(super) is_doubled: bool,
    /// Three quotes in a row.
    pub(super) triple: Triple,
    /// `$…$`.
    pub(super) dollar: Dollar,
    /// Words directly before a quote that change how the literal is read.
    pub(super) prefixes: &'static [(&'static str, Prefix)],
    /// Signs that a name may have behind its first letter.
    pub(super) name_signs: &'static [char],
    /// Signs that make a number behind them a placeholder.
    pub(super) placeholders: &'static [char],
    /// `--`.
    pub(super) dashes: Dashes,
    /// `#`.
    pub(super) hash: Sign,
    /// `//`.
    pub(super) slashes: Sign,
    /// A comment within a comment; `None` where it is not certain.
    pub(super) is_nested: Option<bool>,
    /// True if `/*!` begins a comment that is executed.
    pub(super) is_executable: bool,
    /// True if a slash may begin a regular expression.
    pub(super) has_regex: bool,
    /// True if data may follow the word `FORMAT` and a name.
    pub(super) has_inline_data: bool,
    /// True if words behind `EXEC` and a name are literals.
    pub(super) has_bare_arguments: bool,
    /// True if statements may be JSON instead.
    pub(super) is_json_too: bool,
}

/// Meaning of a quoted text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quoted {
    /// The sign is no quote.
    Plain,
    /// A name, which is kept.
    Name,
    /// A literal, which is masked.
    Literal,
    /// A name where only a name can stand, else a literal.
    NameByPlace,
    /// Not certain.
    Doubt,
}

/// Meaning of a backslash in a literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Backslash {
    /// A character as any other.
    Plain,
    /// An escape.
    Escape,
    /// Depends on a setting of the server or of the session.
    Doubt,
}

/// Meaning of three quotes in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Triple {
    /// Three quotes.
    Plain,
    /// A literal up to the next three.
    Literal,
    /// Not certain.
    Doubt,
}

/// Literals between dollar signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dollar {
    /// None.
    Plain,
    /// `$$…$$`.
    Pair,
    /// `$tag$…$tag$`, the tag may be empty.
    Tagged,
    /// Not certain.
    Doubt,
}

/// Meaning of a prefix of a literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prefix {
    /// A backslash escapes.
    Escape,
    /// A backslash does not escape.
    Raw,
    /// Any sign encloses the text: `q'[…]'`.
    Enclosed,
    /// Not certain.
    Doubt,
}

/// Meaning of a sign that some dialects begin a comment with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// No comment.
    Plain,
    /// A comment up to the end of the line.
    Comment,
    /// Not certain.
    Doubt,
}

/// Meaning of two dashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dashes {
    /// An operator.
    Plain,
    /// A comment up to the end of the line.
    Comment,
    /// A comment if a blank follows.
    CommentBeforeBlank,
    /// Not certain.
    Doubt,
}

/// The standard, and systems that keep to it: Db2, Derby, Teradata, Trino, HANA and others.
///
/// Source: <https://en.wikibooks.org/wiki/SQL_Dialects_Reference>.
pub(super) const STANDARD: Features = Features {
    double: Quoted::Name,
    backtick: Quoted::Doubt,
    bracket: Quoted::Plain,
    brace: Sign::Plain,
    backslash: Backslash::Plain,
    has_escapes_in_names: false,
    is_doubled: true,
    triple: Triple::Plain,
    dollar: Dollar::Plain,
    prefixes: &[],
    name_signs: &['$', '#', '@'],
    placeholders: &['?'],
    dashes: Dashes::Comment,
    hash: Sign::Plain,
    slashes: Sign::Doubt,
    is_nested: None,
    is_executable: false,
    has_regex: false,
    has_inline_data: false,
    has_bare_arguments: false,
    is_json_too: false,
};

/// Source: <https://www.postgresql.org/docs/current/sql-syntax-lexical.html>; a backslash escapes in
/// plain literals where `standard_conforming_strings` is off.
pub(super) const POSTGRESQL: Features = Features {
    backslash: Backslash::Doubt,
    dollar: Dollar::Tagged,
    prefixes: &[("e", Prefix::Escape)],
    name_signs: &['$'],
    placeholders: &['$'],
    is_nested: Some(true),
    ..STANDARD
};

/// Source: <https://dev.mysql.com/doc/refman/8.4/en/string-literals.html> and
/// <https://dev.mysql.com/doc/refman/8.4/en/comments.html>; `NO_BACKSLASH_ESCAPES` and `ANSI_QUOTES`
/// change quotes.
pub(super) const MYSQL: Features = Features {
    double: Quoted::Literal,
    backtick: Quoted::Name,
    backslash: Backslash::Doubt,
    name_signs: &['$'],
    placeholders: &[],
    dashes: Dashes::CommentBeforeBlank,
    hash: Sign::Comment,
    is_nested: Some(false),
    is_executable: true,
    ..STANDARD
};

/// Source: <https://www.sqlite.org/lang_keywords.html> and
/// <https://www.sqlite.org/quirks.html#double_quoted_string_literals_are_accepted>.
pub(super) const SQLITE: Features = Features {
    double: Quoted::NameByPlace,
    backtick: Quoted::Name,
    bracket: Quoted::Name,
    name_signs: &['$'],
    placeholders: &['?', ':', '@', '$'],
    is_nested: Some(false),
    ..STANDARD
};

/// Source: <https://learn.microsoft.com/en-us/sql/t-sql/statements/set-quoted-identifier-transact-sql>.
pub(super) const SQL_SERVER: Features = Features {
    double: Quoted::Literal,
    bracket: Quoted::Name,
    placeholders: &['@'],
    is_nested: Some(true),
    has_bare_arguments: true,
    ..STANDARD
};

/// Source: <https://docs.oracle.com/en/database/oracle/oracle-database/23/sqlrf/Literals.html>.
pub(super) const ORACLE: Features = Features {
    prefixes: &[("q", Prefix::Enclosed), ("nq", Prefix::Enclosed)],
    name_signs: &['$', '#'],
    placeholders: &[':'],
    is_nested: Some(false),
    ..STANDARD
};

/// Source: <https://firebirdsql.org/refdocs/langrefupd30-alternative-string-literals.html>; in
/// dialect 1, double quotes are literals.
pub(super) const FIREBIRD: Features =
    Features { double: Quoted::Literal, prefixes: &[("q", Prefix::Enclosed)], ..STANDARD };

/// Source: <https://clickhouse.com/docs/sql-reference/syntax>.
pub(super) const CLICKHOUSE: Features = Features {
    backtick: Quoted::Name,
    backslash: Backslash::Escape,
    has_escapes_in_names: true,
    dollar: Dollar::Tagged,
    name_signs: &['$'],
    placeholders: &[],
    hash: Sign::Comment,
    has_inline_data: true,
    ..STANDARD
};

/// Source: <https://docs.snowflake.com/en/sql-reference/data-types-text>.
pub(super) const SNOWFLAKE: Features = Features {
    backslash: Backslash::Escape,
    dollar: Dollar::Pair,
    name_signs: &['$'],
    slashes: Sign::Comment,
    ..STANDARD
};

/// Source: <https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical>.
pub(super) const BIGQUERY: Features = Features {
    double: Quoted::Literal,
    backtick: Quoted::Name,
    backslash: Backslash::Escape,
    has_escapes_in_names: true,
    is_doubled: false,
    triple: Triple::Literal,
    name_signs: &[],
    hash: Sign::Comment,
    ..STANDARD
};

/// As [`BIGQUERY`], or as [`POSTGRESQL`] where the database was made so.
///
/// Source: <https://cloud.google.com/spanner/docs/reference/standard-sql/lexical>.
pub(super) const SPANNER: Features = Features {
    backslash: Backslash::Doubt,
    dollar: Dollar::Doubt,
    hash: Sign::Doubt,
    placeholders: &['$'],
    ..BIGQUERY
};

/// Source: <https://hive.apache.org/docs/latest/language/languagemanual-types/> and
/// <https://spark.apache.org/docs/latest/sql-ref-literals.html>.
pub(super) const HIVE: Features = Features {
    double: Quoted::Literal,
    backtick: Quoted::Name,
    backslash: Backslash::Escape,
    prefixes: &[("r", Prefix::Raw)],
    ..STANDARD
};

/// Source: <https://cassandra.apache.org/doc/latest/cassandra/developing/cql/definitions.html>.
pub(super) const CASSANDRA: Features =
    Features { dollar: Dollar::Pair, name_signs: &[], slashes: Sign::Comment, ..STANDARD };

/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.html>; a
/// backtick encloses Ion: <https://partiql.org/partiql-lang/>.
pub(super) const DYNAMODB: Features =
    Features { backtick: Quoted::Literal, is_json_too: true, ..STANDARD };

/// Source: <https://docs.couchbase.com/server/current/n1ql/n1ql-language-reference/literals.html>.
pub(super) const COUCHBASE: Features = Features {
    double: Quoted::Literal,
    backtick: Quoted::Name,
    backslash: Backslash::Doubt,
    placeholders: &['$'],
    is_json_too: true,
    ..STANDARD
};

/// Source: <https://learn.microsoft.com/en-us/azure/cosmos-db/nosql/query/constants>.
pub(super) const COSMOSDB: Features = Features {
    double: Quoted::Literal,
    backslash: Backslash::Escape,
    is_json_too: true,
    ..STANDARD
};

/// Source: <https://neo4j.com/docs/cypher-manual/current/values-and-types/property-structural-constructed/>
/// and <https://neo4j.com/docs/cypher-manual/current/syntax/comments/>.
pub(super) const CYPHER: Features = Features {
    double: Quoted::Literal,
    backtick: Quoted::Name,
    backslash: Backslash::Escape,
    name_signs: &[],
    placeholders: &['$'],
    dashes: Dashes::Plain,
    slashes: Sign::Comment,
    ..STANDARD
};

/// `InfluxQL`, Flux or SQL, of which the system's name says nothing.
///
/// Source: <https://docs.influxdata.com/influxdb/v1/query_language/spec/>.
pub(super) const INFLUXDB: Features = Features { has_regex: true, ..OTHER };

/// Source: <https://h2database.com/html/grammar.html>.
pub(super) const H2: Features =
    Features { dollar: Dollar::Pair, slashes: Sign::Comment, ..STANDARD };

/// A dialect of which only that much is known.
pub(super) const OTHER: Features = Features {
    double: Quoted::Literal,
    bracket: Quoted::Doubt,
    brace: Sign::Doubt,
    backslash: Backslash::Doubt,
    triple: Triple::Doubt,
    dollar: Dollar::Doubt,
    prefixes: &[("q", Prefix::Doubt), ("nq", Prefix::Doubt), ("r", Prefix::Doubt)],
    name_signs: &[],
    placeholders: &[],
    dashes: Dashes::Doubt,
    hash: Sign::Doubt,
    is_executable: true,
    has_inline_data: true,
    has_bare_arguments: true,
    is_json_too: true,
    ..STANDARD
};
