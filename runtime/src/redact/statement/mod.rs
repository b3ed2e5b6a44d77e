//! Statements of databases without the values in them.
//!
//! Each database system has one of a few grammars: a dialect of SQL, which a table of features
//! describes and one scanner reads; commands with arguments, as Redis has; or JSON. The output has
//! `?` in the place of each literal and no comments. Where a text can be read in two ways, or its
//! system is not known, the output ends at the first doubt.

mod commands;
mod dialect;
mod features;
mod json;
mod quoted;
mod scanner;

pub(crate) use dialect::Dialect;

/// First words of statements that only SQL has; a command or a value does not begin so.
const VERBS: [&str; 21] = [
    "ALTER",
    "ANALYZE",
    "BEGIN",
    "CALL",
    "COMMIT",
    "CREATE",
    "DECLARE",
    "DELETE",
    "DROP",
    "EXPLAIN",
    "GRANT",
    "INSERT",
    "MERGE",
    "REVOKE",
    "ROLLBACK",
    "SAVEPOINT",
    "SELECT",
    "TRUNCATE",
    "UPDATE",
    "VALUES",
    "WITH",
];

/// Returns the statement with `?` for each literal and without comments.
pub(crate) fn masked(statement: &str, dialect: Dialect) -> String {
    let is_json = statement.trim_start().starts_with(['{', '[']);
    match dialect {
        Dialect::Sql(features) if features.is_json_too && is_json => json::masked(statement),
        Dialect::Sql(features) => scanner::masked(statement, features),
        Dialect::Commands(table) => commands::masked(statement, table),
        Dialect::Json => json::masked(statement),
        Dialect::Unknown if is_json => json::masked(statement),
        Dialect::Unknown => of_unknown_system(statement),
    }
}

/// Keeps what is certainly SQL: the arguments of a command look like names.
fn of_unknown_system(statement: &str) -> String {
    let out = scanner::masked(statement, &features::OTHER);
    let start = out.trim_start();
    let len = start.find(|char: char| !char.is_ascii_alphabetic()).unwrap_or(start.len());
    let is_sql = VERBS.iter().any(|verb| verb.eq_ignore_ascii_case(&start[..len]));
    if is_sql { out } else { String::from("?") }
}

#[cfg(test)]
mod tests;
