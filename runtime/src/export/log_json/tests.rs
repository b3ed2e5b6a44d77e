//! Records and their texts.

use std::sync::Arc;

use serde_json::Value as Json;

use super::*;
use crate::record::{LogId, SpanId, TraceId};

fn bare() -> LogRecord {
    LogRecord {
        id: LogId::new(1_795_168_800_123_456_789, 0xabc),
        unix_ns: 1_795_168_800_123_456_789,
        level: Level::Info,
        target: "cruddur::home".into(),
        file: None,
        line: None,
        message: "3 activities".into(),
        attributes: Vec::new(),
        span: None,
        user: None,
    }
}

fn full() -> LogRecord {
    LogRecord {
        level: Level::Warn,
        message: "slow \"home\"\n\u{1}ü".into(),
        file: Some("src/home.rs".into()),
        line: Some(42),
        attributes: vec![
            Attribute::new("app.rows", 3_i64),
            Attribute::new("share", 0.5),
            Attribute::new("none", f64::NAN),
            Attribute::new("is_cached", false),
            Attribute::new("odd \"key\"", "v"),
            Attribute::new("tags", Array::Str(vec!["a".to_owned(), "\\".to_owned()])),
            Attribute::new("times", Array::F64(vec![1.0, f64::NEG_INFINITY])),
        ],
        span: Some(SpanContext::sampled(
            TraceId::from_u128(0x5759_e988_bd86_2e3f_e1be_46a9_9427_2793),
            SpanId::from_u64(0x00f0_67aa_0ba9_02b7),
        )),
        user: Some(Arc::from("42")),
        ..bare()
    }
}

fn written(form: Form<'_>, max_bytes: usize) -> String {
    let mut out = b"before".to_vec();
    form.write_within(max_bytes, &mut out);
    String::from_utf8(out.split_off(6)).expect("JSON is UTF-8")
}

fn parsed(text: &str) -> Json {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn what_is_absent_is_left_out() {
    let mut out = Vec::new();
    Form::whole(&bare()).write(&mut out);
    assert_eq!(
        String::from_utf8(out).unwrap(),
        r#"{"timestamp":"2026-11-20T10:00:00.123456Z","level":"INFO","message":"3 activities","target":"cruddur::home","event_id":"18e9b88333390d150000000000000abc"}"#
    );
}

#[test]
fn every_member_has_its_place() {
    let mut out = Vec::new();
    Form::whole(&full()).write(&mut out);
    assert_eq!(
        String::from_utf8(out).unwrap(),
        r#"{"timestamp":"2026-11-20T10:00:00.123456Z","level":"WARN","message":"slow \"home\"\n\u0001ü","target":"cruddur::home","trace_id":"5759e988bd862e3fe1be46a994272793","span_id":"00f067aa0ba902b7","xray_trace_id":"1-5759e988-bd862e3fe1be46a994272793","user":"42","fields":{"app.rows":3,"share":0.5,"none":"NaN","is_cached":false,"odd \"key\"":"v","tags":["a","\\"],"times":[1.0,"-inf"]},"file":"src/home.rs","line":42,"event_id":"18e9b88333390d150000000000000abc"}"#
    );
}

#[test]
fn what_fits_is_not_cut() {
    let record = LogRecord { message: "x".repeat(2_000).into(), ..full() };
    let whole = written(Form::whole(&record), usize::MAX);
    assert_eq!(written(Form::whole(&record), whole.len()), whole);
    assert!(parsed(&whole).get("truncated_bytes").is_none());
    let cut = written(Form::whole(&record), whole.len() - 1);
    assert!(cut.len() < whole.len() && parsed(&cut)["truncated_bytes"].is_u64(), "{cut}");
}

#[test]
fn the_longest_texts_are_cut_and_the_event_says_by_how_much() {
    let record = LogRecord {
        message: "m".repeat(5_000).into(),
        attributes: vec![
            Attribute::new("short", "s".repeat(300)),
            Attribute::new("long", "l".repeat(4_000)),
            Attribute::new("many", Array::I64((0..2_000).collect())),
        ],
        ..full()
    };
    let whole = written(Form::whole(&record), usize::MAX);
    let text = written(Form::whole(&record), 4_096);
    let cut = parsed(&text);
    assert!((4_000..=4_096).contains(&text.len()), "{}", text.len());
    assert_eq!(cut["fields"]["short"], "s".repeat(300));
    let message = cut["message"].as_str().unwrap();
    assert!(message.starts_with("mmm") && message.ends_with("m…"), "{message}");
    let lens = ["long", "many"].map(|key| cut["fields"][key].to_string().len());
    assert!(lens.iter().all(|len| message.len().abs_diff(*len) < 10), "{lens:?}");
    let left_out = cut["truncated_bytes"].as_u64().unwrap();
    let mark = format!(",\"truncated_bytes\":{left_out}");
    assert_eq!(whole.len() as u64, (text.len() - mark.len()) as u64 + left_out);
}

#[test]
fn attributes_that_do_not_fit_at_all_are_left_out() {
    let attributes = (0..1_000).map(|at| Attribute::new(format!("attribute.{at}"), at));
    let record = LogRecord { attributes: attributes.collect(), ..full() };
    let text = written(Form::whole(&record), MIN_BYTES);
    let cut = parsed(&text);
    assert!(text.len() <= MIN_BYTES && text.len() > MIN_BYTES - 64, "{}", text.len());
    assert_eq!(
        (&cut["fields"]["attribute.0"], cut["message"].as_str()),
        (&0.into(), Some("slow \"home\"\n\u{1}ü"))
    );
    let huge_key = vec![Attribute::new("k".repeat(5_000), 1_i64)];
    let text = written(Form::whole(&LogRecord { attributes: huge_key, ..full() }), 0);
    assert!(text.len() <= MIN_BYTES && parsed(&text)["fields"].as_object().unwrap().is_empty());
}

#[test]
fn a_part_says_which_it_is_and_only_the_first_has_the_attributes() {
    let record = full();
    let parts: Vec<_> = [("slow", 1), ("home", 2)]
        .map(|(message, number)| Form::whole(&record).part(message, number, 2))
        .into_iter()
        .map(|form| parsed(&written(form.leaving_out(7), usize::MAX)))
        .collect();
    for (part, (message, number)) in parts.iter().zip([("slow", 1), ("home", 2)]) {
        assert_eq!(part["message"], message);
        assert_eq!((&part["part"], &part["parts"]), (&number.into(), &2.into()));
        assert_eq!(part["event_id"], record.id.to_string());
        assert_eq!(part["truncated_bytes"], 7);
        assert_eq!(part.get("fields").is_some(), number == 1);
    }
}

#[test]
fn any_record_is_valid_json_within_the_limit() {
    let mut random = Random(7);
    for _ in 0..500 {
        let record = random.record();
        let whole = written(Form::whole(&record), usize::MAX);
        let all = parsed(&whole);
        assert_eq!(all["message"], *record.message);
        let max_bytes = MIN_BYTES + random.below(4_096);
        let text = written(Form::whole(&record), max_bytes);
        assert!(text.len() <= max_bytes, "{} > {max_bytes}: {text}", text.len());
        let cut = parsed(&text);
        assert_eq!(cut["event_id"], all["event_id"]);
        assert_eq!(cut.get("truncated_bytes").is_some(), whole.len() > max_bytes);
    }
}

/// Any numbers, the same in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    /// Often short, sometimes long, of characters of every length.
    fn text(&mut self) -> String {
        const CHARS: [char; 10] = ['a', '"', '\\', '\n', '\u{1}', 'ü', '☃', '😀', ' ', '}'];
        let bound = [2, 20, 3_000][self.below(3)];
        (0..self.below(bound)).map(|_| CHARS[self.below(10)]).collect()
    }

    fn value(&mut self) -> Value {
        match self.below(8) {
            0 => true.into(),
            1 => i64::MIN.into(),
            2 => f64::INFINITY.into(),
            3 => 1e300.into(),
            4 => Array::I64(vec![i64::MAX; self.below(500)]).into(),
            5 => Array::Str((0..self.below(4)).map(|_| self.text()).collect()).into(),
            6 => Array::F64(vec![f64::NAN; self.below(500)]).into(),
            _ => self.text().into(),
        }
    }

    fn record(&mut self) -> LogRecord {
        let attributes = (0..self.below(6)).map(|at| {
            let key = format!("{at}{}", self.text());
            Attribute::new(key, self.value())
        });
        LogRecord {
            attributes: attributes.collect(),
            message: self.text().into(),
            target: self.text().into(),
            file: (self.below(2) == 0).then(|| self.text().into()),
            user: (self.below(2) == 0).then(|| self.text().into()),
            ..[bare(), full()][self.below(2)].clone()
        }
    }
}
