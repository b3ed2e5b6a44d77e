//! What is written is read back.

use std::mem::MaybeUninit;

use super::*;
use crate::record::{Array, Value};

fn written(split_at: usize, write: impl FnOnce(&mut Words<'_>)) -> Vec<u64> {
    let mut room = [MaybeUninit::new(0); 64];
    let (first, second) = room.split_at_mut(split_at);
    let mut words = Words::new(first, second);
    write(&mut words);
    let len = words.len();
    #[expect(unsafe_code, reason = "the room was initialised above")]
    // SAFETY: every slot was initialised with zero.
    room[..len].iter().map(|word| unsafe { word.assume_init() }).collect()
}

#[test]
fn every_type_is_read_as_it_was_written() {
    let words = written(64, |words| {
        words.bool(Key::at(0), true);
        words.i64(Key::at(1), -7);
        words.f64(Key::at(2), 0.25);
        words.text(Key::at(3), "größer als acht");
        words.bools(Key::at(4), &[true, false]);
        words.i64s(Key::at(5), &[i64::MIN, i64::MAX]);
        words.f64s(Key::at(6), &[1.5]);
        words.texts(Key::at(7), &["", "ab"]);
    });
    let values: Vec<(u16, Value)> =
        Reader::new(&words).map(|item| (item.key, item.value)).collect();
    let expected = [
        Value::Bool(true),
        Value::I64(-7),
        Value::F64(0.25),
        Value::from("größer als acht"),
        Value::Array(Array::Bool(vec![true, false])),
        Value::Array(Array::I64(vec![i64::MIN, i64::MAX])),
        Value::Array(Array::F64(vec![1.5])),
        Value::Array(Array::Str(vec![String::new(), "ab".into()])),
    ];
    assert_eq!(values, (0..).zip(expected).collect::<Vec<_>>());
}

#[test]
fn room_for_attributes_does_not_depend_on_the_length_of_values() {
    let words = written(64, |words| {
        words.text(Key::at(0), &"x".repeat(200));
        words.text(Key::text("activity.0.message"), "ab");
        words.i64s(Key::at(1), &[1, 2, 3]);
        words.texts(Key::at(2), &["", "ab"]);
        words.bool(Key::at(3), true);
    });
    assert_eq!(Reader::new(&words).count(), 5);
    // Two further ones are for the rate of sampling and the user.
    assert_eq!(Reader::new(&words).room_for_attributes(), 5 + 2);
    assert_eq!(Reader::new(&[]).room_for_attributes(), 0);
    assert_eq!(Reader::new(&words[..5]).room_for_attributes(), 0, "an item that is cut is none");
}

#[test]
fn a_record_that_wraps_around_the_ring_reads_the_same() {
    let write = |words: &mut Words<'_>| {
        words.text(Key::at(0), "a text of more than two words");
        words.i64(Key::at(1), 1);
        words.words(&[MaybeUninit::new(1), MaybeUninit::new(2), MaybeUninit::new(3)]);
    };
    let straight = written(64, write);
    for split_at in 0..straight.len() {
        assert_eq!(written(split_at, write), straight, "split at {split_at}");
    }
}

#[test]
fn a_key_known_at_run_time_travels_with_its_value() {
    let key = Key::text("activity.0.message");
    let words = written(64, |words| words.i64(key, 42));
    assert_eq!(words.len(), 2 + key.words());
    let item = Reader::new(&words).next();
    let expected = Item {
        key: Key::DYNAMIC,
        dynamic_key: Some("activity.0.message".into()),
        value: Value::I64(42),
    };
    assert_eq!(item, Some(expected));
}

#[test]
fn a_wrong_length_ends_the_reading() {
    let words = written(64, |words| words.text(Key::at(0), "a text of more than two words"));
    assert_eq!(Reader::new(&words[..2]).count(), 0);
}

#[test]
fn text_is_cut_on_a_char_boundary() {
    assert_eq!(cut("aé", 2), "a");
    assert_eq!(cut("aé", 3), "aé");
}
