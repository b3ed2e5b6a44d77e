//! What an event of the log looks like.

use super::*;
use crate::record::{Array, LogId, SpanContext, SpanId, TraceId};

/// An event of which no more is known than must be.
fn plain() -> LogRecord {
    let unix_ns = 1_795_166_160_123_456_789;
    LogRecord {
        id: LogId::new(unix_ns, 7),
        unix_ns,
        level: Level::Info,
        target: "cruddur::home".into(),
        file: None,
        line: None,
        message: "HomeActivities".into(),
        attributes: Vec::new(),
        span: None,
        user: None,
    }
}

/// An event that uses every part of a line.
fn full() -> LogRecord {
    LogRecord {
        file: Some("src/home.rs".into()),
        line: Some(42),
        attributes: vec![Attribute::new("app.count", 3_i64), Attribute::new("kind", "a\tb")],
        span: Some(SpanContext::sampled(TraceId::from_u128(0xabc), SpanId::from_u64(1))),
        user: Some("7".into()),
        ..plain()
    }
}

fn text_of(record: &LogRecord, is_coloured: bool) -> String {
    written(record, Settings { is_coloured, log_format: LogFormat::Text })
}

fn json_of(record: &LogRecord) -> String {
    written(record, Settings { is_coloured: true, log_format: LogFormat::Json })
}

fn written(record: &LogRecord, settings: Settings) -> String {
    let mut out = b"before\n".to_vec();
    let mut logs = Logs::new(settings);
    logs.encode(record, &mut out).expect("every event has a form");
    let text = String::from_utf8(out).expect("lines are text");
    text.strip_prefix("before\n").expect("what was there is kept").to_owned()
}

#[test]
fn an_event_is_a_line_that_says_when_where_what_and_for_whom() {
    let expected = "2026-11-20T09:16:00.123Z  info   cruddur::home  HomeActivities  \
                    app.count=3 kind=\"a\\tb\"  trace 00000000000000000000000000000abc  user 7\n";
    assert_eq!(text_of(&full(), false), expected);
}

#[test]
fn what_is_not_known_leaves_no_gap() {
    let expected = "2026-11-20T09:16:00.123Z  info   cruddur::home  HomeActivities\n";
    assert_eq!(text_of(&plain(), false), expected);
    let silent =
        LogRecord { message: "".into(), attributes: vec![Attribute::new("n", 1_i64)], ..plain() };
    let expected = "2026-11-20T09:16:00.123Z  info   cruddur::home  n=1\n";
    assert_eq!(text_of(&silent, false), expected);
}

#[test]
fn a_request_that_is_over_is_its_message_and_how_long_it_took() {
    let attributes = vec![Attribute::new("url.path", "/x"), Attribute::new("duration_ms", 1.5)];
    let message = "[2026-Nov-20 09:16] 127.0.0.1 GET http /x? 200 OK";
    let target = LogRecord::ACCESS_TARGET.into();
    let text = text_of(&LogRecord { target, message: message.into(), attributes, ..full() }, false);
    let expected = format!("  spanwright::access  {message}  duration_ms=1.5  trace ");
    assert!(text.contains(&expected), "{text}");
}

#[test]
fn no_text_of_an_event_looks_like_another_part_of_its_line() {
    const FORGED: &str = "x  user.id=admin  trace deadbeef  user root";
    let record = LogRecord {
        message: FORGED.into(),
        user: Some(FORGED.into()),
        attributes: vec![Attribute::new("name", FORGED)],
        ..full()
    };
    let expected = format!(
        "  cruddur::home  x user.id=admin trace deadbeef user root  name=\"{FORGED}\"  \
         trace 00000000000000000000000000000abc  user \"{FORGED}\"\n"
    );
    let text = text_of(&record, false);
    assert!(text.ends_with(&expected), "{text}");
}

#[test]
fn levels_are_equally_wide_and_each_has_its_colour() {
    for (level, painted) in [
        (Level::Error, "\u{1b}[31merror\u{1b}[0m"),
        (Level::Warn, "\u{1b}[33mwarn \u{1b}[0m"),
        (Level::Info, "\u{1b}[32minfo \u{1b}[0m"),
        (Level::Debug, "\u{1b}[2mdebug\u{1b}[0m"),
        (Level::Trace, "\u{1b}[2mtrace\u{1b}[0m"),
    ] {
        let record = LogRecord { level, ..full() };
        assert!(text_of(&record, true).contains(painted), "{level}");
        assert!(!text_of(&record, false).contains('\u{1b}'));
    }
}

/// An event whose every text is this one.
fn made_of(text: &'static str, count: usize) -> LogRecord {
    LogRecord {
        target: text.into(),
        message: text.into(),
        attributes: vec![Attribute::new(text, text); count],
        user: Some(text.into()),
        ..full()
    }
}

#[test]
fn text_from_outside_cannot_colour_the_terminal_or_add_a_line() {
    const HOSTILE: &str = "a\u{1b}[31m\r\nb\u{9b}2J\u{202e}c\u{2028}";
    let shown = text_of(&made_of(HOSTILE, 3), false);
    let line = shown.strip_suffix('\n').expect("a line has an end");
    assert!(!line.contains(char::is_control), "{shown:?}");
    assert!(!line.contains(['\u{202e}', '\u{2028}']), "{shown:?}");
}

#[test]
fn a_line_has_an_end_whatever_it_is_made_of_and_counts_what_is_missing() {
    let text = text_of(&made_of("漢".repeat(5_000).leak(), 200), true);
    assert!(text.len() < MAX_FIELDS_BYTES + MAX_MESSAGE_BYTES + 2_048, "{}", text.len());
    let line = text_of(&made_of("x".repeat(1_000).leak(), 200), false);
    assert!(line.contains(&format!("  {}…  ", "x".repeat(120))), "{line}");
    assert!(line.contains(" … 167 more  trace "), "{line}");
}

#[test]
fn a_machine_reads_one_json_object_a_line_whatever_the_event_is_made_of() {
    let whole: serde_json::Value = serde_json::from_str(&json_of(&full())).expect("JSON");
    assert_eq!(whole["message"], "HomeActivities");
    assert_eq!(whole["fields"], serde_json::json!({"app.count": 3, "kind": "a\tb"}));
    for text in ["\n", "a\u{1b}[31m\r\n", "漢", "\""] {
        let json = json_of(&made_of(text.repeat(5_000).leak(), 20));
        assert!(json.len() <= MAX_JSON_BYTES, "{}", json.len());
        let line = json.strip_suffix('\n').expect("a line has an end");
        assert!(!line.contains(|char: char| char.is_ascii_control()), "{line}");
        let object: serde_json::Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(object["trace_id"], "00000000000000000000000000000abc");
    }
}

#[test]
fn the_weight_of_an_event_covers_its_text() {
    let values = [
        Attribute::new("n", i64::MIN),
        Attribute::new("f", f64::MIN_POSITIVE),
        Attribute::new("array", Array::I64(vec![i64::MIN; 100])),
        Attribute::new("texts", Array::Str(vec!["\n".repeat(100); 2])),
    ];
    let numbers = LogRecord { attributes: values.to_vec(), ..full() };
    for record in [plain(), full(), numbers, made_of("", 200), made_of("x", 200), made_of("漢", 20)]
    {
        let weight = Logs::weigh(&record);
        for text in [text_of(&record, true), json_of(&record)] {
            assert!(weight >= text.len(), "{weight} < {}", text.len());
        }
    }
}
