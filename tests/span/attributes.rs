//! What is recorded, of what type, and how much of it.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use spanwright::record::{Array, Value};
use spanwright::span::Limits;
use spanwright::testing::{self, Capture};
use spanwright::{Span, ToAttribute, current, record, traced};

use super::{only, value};

/// The value that becomes of `recorded`.
fn recorded(recorded: impl ToAttribute) -> Option<Value> {
    let span = only(|| _ = Span::new("work").set_attribute("key", recorded));
    value(&span, "key").cloned()
}

#[test]
fn scalars_keep_their_type() {
    for (found, expected) in [
        (recorded(true), Value::Bool(true)),
        (recorded(-8_i8), Value::I64(-8)),
        (recorded(i64::MIN), Value::I64(i64::MIN)),
        (recorded(-1_isize), Value::I64(-1)),
        (recorded(8_u8), Value::I64(8)),
        (recorded(3_usize), Value::I64(3)),
        (recorded(i64::MAX.cast_unsigned()), Value::I64(i64::MAX)),
        (recorded(0.5_f32), Value::F64(0.5)),
        (recorded(f64::INFINITY), Value::F64(f64::INFINITY)),
        (recorded("text"), Value::from("text")),
        (recorded(""), Value::from("")),
        (recorded(String::from("größer als acht")), Value::from("größer als acht")),
        (recorded(Cow::Borrowed("cow")), Value::from("cow")),
        (recorded('ß'), Value::from("ß")),
        (recorded(Arc::<str>::from("shared")), Value::from("shared")),
        (recorded(Box::new(&7)), Value::I64(7)),
        (recorded(Some(Some(1))), Value::I64(1)),
        (recorded(format_args!("{}-{}", 1, 2)), Value::from("1-2")),
        (recorded(std::num::NonZeroU64::MIN), Value::I64(1)),
        (recorded(std::num::NonZeroUsize::MIN), Value::I64(1)),
        (recorded(std::num::NonZeroIsize::MIN), Value::I64(isize::MIN as i64)),
        (recorded(std::num::NonZeroI8::MIN), Value::I64(-128)),
        (recorded(std::num::NonZeroI16::MAX), Value::I64(32_767)),
    ] {
        assert_eq!(found, Some(expected));
    }
}

#[test]
fn numbers_that_no_destination_can_hold_become_text() {
    let beyond = i64::MAX.cast_unsigned() + 1;
    assert_eq!(recorded(beyond), Some(Value::from("9223372036854775808")));
    assert_eq!(recorded(u128::MAX), Some(Value::from(u128::MAX.to_string())));
    let texts = vec!["1".to_owned(), beyond.to_string()];
    assert_eq!(recorded([1, beyond]), Some(Value::Array(Array::Str(texts))));
}

#[test]
fn arrays_keep_the_type_of_their_elements() {
    for (found, expected) in [
        (recorded([true, false]), Array::Bool(vec![true, false])),
        (recorded(vec![1_i64, -1]), Array::I64(vec![1, -1])),
        (recorded(&[1_u32, 2][..]), Array::I64(vec![1, 2])),
        (recorded([1_u64]), Array::I64(vec![1])),
        (recorded([1_u8, 255]), Array::I64(vec![1, 255])),
        (recorded([-1_isize]), Array::I64(vec![-1])),
        (recorded([Arc::<str>::from("c")]), Array::Str(vec!["c".into()])),
        (recorded([0.5_f32]), Array::F64(vec![0.5])),
        (recorded(["a", ""]), Array::Str(vec!["a".into(), String::new()])),
        (recorded(vec![String::from("b")]), Array::Str(vec!["b".into()])),
        (recorded(Vec::<String>::new()), Array::Str(Vec::new())),
    ] {
        assert_eq!(found, Some(Value::Array(expected)));
    }
}

#[test]
fn none_is_left_out() {
    assert_eq!(recorded(None::<u32>), None);
    assert_eq!(recorded(Some(None::<&str>)), None);
}

#[test]
fn an_array_keeps_its_first_1024_elements() {
    let Some(Value::Array(Array::I64(found))) = recorded((0..2_000).collect::<Vec<i64>>()) else {
        panic!("an array of integers");
    };
    assert_eq!((found.len(), found.last()), (1_024, Some(&1_023)));
}

#[test]
fn a_text_is_cut_at_65535_bytes_on_a_char_boundary() {
    assert_eq!(recorded("x".repeat(65_535)), Some("x".repeat(65_535).into()));
    assert_eq!(recorded("x".repeat(65_536)), Some("x".repeat(65_535).into()));
    assert_eq!(recorded("ß".repeat(40_000)), Some("ß".repeat(32_767).into()));
    assert_eq!(recorded(["ß".repeat(40_000)]), Some(Array::Str(vec!["ß".repeat(32_767)]).into()));
}

/// Formats without end, but for the limit of who reads it.
struct Endless;

impl fmt::Display for Endless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        loop {
            f.write_str("again ")?;
        }
    }
}

#[test]
fn a_value_is_formatted_no_further_than_it_is_kept() {
    let Some(Value::Str(found)) = recorded(format_args!("{Endless}")) else { panic!("a text") };
    assert_eq!(found.len(), 65_535);
}

#[test]
fn a_limit_in_characters_cuts_texts_alone_and_in_arrays() {
    let limits = Limits { value_chars: 3, ..Limits::default() };
    let ((), spans) = Capture::default().limits(limits).run(|| {
        let span = Span::new("longer name");
        span.set_attribute("text", "größer").set_attribute("number", 123_456);
        span.set_attribute("list", ["ab", "größer"]);
        span.add_event("longer event", &[("text", &"größer")]);
    });
    assert_eq!(
        testing::tree(&spans),
        "longer name text=grö number=123456 list=[\"ab\", \"grö\"] @longer event\n"
    );
    assert_eq!(spans[0].events[0].attributes[0].value, Value::from("grö"));
}

#[test]
fn the_129th_attribute_is_dropped_and_counted() {
    let span = only(|| {
        let span = Span::new("full");
        for number in 0..130 {
            span.set_attribute(format!("key.{number}"), number);
        }
        span.set_attribute("key.0", "known keys still change");
    });
    assert_eq!((span.attributes.len(), span.dropped.attributes), (128, 2));
    assert_eq!(value(&span, "key.0"), Some(&"known keys still change".into()));
    assert_eq!(value(&span, "key.128"), None);
}

#[test]
fn events_and_links_beyond_their_limits_are_dropped_and_counted() {
    let limits = Limits { events: 1, links: 1, ..Limits::default() };
    let ((), spans) = Capture::default().limits(limits).run(|| {
        let span = Span::new("full");
        for name in ["one", "two", "three"] {
            span.add_event(name, &[]);
            span.add_link(span.context(), &[]);
        }
    });
    assert_eq!((spans[0].events.len(), spans[0].dropped.events), (1, 2));
    assert_eq!((spans[0].links.len(), spans[0].dropped.links), (1, 2));
}

#[test]
fn attributes_of_events_and_links_beyond_the_limit_are_counted() {
    let limits = Limits { attributes: 2, ..Limits::default() };
    let ((), spans) = Capture::default().limits(limits).run(|| {
        let attributes: &[(&str, &dyn ToAttribute)] =
            &[("a", &1), ("b", &2), ("c", &3), ("d", &4), ("a", &5)];
        let span = Span::new("full");
        span.add_event("event", attributes).add_link(span.context(), attributes);
    });
    let (event, link) = (&spans[0].events[0], &spans[0].links[0]);
    assert_eq!((event.attributes.len(), event.dropped_attributes), (2, 2));
    assert_eq!((link.attributes.len(), link.dropped_attributes), (2, 2));
    assert_eq!(event.attributes[0].value, 5_i64.into());
}

#[traced(fields(one = 1), err(level = "warn"))]
fn fails() -> Result<(), &'static str> {
    current().add_event("before", &[]);
    Err("no")
}

#[test]
fn the_event_of_an_error_keeps_to_the_limit_too() {
    let limits = Limits { events: 1, ..Limits::default() };
    let (result, spans) = Capture::default().limits(limits).run(fails);
    assert!(result.is_err());
    assert_eq!((spans[0].events.len(), spans[0].dropped.events), (1, 1));
}

#[traced(fields(step = "begin", other = 1))]
fn changes() {
    record!(step = "middle");
    current().set_attribute("step", "end").set_attribute(String::from("made.up"), 2);
    current().set_attribute("", "no key");
}

#[test]
fn a_later_value_replaces_the_earlier_in_its_place() {
    let spans = testing::capture(changes);
    assert_eq!(testing::tree(&spans), "changes step=end other=1 made.up=2\n");
}

#[test]
fn an_event_has_each_key_once() {
    let span = only(|| {
        Span::new("work")
            .add_event("event", &[("a", &1), ("b", &2), ("a", &3), ("none", &None::<u8>)]);
    });
    let attributes = &span.events[0].attributes;
    let found: Vec<_> = attributes.iter().map(|it| format!("{}={}", it.key, it.value)).collect();
    assert_eq!(found, ["a=3", "b=2"]);
}

#[test]
fn a_key_is_cut_at_1024_bytes_wherever_it_stands() {
    let long = "k".repeat(300_000);
    let span = only(|| {
        let span = Span::new("work");
        span.set_attribute(&long, 1).add_event("event", &[(&long, &1)]);
    });
    assert_eq!(span.attributes[0].key, "k".repeat(1_024));
    assert_eq!(span.events[0].attributes[0].key, "k".repeat(1_024));
}

#[traced(fields(first = 1, text, last = 2))]
fn long(text: &str) {}

#[test]
fn attributes_keep_their_order_whatever_their_size() {
    let text = "x".repeat(1_000);
    let span = only(|| long(&text));
    let keys: Vec<_> = span.attributes.iter().map(|it| it.key.as_ref()).collect();
    assert_eq!(keys, ["first", "text", "last"]);
}

struct Wrapped(u64);

impl ToAttribute for Wrapped {
    fn to_attribute(&self, sink: spanwright::Sink<'_>) {
        sink.u64(self.0);
    }
}

#[test]
fn a_type_of_the_users_own_says_what_it_becomes() {
    assert_eq!(recorded(Wrapped(7)), Some(Value::I64(7)));
}
