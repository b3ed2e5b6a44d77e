//! Literals of every dialect, and what stays around them.

use super::*;

#[track_caller]
fn check(system: &str, statement: &str, expected: &str) {
    let dialect = Dialect::of(system);
    assert_eq!(masked(statement, dialect), expected, "{system}: {statement}");
    assert_eq!(masked(expected, dialect), expected, "what is masked stays so");
}

#[test]
fn literals_are_masked_and_the_rest_stays() {
    for (statement, expected) in [
        ("SELECT * FROM users WHERE id = 7", "SELECT * FROM users WHERE id = ?"),
        ("SELECT 'it''s', x FROM t1", "SELECT ?, x FROM t1"),
        ("SELECT \"a 1\" FROM \"t\"\"2\"", "SELECT \"a 1\" FROM \"t\"\"2\""),
        ("SELECT 'C:\\' , 'secret'", "SELECT ? , ?"),
        ("SELECT ?1, :name, @p1", "SELECT ?1, :name, @p1"),
        ("SELECT -1.5e-10, .5, 0xFF, 1e5, 7.", "SELECT -?, ?, ?, ?, ?"),
        ("SELECT 1 -- secret\nFROM t", "SELECT ? \nFROM t"),
        ("SELECT 'open secret", "SELECT ?"),
        ("SELECT \"open secret", "SELECT ?"),
        ("SELECT/* a */1/* open secret", "SELECT ??"),
        ("SELECT x'CAFE', N'text'", "SELECT x?, N?"),
        ("SELECT 'ü☃', naïve2 FROM größe", "SELECT ?, naïve2 FROM größe"),
        ("", ""),
    ] {
        assert_eq!(masked(statement, Dialect::of("db2")), expected);
    }
}

/// Statements by system, and what is left of them.
const QUOTED: &[(&str, &str, &str)] = &[
    ("postgresql", "SELECT E'it\\'s', 'b'", "SELECT E?, ?"),
    ("postgresql", "SELECT $1, $$secret$$, $t$a $$ b$t$ x", "SELECT $1, ?, ? x"),
    ("postgresql", "SELECT a$x$ FROM t, 'b'", "SELECT a$x$ FROM t, ?"),
    ("postgresql", "SELECT $x$ open secret", "SELECT ?"),
    ("postgresql", "a->>'key' #> b - 3", "a->>? #> b - ?"),
    ("postgresql", "SELECT U&'d\\0061' /* a /* b */ c */ x", "SELECT U&?  x"),
    ("postgresql", "SELECT 'C:\\', 'secret'", "SELECT ?"),
    ("mysql", "SELECT \"secret\", `a 1` # secret", "SELECT ?, `a 1`"),
    ("mysql", "SELECT 'it''s', 5--1, x -- secret", "SELECT ?, ?--?, x"),
    ("mysql", "SELECT 'it\\'s', secret", "SELECT ?"),
    ("mariadb", "SELECT x /*!50000 'a */ secret' */", "SELECT x ?"),
    ("mssql", "SELECT [it's], 'secret', [a]]b] FROM #t", "SELECT [it's], ?, [a]]b] FROM #t"),
    ("microsoft.sql_server", "SELECT \"secret\", @p1", "SELECT ?, @p1"),
    ("microsoft.sql_server", "EXEC dbo.login secret", "EXEC dbo.login ?"),
    ("sqlite", "SELECT [it's], `it's`, 'secret'", "SELECT [it's], `it's`, ?"),
    (
        "sqlite",
        "SELECT \"t\".\"a\", \"secret\" FROM \"t\" WHERE \"a\" IS NOT DISTINCT FROM \"secret\"",
        "SELECT \"t\".\"a\", ? FROM \"t\" WHERE ? IS NOT DISTINCT FROM ?",
    ),
    ("oracle", "SELECT q'[it's]', nq'{b'}', :1 FROM t#1", "SELECT q?, nq?, :1 FROM t#1"),
    ("firebirdsql", "SELECT q'(it's)', \"secret\"", "SELECT q?, ?"),
    ("clickhouse", "SELECT 'it\\'s', $a$it's$a$, `b\\`'`", "SELECT ?, ?, `b\\`'`"),
    ("clickhouse", "INSERT INTO t FORMAT CSV 1,secret", "INSERT INTO t FORMAT CSV ?"),
    ("snowflake", "SELECT $$it's$$, 'a\\'b', x // secret", "SELECT ?, ?, x"),
    (
        "bigquery",
        "SELECT \"\"\"it's \"x\" \"\"\", r'a\\'b', b\"c\", `d'e` # secret",
        "SELECT ?, r?, b?, `d'e`",
    ),
    ("gcp.spanner", "SELECT '''it's''', \"secret\", @p", "SELECT ?, ?, @p"),
    ("hive", "SELECT \"it's\", 'a\\'b', `c'd`", "SELECT ?, ?, `c'd`"),
    ("spark", "SELECT r'a\\', x", "SELECT r?, x"),
    (
        "dynamodb",
        "SELECT \"a\" FROM \"t\" WHERE b = `it's` AND c = {'d':5}",
        "SELECT \"a\" FROM \"t\" WHERE b = ? AND c = {?:?}",
    ),
    ("cassandra", "SELECT $$it's$$, 'a' // secret", "SELECT ?, ?"),
    ("neo4j", "MATCH (a)-->(b {age: 7, n: \"it's\"}) // x", "MATCH (a)-->(b {age: ?, n: ?})"),
    ("influxdb", "SELECT a FROM b WHERE c =~ /secret/", "SELECT a FROM b WHERE c =~ ?"),
    ("couchbase", "SELECT \"secret\", `a` FROM b", "SELECT ?, `a` FROM b"),
];

#[test]
fn every_dialect_quotes_in_its_own_way() {
    for (system, statement, expected) in QUOTED {
        check(system, statement, expected);
    }
}

#[test]
fn values_without_quotes_are_masked_where_they_can_stand() {
    for (statement, expected) in [
        ("COPY t FROM stdin;\nsecret\n", "COPY t FROM stdin ?"),
        ("CREATE USER a IDENTIFIED BY secret", "CREATE USER a IDENTIFIED BY ?"),
        ("ALTER ROLE \"a\" PASSWORD secret", "ALTER ROLE \"a\" PASSWORD ?"),
        ("CONNECT scott/secret", "CONNECT ?"),
        ("SET app.token = secret", "SET app.token =?"),
        ("SET app.token TO secret", "SET app.token TO ?"),
        ("UPDATE t SET a = b", "UPDATE t SET a = b"),
        ("PRAGMA key(secret)", "PRAGMA key ?"),
        ("PRAGMA table_info(users)", "PRAGMA table_info(users)"),
        ("SELECT a23e4567-e89b-12d3-a456-426614174000, b", "SELECT ?, b"),
        ("SELECT password FROM users", "SELECT password FROM users"),
    ] {
        check("oracle", statement, expected);
    }
}

#[test]
fn commands_keep_their_names_and_keys() {
    for (statement, expected) in [
        ("AUTH secret", "AUTH ?"),
        ("HELLO 3 AUTH me secret", "HELLO ?"),
        ("GET user:1", "GET user:1"),
        ("set user:1 secret EX 10", "set user:1 ?"),
        ("HSET user:1 name secret", "HSET user:1 name ?"),
        ("DEL a b", "DEL a b"),
        ("MSET a secret b secret", "MSET a ?"),
        ("SET \"a b\" secret", "SET \"a b\" ?"),
        ("SET \"a\\\" secret", "SET ?"),
        ("GET a\nSET b secret\nGET secret", "GET a\nSET b ?"),
        ("CONFIG SET requirepass secret", "CONFIG ?"),
        ("secret", "?"),
        ("SELECT 0", "SELECT ?"),
    ] {
        check("redis", statement, expected);
    }
    check("memcached", "set a 0 0 6\r\nsecret", "set a ?");
    check("memcached", "get a b", "get a b");
}

#[test]
fn json_keeps_its_keys() {
    for (statement, expected) in [
        ("{\"find\": \"users\", \"filter\": {\"a\": 1}}", "{\"find\": ?, \"filter\": {\"a\": ?}}"),
        ("{a: [1, 'it\\'s', {b: null}]}", "{a: [?, ?, {b: ?}]}"),
        ("{'a': ObjectId(\"secret\"), $b: x:y}", "{'a': ?, $b: ?:?}"),
        ("{\"a\" \"secret\": 1}", "{? ?: ?}"),
        ("{\"a\": /secret}/}", "{\"a\": ?"),
        ("{\"a\": \"open secret", "{\"a\": ?"),
        ("[\"secret\"]]secret", "[?]?"),
        ("db.users.find({a: 1})", "?{a: ?}?"),
    ] {
        assert_eq!(masked(statement, Dialect::of("mongodb")), expected, "{statement}");
    }
}

#[test]
fn statements_of_unknown_systems_end_at_the_first_doubt() {
    for (statement, expected) in [
        ("SELECT a FROM t WHERE b = 'secret' AND c = 7", "SELECT a FROM t WHERE b = ? AND c = ?"),
        ("SELECT \"secret\", 'it''s', x", "SELECT ?, ?, x"),
        ("SELECT 'a\\'secret", "SELECT ?"),
        ("SELECT [it's], secret", "SELECT ?"),
        ("SELECT `it's`, secret", "SELECT ?"),
        ("SELECT $$it's$$, secret", "SELECT ?"),
        ("SELECT '''it's''', secret", "SELECT ?"),
        ("SELECT q'[it's]', secret", "SELECT q ?"),
        ("SELECT a # it's\nsecret", "SELECT a ?"),
        ("SELECT a --it's\nsecret", "SELECT a ?"),
        ("SELECT a /* /* */ it's */ secret", "SELECT a ?"),
        ("AUTH secret", "?"),
        ("secret", "?"),
        ("{\"a\": \"secret\"}", "{\"a\": ?}"),
    ] {
        check("mystery", statement, expected);
    }
    check("other_sql", "REPLACE INTO t VALUES ('secret')", "REPLACE INTO t VALUES (?)");
}

/// Values of `db.system.name` and of the deprecated `db.system`; `hbase` is left out, which has no
/// statements of its own.
///
/// Source: <https://opentelemetry.io/docs/specs/semconv/registry/attributes/db/>.
const SYSTEMS: &[&str] = &[
    "actian.ingres",
    "adabas",
    "aws.dynamodb",
    "aws.redshift",
    "azure.cosmosdb",
    "cache",
    "cassandra",
    "clickhouse",
    "cloudscape",
    "cockroachdb",
    "coldfusion",
    "cosmosdb",
    "couchbase",
    "couchdb",
    "db2",
    "derby",
    "dynamodb",
    "edb",
    "elasticsearch",
    "filemaker",
    "firebird",
    "firebirdsql",
    "firstsql",
    "gcp.spanner",
    "geode",
    "h2",
    "h2database",
    "hanadb",
    "hive",
    "hsqldb",
    "ibm.db2",
    "ibm.informix",
    "ibm.netezza",
    "influxdb",
    "informix",
    "ingres",
    "instantdb",
    "interbase",
    "intersystems.cache",
    "intersystems_cache",
    "mariadb",
    "maxdb",
    "memcached",
    "microsoft.sql_server",
    "mongodb",
    "mssql",
    "mssqlcompact",
    "mysql",
    "neo4j",
    "netezza",
    "opensearch",
    "oracle",
    "oracle.db",
    "other_sql",
    "pervasive",
    "pointbase",
    "postgresql",
    "progress",
    "redis",
    "redshift",
    "sap.hana",
    "sap.maxdb",
    "softwareag.adabas",
    "spanner",
    "sqlite",
    "sybase",
    "teradata",
    "trino",
    "vertica",
];

#[test]
fn every_system_of_the_conventions_has_a_grammar() {
    for system in SYSTEMS {
        assert!(!matches!(Dialect::of(system), Dialect::Unknown), "{system}");
    }
}
