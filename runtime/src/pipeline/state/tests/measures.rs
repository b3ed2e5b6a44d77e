//! What a dialect says of its items, and what batches they make.

use super::*;

#[test]
fn an_item_is_as_large_as_the_dialect_says_and_its_memory_is_what_it_takes() {
    // As if every second sign were an escape.
    let half = |_: Option<&[u8]>, item: &[u8]| Measure { size: item.len() / 2, ..plain(item) };
    let mut script = Script::with(|rules| rules.limits.overhead_bytes = 5).measuring(half);
    assert_eq!(script.items(0, &["01234567890123456789", "01234567890123456789"]), [send(1)]);
    assert_eq!(script.answer(1, 1, Verdict::Delivered), [settle(2, 40, Fate::Delivered)]);
    let large = "0".repeat(52);
    assert_eq!(script.items(2, &[&large]), [lost(1, 52, LossReason::TooLarge)]);
}

#[test]
fn what_is_counted_on_top_of_an_item_is_counted_for_as_many_as_it_counts_for() {
    let two = |_: Option<&[u8]>, item: &[u8]| Measure { count: 2, ..plain(item) };
    let mut script = Script::with(|rules| {
        rules.limits = Limits { items: 10, bytes: 30, overhead_bytes: 5 };
    })
    .measuring(two);
    assert_eq!(script.items(0, &["01234", "01234"]), [send(1)]);
    assert_eq!(script.items(0, &["012345", "01234"]), [send(2)]);
    assert_eq!(script.sent(2), b"012345");
    script.at(0, Input::Flush);
    let large = "0".repeat(21);
    assert_eq!(script.items(2, &[&large]), [lost(1, 21, LossReason::TooLarge)]);
}

#[test]
fn an_item_that_may_not_be_with_the_first_of_the_batch_begins_the_next() {
    let same_first_letter = |first: Option<&[u8]>, item: &[u8]| {
        let joins = first.is_none_or(|first| first[0] == item[0]);
        Measure { joins, ..plain(item) }
    };
    let mut script = Script::new().measuring(same_first_letter);
    assert_eq!(script.items(0, &["a1", "a2", "b1"]), [send(1)]);
    assert_eq!(script.sent(1), b"a1a2");
    assert_eq!(script.items(1, &["b2", "a3"]), [send(2)]);
    assert_eq!((script.sent(2), script.wake_ms()), (&b"b1b2"[..], None));
    script.answer(2, 1, Verdict::Delivered);
    assert_eq!(script.wake_ms(), Some(1 + u128::from(AGE_MS)));
    assert_eq!(script.at(3, Input::Flush), [send(3)]);
    assert_eq!(script.sent(3), b"a3");
}
