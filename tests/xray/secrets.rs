//! Passwords of connection strings and literals of statements, which no document shows.

use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;
use proptest::test_runner::{Config, TestRng, TestRunner};
use serde_json::Value;
use spanwright::export::xray::{Indexed, Settings};
use spanwright::record::{Attribute, SpanKind};
use support::segments::{below, node, segment, trace};

use super::judge;

/// Every text of the documents of a call with these attributes: names, keys and values.
fn texts(attributes: Vec<Attribute>) -> String {
    let mut call = below(node(2), 1);
    call.kind = SpanKind::Client;
    segment(&mut call).annotations.clone_from(&attributes);
    call.attributes = attributes;
    let settings = Settings { indexed: Indexed::Marked, ..Settings::new("127.0.0.1:2000") };
    let mut out = String::new();
    for document in judge::judged(&settings, &trace([node(1), call])) {
        collect(&document, &mut out);
    }
    out
}

fn collect(value: &Value, out: &mut String) {
    match value {
        Value::Object(members) => members.iter().for_each(|(key, value)| {
            out.push_str(key);
            out.push('\n');
            collect(value, out);
        }),
        Value::Array(items) => items.iter().for_each(|item| collect(item, out)),
        Value::String(text) => out.push_str(text),
        other => out.push_str(&other.to_string()),
    }
    out.push('\n');
}

/// The first four characters in a row of a secret that a text shows.
fn shown<'a>(secret: &'a str, text: &str) -> Option<&'a str> {
    let starts: Vec<_> = secret.char_indices().map(|(at, _)| at).chain([secret.len()]).collect();
    let mut parts = starts.windows(5).map(|places| &secret[places[0]..places[4]]);
    // Signs alone are in every document.
    parts.find(|part| part.contains(['Z', 'Q', 'J', 'é', '%']) && text.contains(*part))
}

fn runner(cases: u32) -> TestRunner {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let algorithm = proptest::test_runner::RngAlgorithm::ChaCha;
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(algorithm))
}

/// Passwords of letters that nothing else has, and of the signs of all grammars.
fn password() -> impl Strategy<Value = String> {
    "[ZQJé79#?/@:;=&'\"\\\\{}()\\[\\]<>,.%$ -]{4,16}"
        .prop_filter("has letters", |text| text.contains(['Z', 'Q', 'J', 'é']))
}

/// A value of libpq: quoted where it has to be.
fn libpq_value(text: &str, is_quoted: bool) -> String {
    let escaped = text.replace('\\', r"\\").replace('\'', r"\'");
    if is_quoted || escaped.contains(' ') { format!("'{escaped}'") } else { escaped }
}

/// A value of ADO.NET: quoted where it has to be.
fn ado_value(text: &str, is_quoted: bool) -> String {
    let has_edge = text.starts_with(['"', '\'', ' ', '{']) || text.ends_with(' ');
    if is_quoted || has_edge || text.contains(';') {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

fn odbc_value(text: &str) -> String {
    format!("{{{}}}", text.replace('}', "}}"))
}

fn percent_encoded(text: &str) -> String {
    percent_encoding(text.as_bytes()).collect()
}

fn percent_encoding(bytes: &[u8]) -> impl Iterator<Item = char> {
    let digits = |byte: &u8| [byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16));
    bytes
        .iter()
        .flat_map(move |byte| {
            let [high, low] = digits(byte);
            [Some('%'), high, low]
        })
        .flatten()
}

/// A connection string with the password, in one of all grammars.
fn connection(password: &str, grammar: usize, is_quoted: bool) -> String {
    let blank = if is_quoted { " " } else { "" };
    match grammar {
        0 => {
            let value = libpq_value(password, is_quoted);
            format!("host=db.test port=5432 password{blank}={blank}{value} dbname=app")
        }
        1 => format!("password={} host=db.test", libpq_value(password, is_quoted)),
        2 => {
            let value = ado_value(password, is_quoted);
            format!("Server=db.test;User Id=me;Password{blank}={blank}{value};Database=app")
        }
        3 => format!("Password={};Server=db.test", ado_value(password, is_quoted)),
        4 => format!("Driver={{X}};Server=db.test;PWD={};UID=me", odbc_value(password)),
        5 => format!("postgresql://me:{password}@db.test:5432/app"),
        6 => format!("redis://:{password}@db.test/0"),
        7 => format!("mongodb://me:{}@db.test,b.test:1/app", percent_encoded(password)),
        8 => format!("postgresql://db.test/app?user=me&password={password}"),
        9 => format!("jdbc:mysql://db.test:3306/app?user=me&password={password}"),
        10 => format!("jdbc:sqlserver://db.test:1433;user=me;password={}", odbc_value(password)),
        11 => {
            let password = password.replace(['@', '"'], "-");
            format!("jdbc:oracle:thin:me/{password}@//db.test:1521/app")
        }
        12 => format!("me/\"{}\"@db.test:1521/app", password.replace('"', "-")),
        13 => format!("me/{password}@db.test/app"),
        _ => {
            format!("jdbc:oracle:thin:me/{password}@(DESCRIPTION=(ADDRESS=(HOST=db.test)(PORT=1)))")
        }
    }
}

#[test]
fn no_part_of_a_password_of_any_connection_string_is_shown() {
    let systems = ["postgresql", "mysql", "redis", "mongodb", "mystery", ""];
    let keys = ["db.connection_string", "db.url", "DATABASE_URL", "db.jdbc.url", "db.dsn"];
    let cases =
        (password(), 0..15_usize, any::<bool>(), select(systems.to_vec()), select(keys.to_vec()));
    let checked = runner(3_000).run(&cases, |(password, grammar, is_quoted, system, key)| {
        let connection = connection(&password, grammar, is_quoted);
        let text = texts(vec![
            Attribute::new("db.system.name", system),
            Attribute::new(key, connection.clone()),
        ]);
        let password = if grammar == 7 { percent_encoded(&password) } else { password };
        assert_eq!(shown(&password, &text), None, "{connection} in\n{text}");
        Ok(())
    });
    checked.expect("no document shows one");
}

#[test]
fn harmless_parts_of_connection_strings_stay() {
    for grammar in 0..15 {
        let connection = connection("plain", grammar, false);
        let text = texts(vec![
            Attribute::new("db.system.name", "postgresql"),
            Attribute::new("db.connection_string", connection.clone()),
        ]);
        assert!(text.contains("db.test"), "{connection} in\n{text}");
        assert!(text.contains("\npostgresql@db.test\n"), "{connection} names\n{text}");
    }
}

#[test]
fn no_password_before_a_host_is_shown() {
    let keys = ["server.address", "net.peer.name", "peer.service", "db.namespace"];
    let checked = runner(500).run(&(password(), select(keys.to_vec())), |(password, key)| {
        let text = texts(vec![
            Attribute::new("db.system.name", "postgresql"),
            Attribute::new(key, format!("me:{password}@db.test")),
        ]);
        assert_eq!(shown(&password, &text), None, "{password} in\n{text}");
        Ok(())
    });
    checked.expect("no document shows one");
}

/// One way to write a literal: what is before it, what is behind it, and how its text is escaped.
#[derive(Clone, Copy, Debug)]
struct Form {
    open: &'static str,
    close: &'static str,
    escape: Escape,
}

#[derive(Clone, Copy, Debug)]
enum Escape {
    /// Quotes are doubled.
    Double(&'static str),
    /// Quotes and backslashes have a backslash before them.
    Backslash,
    /// What would end it is left out.
    Without(&'static str),
}

impl Form {
    /// The text as far as this form can hold it.
    fn plain(self, text: &str) -> String {
        match self.escape {
            Escape::Without(sign) => text.replace(sign, ""),
            _ => text.to_owned(),
        }
    }

    fn write(self, text: &str) -> String {
        let text = match self.escape {
            Escape::Double(quote) => text.replace(quote, &quote.repeat(2)),
            Escape::Backslash => text
                .replace('\\', r"\\")
                .replace('\'', r"\'")
                .replace('"', "\\\"")
                .replace('`', "\\`"),
            Escape::Without(_) => self.plain(text),
        };
        format!("{}{text}{}", self.open, self.close)
    }
}

const fn form(open: &'static str, close: &'static str, escape: Escape) -> Form {
    Form { open, close, escape }
}

const SINGLE: Form = form("'", "'", Escape::Double("'"));
const DOUBLE: Form = form("\"", "\"", Escape::Double("\""));
const SINGLE_ESCAPED: Form = form("'", "'", Escape::Backslash);
const DOUBLE_ESCAPED: Form = form("\"", "\"", Escape::Backslash);
const PAIR: Form = form("$$", "$$", Escape::Without("$"));
const LINE: Form = form("-- ", "\n", Escape::Without("\n"));
const BLOCK: Form = form("/* ", " */", Escape::Without("*"));
const HASH: Form = form("# ", "\n", Escape::Without("\n"));
const SLASHES: Form = form("// ", "\n", Escape::Without("\n"));
/// Names with quotes in them, behind which a reader may take outside for inside.
const BRACKETS: Form = form("[it's \"", "]", Escape::Without("]"));
const BACKTICKS: Form = form("`it's \"", "`", Escape::Without("`"));
const NAME: Form = form("\"it's ", "\"", Escape::Without("\""));

/// Literals and comments of a dialect, and quoted names with quotes in them.
const DIALECTS: &[(&str, &[Form], &[Form])] = &[
    ("ibm.db2", &[SINGLE, LINE, BLOCK], &[NAME]),
    (
        "postgresql",
        &[
            SINGLE,
            form("E'", "'", Escape::Backslash),
            form("U&'", "'", Escape::Double("'")),
            PAIR,
            form("$tag$ $$ ", "$tag$", Escape::Without("$")),
            LINE,
            BLOCK,
        ],
        &[NAME],
    ),
    ("mysql", &[SINGLE, DOUBLE, SINGLE_ESCAPED, DOUBLE_ESCAPED, LINE, HASH, BLOCK], &[BACKTICKS]),
    ("mariadb", &[SINGLE, DOUBLE_ESCAPED, HASH], &[BACKTICKS]),
    ("sqlite", &[SINGLE, DOUBLE, LINE, BLOCK], &[BRACKETS, BACKTICKS]),
    (
        "microsoft.sql_server",
        &[SINGLE, form("N'", "'", Escape::Double("'")), DOUBLE, LINE, BLOCK],
        &[BRACKETS],
    ),
    (
        "oracle.db",
        &[
            SINGLE,
            form("q'[", "]'", Escape::Without("]")),
            form("nq'!", "!'", Escape::Without("!")),
            LINE,
            BLOCK,
        ],
        &[NAME],
    ),
    ("clickhouse", &[SINGLE_ESCAPED, PAIR, LINE, HASH, BLOCK], &[BACKTICKS]),
    ("snowflake", &[SINGLE_ESCAPED, PAIR, LINE, SLASHES, BLOCK], &[NAME]),
    (
        "bigquery",
        &[
            SINGLE_ESCAPED,
            DOUBLE_ESCAPED,
            form("'''it's ", " '''", Escape::Backslash),
            form("rb\"\"\"", " \"\"\"", Escape::Backslash),
            form("b'", "'", Escape::Backslash),
            LINE,
            HASH,
            BLOCK,
        ],
        &[BACKTICKS],
    ),
    ("gcp.spanner", &[SINGLE_ESCAPED, DOUBLE_ESCAPED, SINGLE, HASH], &[BACKTICKS]),
    ("hive", &[SINGLE_ESCAPED, DOUBLE_ESCAPED, LINE, BLOCK], &[BACKTICKS]),
    ("spark", &[form("r'", "'", Escape::Without("'")), DOUBLE_ESCAPED], &[BACKTICKS]),
    ("aws.dynamodb", &[SINGLE, form("`", "`", Escape::Without("`"))], &[NAME]),
    ("cassandra", &[SINGLE, PAIR, LINE, SLASHES, BLOCK], &[NAME]),
    ("neo4j", &[SINGLE_ESCAPED, DOUBLE_ESCAPED, SLASHES, BLOCK], &[BACKTICKS]),
    ("influxdb", &[SINGLE_ESCAPED, form("/", "/", Escape::Without("/"))], &[]),
    ("couchbase", &[SINGLE, DOUBLE_ESCAPED, LINE], &[BACKTICKS]),
    ("azure.cosmosdb", &[SINGLE_ESCAPED, DOUBLE_ESCAPED], &[]),
    ("other_sql", &[SINGLE, DOUBLE, SINGLE_ESCAPED, PAIR, HASH, BLOCK], &[BRACKETS, BACKTICKS]),
    ("mystery", &[SINGLE, DOUBLE, SINGLE_ESCAPED, PAIR, HASH, BLOCK], &[BRACKETS, BACKTICKS]),
];

/// A dialect with some of its literals and names, as indices.
fn statement() -> impl Strategy<Value = (usize, Vec<(usize, String)>, usize)> {
    let literals = proptest::collection::vec((any::<usize>(), planted()), 1..4);
    (0..DIALECTS.len(), literals, any::<usize>())
}

fn planted() -> impl Strategy<Value = String> {
    prop_oneof![
        password(),
        Just(String::from("ZQJ*/ZQJ")),
        Just(String::from("ZQJ'--\\")),
        "[ZQJ'\"`\\\\\\[\\]$#/*-]{4,12}",
    ]
}

#[test]
fn whatever_stands_in_a_literal_of_a_dialect_is_shown_nowhere() {
    let checked = runner(4_000).run(&statement(), |(dialect, literals, name)| {
        let (system, forms, names) = DIALECTS[dialect];
        let mut columns = vec![String::from("SELECT first_column")];
        if !names.is_empty() {
            columns.push(names[name % names.len()].write("x"));
        }
        let written = literals.iter().map(|(at, text)| forms[at % forms.len()].write(text));
        columns.extend(written);
        let statement = columns.join(" , ") + " FROM last_table";
        let text = texts(vec![
            Attribute::new("db.system.name", system),
            Attribute::new("db.query.text", statement.clone()),
        ]);
        for (at, planted) in &literals {
            let planted = forms[at % forms.len()].plain(planted);
            assert_eq!(shown(&planted, &text), None, "{system}: {statement} in\n{text}");
        }
        assert!(text.contains("SELECT first_column"), "{system}: {statement} in\n{text}");
        Ok(())
    });
    checked.expect("no document shows one");
}

#[test]
fn names_around_literals_stay_in_every_dialect() {
    for (system, forms, _) in DIALECTS {
        for form in *forms {
            let is_comment = matches!(form.open.trim_end(), "--" | "#" | "//" | "/*");
            let is_certain = !matches!(*system, "other_sql" | "mystery" | "influxdb")
                && (*system != "gcp.spanner" || form.open != "# ");
            let statement = format!(
                "SELECT a{}{} FROM b",
                ", ".repeat(usize::from(!is_comment)),
                form.write(" ")
            );
            let text = texts(vec![
                Attribute::new("db.system.name", *system),
                Attribute::new("db.query.text", statement.clone()),
            ]);
            assert!(!is_certain || text.contains("FROM b"), "{system}: {statement} in\n{text}");
        }
    }
}

#[test]
fn values_of_commands_and_of_json_are_shown_nowhere() {
    let forms = [
        ("redis", "AUTH {}"),
        ("redis", "HELLO 3 AUTH me {}"),
        ("redis", "SET key {}"),
        ("redis", "MSET a {} b {}"),
        ("redis", "EVAL {} 0"),
        ("memcached", "set key 0 0 4\r\n{}"),
        ("mongodb", "{\"find\":\"users\",\"filter\":{\"a\":[{}]}}"),
        ("elasticsearch", "{\"query\":{\"match\":{\"a\":{}}}}"),
        ("mystery", "AUTH {}"),
        ("", "{}"),
    ];
    let checked =
        runner(1_000).run(&(select(forms.to_vec()), password()), |((system, form), text)| {
            let text = text.replace(['é', ' ', '{', '['], "Z");
            let is_json = form.starts_with("{\"");
            let value = if is_json { serde_json::json!(text).to_string() } else { text };
            let shown_text = texts(vec![
                Attribute::new("db.system.name", system),
                Attribute::new("db.query.text", form.replace("{}", &value)),
                Attribute::new("db.query.parameter.0", value.clone()),
                Attribute::new("db.operation.parameter.a", value.clone()),
            ]);
            assert_eq!(
                shown(&value, &shown_text),
                None,
                "{system}: {form} of {value} in\n{shown_text}"
            );
            Ok(())
        });
    checked.expect("no document shows one");
}
