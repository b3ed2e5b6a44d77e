//! Statements of a database.

use serde_json::{Value, json};
use spanwright::record::Outcome;

use super::{assert_same_but, call, reference, segment, sent};

/// What the error of the reference says.
fn message(reference: &[Value]) -> String {
    let message = &reference[0]["subsegments"][1]["cause"]["exceptions"][0]["message"];
    message.as_str().expect("a message is text").to_owned()
}

fn query(statement: &str) -> spanwright::Span {
    call(
        "query",
        &[
            ("db.system.name", &"sqlite"),
            ("db.connection_string", &"sqlite:///%3Amemory%3A"),
            ("db.query.text", &statement),
        ],
    )
}

#[test]
fn statements_are_told_as_sql_with_a_name_and_without_literals() {
    let mut reference = reference("sql_sqlalchemy_core");
    let message = message(&reference);
    let documents = sent(|| {
        segment(|| {
            drop(query("select ? + 1"));
            let mut failing = query("select * from missing");
            failing.add_event(
                "exception",
                &[
                    ("exception.type", &"sqlite3::OperationalError"),
                    ("exception.message", &message),
                ],
            );
            failing.set_outcome(Outcome::Error);
        });
    });
    // The reference has no name, a user of null, and keeps the literal: the schema and a reader
    // would rather have it like this. What it says of versions has no attribute here.
    for subsegment in reference[0]["subsegments"].as_array_mut().unwrap() {
        subsegment["name"] = json!("sqlite");
        subsegment["sql"]["connection_string"] = subsegment["sql"]["url"].clone();
    }
    reference[0]["subsegments"][0]["sql"]["sanitized_query"] = json!("select ? + ?");
    let versions = ["user", "driver_version", "database_version", "remote"];
    assert_same_but(&versions, &documents, &reference);
    assert_eq!(documents[0]["subsegments"][1]["cause"]["exceptions"][0]["remote"], true);
}
