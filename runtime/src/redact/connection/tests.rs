//! Forms of connection strings, and what is left of them.

use super::*;

#[track_caller]
fn check(text: &str, expected: &str, host: Option<&str>) {
    assert_eq!(without_password(text), expected, "{text}");
    assert_eq!(without_password(expected), expected, "what is shown is shown again");
    let found = Connection::parse(text).and_then(|it| it.host);
    assert_eq!(found.as_deref(), host, "{text}");
}

#[test]
fn urls_keep_scheme_hosts_and_path() {
    for (text, expected, host) in [
        ("postgresql://me:secret@db:5432/app", "postgresql://db:5432/app", Some("db")),
        ("postgresql://me@db/app?password=x&a=b", "postgresql://db/app", Some("db")),
        ("postgresql://%2Fvar%2Flib/app", "postgresql://%2Fvar%2Flib/app", Some("%2Fvar%2Flib")),
        ("mongodb+srv://u:p@a.b,c.d:1/x?authSource=y", "mongodb+srv://a.b,c.d:1/x", Some("a.b")),
        ("redis://:secret@[::1]:6379/0", "redis://[::1]:6379/0", Some("[::1]")),
        ("redis://me:p@ss@cache", "redis://cache", Some("cache")),
        ("jdbc:mysql://db.dev:3306", "jdbc:mysql://db.dev:3306", Some("db.dev")),
        (
            "jdbc:sqlserver://db\\main:1433;user=me;password={p@;s}",
            "jdbc:sqlserver://db\\main:1433",
            Some("db"),
        ),
        ("jdbc:db2://db:50000/app:user=me;password=x;", "jdbc:db2://db:50000/app", Some("db")),
        ("sqlite:///%3Amemory%3A", "sqlite:///%3Amemory%3A", None),
    ] {
        check(text, expected, host);
    }
}

#[test]
fn urls_with_passwords_that_are_not_escaped_are_hidden() {
    for text in [
        "postgres://me:pa/ss@db/app",
        "postgres://me:12#34@db/app",
        "postgres://me:12?34@db/app",
        "postgres://me:1/2@db/app",
        "postgres://db/app?password=x@secret",
        "redis://:secret",
        "jdbc:mysql://(host=db,user=me,password=secret)/app",
        "postgres://",
    ] {
        check(text, "…", None);
    }
}

#[test]
fn settings_keep_hosts_ports_and_databases() {
    for (text, expected, host) in [
        ("host = db  password = s3cret dbname=app", "host=db dbname=app", Some("db")),
        (r"password='a b\'c' host=db port=5432", "host=db port=5432", Some("db")),
        (r"password=a\ host\=x host=db", "host=db", Some("db")),
        ("Server=db;User Id=me;Password=secret;Timeout=1", "Server=db", Some("db")),
        (
            "Server=tcp:db.a.net,1433;Initial Catalog=app;Password=\"a;b \"\"c\"",
            "Server=tcp:db.a.net,1433;Initial Catalog=app",
            Some("db.a.net"),
        ),
        ("Driver={X};Server=db;PWD={a;b}}c};Database=app", "Server=db;Database=app", Some("db")),
        ("host=db;port=5432;username=me;password=x", "host=db;port=5432", Some("db")),
        ("Data Source=.\\SQLEXPRESS;Password=x", "Data Source=.\\SQLEXPRESS", None),
        (
            "Data Source=(DESCRIPTION=(ADDRESS=(HOST=db)(PORT=1521)));Password=x",
            "Data Source=//db:1521",
            Some("db"),
        ),
    ] {
        check(text, expected, host);
    }
}

#[test]
fn settings_that_can_be_read_in_two_ways_are_hidden() {
    for text in [
        "password=ab;server=secret",
        "user=me password=ab;server=secret host=db",
        "dbname=a;b password=x;server=secret",
        "Server=db;Password='open",
        "Server=db;Password=\"a\"secret",
        "host=db password='open",
        "Server=db password=secret",
        "APP='x;PWD={a';Server=secret;y}",
        "secret",
    ] {
        check(text, "…", None);
    }
}

#[test]
fn oracle_addresses_lose_their_credentials() {
    for (text, expected, host) in [
        ("scott/tiger@//db:1521/orcl", "@//db:1521/orcl", Some("db")),
        ("scott/ti/ger?x@db:1521/orcl:dedicated", "@db:1521/orcl:dedicated", Some("db")),
        ("\"sc@tt\"/\"t@g:er\"@db/orcl", "@db/orcl", Some("db")),
        ("scott/tiger@orcl", "@orcl", None),
        ("//db:1521/orcl?wallet_password=x", "//db:1521/orcl", Some("db")),
        ("jdbc:oracle:thin:scott/tiger@db:1521:orcl", "jdbc:oracle:thin:@db:1521:orcl", Some("db")),
        ("jdbc:oracle:thin:@tcps://db:1/x?a=b", "jdbc:oracle:thin:@tcps://db:1/x", Some("db")),
        (
            "jdbc:oracle:oci:a/b@(DESCRIPTION=(ADDRESS=(HOST=db)(PORT=1))(CONNECT_DATA=(SID=x)))",
            "jdbc:oracle:oci:@//db:1/x",
            Some("db"),
        ),
        ("scott/ti@ger@db", "…", None),
        ("scott/\"ti\"ger@db", "…", None),
        ("(DESCRIPTION=(PASSWORD=a(HOST=secret)))", "…", None),
        ("cache:6380,password=secret,ssl=true", "…", None),
    ] {
        check(text, expected, host);
    }
}

#[test]
fn embedded_databases_keep_their_path() {
    for (text, expected) in [
        ("sqlite::memory:", "sqlite::memory:"),
        (":memory:", ":memory:"),
        ("sqlite:app.db?key=secret", "sqlite:app.db"),
        ("jdbc:h2:mem:app;USER=sa;PASSWORD=secret", "jdbc:h2:mem:app"),
    ] {
        check(text, expected, None);
    }
}

#[test]
fn users_before_a_host_are_not_shown() {
    for (text, expected) in [
        ("db", "db"),
        ("cruddur@db", "cruddur@db"),
        ("me:secret@db:5432", "db:5432"),
        ("me:secret@db/x?y@z", "…"),
        ("redis://:secret@db", "redis://db"),
    ] {
        assert_eq!(without_user(text), expected);
    }
}

#[test]
fn keys_of_connection_strings_are_known_in_every_spelling() {
    for key in
        ["db.connection_string", "DATABASE_URL", "db.url", "db.jdbc.url", "REDIS_URL", "db.dsn"]
    {
        assert!(is_key(key), "{key}");
    }
    for key in ["url.full", "db.name", "server.address", "image_url"] {
        assert!(!is_key(key), "{key}");
    }
}
