//! How long nothing is sent after a failure, and for whom.

use super::*;

#[test]
fn a_failure_is_repeated_later_and_later_with_the_same_batch() {
    let mut script = Script::new();
    script.items(0, &["a", "b", "c"]);
    let mut now_ms = 0;
    for delay_ms in [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000] {
        assert_eq!(script.answer(now_ms, 1, retry(None)), []);
        now_ms += delay_ms;
        assert_eq!(script.wake_ms(), Some(u128::from(now_ms)));
        assert_eq!(script.at(now_ms - 1, Input::Tick), []);
        assert_eq!(script.at(now_ms, Input::Tick), [send(1)]);
        assert_eq!(script.sent(1), b"abc");
    }
    script.answer(now_ms, 1, Verdict::Delivered);
    assert_eq!(script.machine.failures(), 0);
}

#[test]
fn the_wait_the_server_asks_for_wins_even_beyond_the_longest_backoff() {
    let mut script = Script::new();
    script.items(0, &["a", "b", "c"]);
    script.answer(0, 1, retry(Some(45_000)));
    assert_eq!(script.wake_ms(), Some(45_100), "the first backoff comes on top");
    assert_eq!(script.at(45_099, Input::Tick), []);
    assert_eq!(script.at(45_100, Input::Tick), [send(1)]);
    assert_eq!(script.answer(45_100, 1, retry(Some(0))), []);
    assert_eq!(script.at(45_200, Input::Tick), [send(1)]);
}

#[test]
fn a_wait_beyond_all_patience_is_as_long_as_that_and_ends_with_a_last_attempt() {
    let mut script = Script::new();
    script.items(0, &["a", "b", "c"]);
    script.answer(1_000, 1, retry(Some(u64::MAX)));
    assert_eq!(script.at(GIVE_UP_MS, Input::Tick), []);
    assert_eq!(script.at(1_000 + GIVE_UP_MS, Input::Tick), [send(1)]);
    let exhausted = lost(3, 3, LossReason::RetriesExhausted);
    assert_eq!(script.answer(1_000 + GIVE_UP_MS, 1, retry(None)), [exhausted]);
    assert_eq!(script.wake_ms(), None);
}

#[test]
fn our_own_wait_ends_with_a_last_attempt_at_the_deadline() {
    let mut script = Script::with(|rules| rules.give_up_after = Duration::from_millis(150));
    script.items(0, &["a", "b", "c"]);
    script.answer(0, 1, retry(None));
    assert_eq!(script.at(100, Input::Tick), [send(1)]);
    script.answer(100, 1, retry(None));
    assert_eq!(script.at(150, Input::Tick), [send(1)]);
    let exhausted = lost(3, 3, LossReason::RetriesExhausted);
    assert_eq!(script.answer(150, 1, retry(None)), [exhausted]);
}

#[test]
fn nothing_at_all_is_sent_before_the_wait_is_over_that_the_server_asked_for() {
    let mut script = Script::with(|rules| rules.max_in_flight = 4);
    script.items(0, &["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"]);
    script.answer(0, 1, retry(Some(1_000)));
    // A failure whose wait would be longer, and what ends that wait.
    script.machine.failures = 5;
    assert_eq!(script.answer(1, 2, retry(None)), []);
    assert_eq!(script.answer(2, 3, Verdict::Delivered), [settle(3, 3, Fate::Delivered)]);
    assert_eq!(script.answer_with(3, 4, reduce(), &["J"]).len(), 2, "the items are not sent");
    assert_eq!(script.items(4, &["m", "n", "o", "p"]), []);
    assert_eq!(script.at(5, Input::Flush), []);
    assert_eq!(script.at(1_099, Input::Tick), []);
    let all = [send(1), send(2), send(4), send(5)];
    assert_eq!(script.at(1_100, Input::Tick), all);
}

#[test]
fn a_batch_that_is_given_up_leaves_the_wait_that_it_was_told_behind() {
    let mut script = Script::new();
    script.items(0, &["a", "b", "c"]);
    let exhausted = lost(3, 3, LossReason::RetriesExhausted);
    assert_eq!(script.answer(GIVE_UP_MS, 1, retry(Some(5_000))), [exhausted]);
    assert_eq!(script.items(GIVE_UP_MS, &["d", "e", "f"]), []);
    assert_eq!(script.at(GIVE_UP_MS + 5_100, Input::Tick), [send(2)]);
}

#[test]
fn what_has_not_been_tried_is_held_back_while_the_destination_fails() {
    let mut script = Script::new();
    script.items(0, &["a", "b", "c"]);
    script.answer(0, 1, retry(None));
    assert_eq!(script.items(10, &["d", "e", "f"]), []);
    assert_eq!(script.wake_ms(), Some(100));
    assert_eq!(script.at(100, Input::Tick), [send(1), send(2)]);
}

#[test]
fn the_first_success_ends_the_pause() {
    let mut script = Script::new();
    script.items(0, &["a", "b", "c", "d", "e", "f"]);
    script.answer(0, 1, retry(None));
    assert_eq!(script.items(1, &["g", "h", "i"]), []);
    let delivered = settle(3, 3, Fate::Delivered);
    assert_eq!(script.answer(2, 2, Verdict::Delivered), [delivered, send(3)]);
    assert_eq!(script.at(99, Input::Tick), []);
    assert_eq!(script.at(100, Input::Tick), [send(1)]);
}

#[test]
fn a_pause_the_server_asked_for_outlasts_a_success() {
    let mut script = Script::new();
    script.items(0, &["a", "b", "c", "d", "e", "f", "g", "h", "i"]);
    script.answer(0, 1, retry(Some(5_000)));
    assert_eq!(script.answer(1, 2, Verdict::Delivered), [settle(3, 3, Fate::Delivered)]);
    assert_eq!(script.wake_ms(), Some(5_100));
    assert_eq!(script.at(5_100, Input::Tick), [send(1), send(3)]);
}

#[test]
fn a_batch_that_always_fails_does_not_hold_up_the_others() {
    let mut script = Script::with(|rules| rules.max_in_flight = 1);
    script.items(0, &["a", "b", "c", "d", "e", "f", "g", "h", "i"]);
    script.answer(0, 1, retry(None));
    assert_eq!(script.at(100, Input::Tick), [send(1)]);
    script.answer(100, 1, retry(None));
    assert_eq!(script.at(300, Input::Tick), [send(1)]);
    // Its own wait is over again, but the others have gone while it waited.
    script.answer(300, 1, retry(None));
    assert_eq!(script.at(700, Input::Flush), [send(1)]);
    assert_eq!(script.answer(700, 1, refused())[1], send(2));
}

#[test]
fn a_wait_of_minutes_outlasts_whatever_comes_meanwhile_and_then_everything_goes_on() {
    const FIVE_MINUTES_MS: u64 = 300_000;
    let mut script = Script::with(|rules| rules.give_up_after = Duration::from_hours(1));
    assert_eq!(script.items(0, &["a", "b", "c", "d", "e", "f"]), [send(1), send(2)]);
    assert_eq!(script.answer(10, 1, retry(Some(FIVE_MINUTES_MS))), []);
    // The other one was on its way; that it arrives changes nothing.
    assert_eq!(script.answer(20, 2, Verdict::Delivered), [settle(3, 3, Fate::Delivered)]);
    let mut now_ms = 1_000;
    while now_ms < FIVE_MINUTES_MS {
        let [first, second] = ["g", "h"].map(|item| script.items(now_ms, &[item]));
        assert_eq!((first, second), (vec![], vec![]), "{now_ms}");
        assert_eq!(script.at(now_ms, Input::Tick), [], "{now_ms}");
        assert_eq!(script.at(now_ms, Input::Flush), [], "{now_ms}");
        now_ms += 10_000;
    }
    let end_ms = 10 + FIVE_MINUTES_MS + 100;
    assert_eq!(script.wake_ms(), Some(u128::from(end_ms)));
    assert_eq!(script.at(end_ms - 1, Input::Tick), []);
    let sent = script.at(end_ms, Input::Tick);
    assert_eq!(sent, [send(1), send(3)]);
    assert_eq!(script.sent(1), b"abc");
    let after = script.answer(end_ms + 1, 1, Verdict::Delivered);
    assert_eq!(after, [settle(3, 3, Fate::Delivered), send(4)]);
}
