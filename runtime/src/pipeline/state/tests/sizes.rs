//! Requests that are too large, and the size that is learned from them.

use super::*;

/// Batches of up to 64 items of 10 bytes.
fn script() -> Script {
    Script::with(|rules| rules.limits = Limits { items: 64, bytes: 640, overhead_bytes: 0 })
}

const TEN: &str = "0123456789";

/// A receiver that takes requests of up to so many bytes.
struct Receiver {
    max_bytes: usize,
    /// Sizes of the requests so far.
    sizes: Vec<usize>,
    delivered: usize,
    too_large: usize,
}

impl Receiver {
    fn new(max_bytes: usize) -> Self {
        Self { max_bytes, sizes: Vec::new(), delivered: 0, too_large: 0 }
    }

    /// Answers everything that is sent until nothing is left; gives back the time of the end.
    fn answer_all(
        &mut self,
        script: &mut Script,
        mut now_ms: u64,
        mut actions: Vec<Action>,
    ) -> u64 {
        loop {
            while let Some(action) = actions.pop() {
                match action {
                    Action::Send { id } => {
                        let size = script.sent(id).len();
                        self.sizes.push(size);
                        let fits = size <= self.max_bytes;
                        let verdict = if fits { Verdict::Delivered } else { Verdict::Split };
                        actions.extend(script.answer(now_ms, id, verdict));
                    }
                    Action::Reduce { id } => {
                        let reduced = Batch::default();
                        actions.extend(script.at(now_ms, Input::Reduced { id, reduced }));
                    }
                    Action::Settle { records, fate: Fate::Delivered, .. } => {
                        self.delivered += records;
                    }
                    Action::Settle { records, fate, .. } => {
                        assert_eq!(fate, Fate::Lost(LossReason::TooLarge));
                        self.too_large += records;
                    }
                    _ => {}
                }
            }
            let Some(wake) = script.wake_ms() else { return now_ms };
            now_ms = now_ms.max(u64::try_from(wake).expect("a test is short"));
            actions = script.at(now_ms, Input::Tick);
        }
    }

    /// Hands in so many items of ten bytes, and answers all.
    fn play(&mut self, script: &mut Script, now_ms: u64, items: usize) -> u64 {
        let actions = script.items(now_ms, &vec![TEN; items]);
        self.answer_all(script, now_ms, actions)
    }
}

#[test]
fn a_size_that_passes_is_found_and_kept_for_later_batches() {
    let (mut script, mut receiver) = (script(), Receiver::new(150));
    let now_ms = receiver.play(&mut script, 0, 64);
    assert_eq!(receiver.delivered, 64);
    assert_eq!(receiver.sizes[..4], [640, 360, 200, 110]);
    receiver.sizes.clear();
    receiver.play(&mut script, now_ms, 64);
    assert_eq!((receiver.delivered, receiver.too_large), (128, 0));
    assert!(receiver.sizes.iter().all(|size| *size <= 110), "{:?}", receiver.sizes);
}

#[test]
fn one_request_at_a_time_with_growing_waits_looks_for_the_size() {
    let mut script = script();
    assert_eq!(script.items(0, &vec![TEN; 128]), [send(1), send(2)]);
    assert_eq!(script.answer(0, 1, Verdict::Split), []);
    assert_eq!(script.answer(0, 2, Verdict::Split), []);
    assert_eq!(script.wake_ms(), Some(200), "the second refusal doubles the wait");
    assert_eq!(script.at(200, Input::Tick), [send(1)]);
    assert_eq!(script.answer(200, 1, Verdict::Split), []);
    assert_eq!(script.wake_ms(), Some(600));
    assert_eq!(script.at(600, Input::Tick), [send(1)]);
    assert_eq!(script.sent(1).len(), 200);
    assert_eq!(script.answer(601, 1, Verdict::Delivered).len(), 3, "now two at once");
}

#[test]
fn where_nothing_passes_the_work_is_bounded() {
    let (mut script, mut receiver) = (script(), Receiver::new(0));
    receiver.play(&mut script, 0, 64 * 100);
    assert_eq!(receiver.too_large, 64 * 100);
    assert!(receiver.sizes.len() <= 20, "{:?}", receiver.sizes);
}

#[test]
fn sizes_that_fall_by_a_byte_each_do_not_get_a_request_each() {
    let (mut script, mut receiver) = (script(), Receiver::new(0));
    for len in (100..600).rev() {
        let item = "x".repeat(len);
        let mut actions = script.items(0, &[&item]);
        actions.extend(script.at(0, Input::Flush));
        receiver.answer_all(&mut script, 0, actions);
    }
    assert_eq!(receiver.too_large, 500);
    assert!(receiver.sizes.len() <= 24, "{:?}", receiver.sizes);
}

#[test]
fn an_item_that_is_too_large_is_lost_alone() {
    let mut script = Script::with(|rules| {
        rules.limits = Limits { items: 64, bytes: 640, overhead_bytes: 0 };
        rules.max_in_flight = 1;
    });
    let mut receiver = Receiver::new(150);
    let large = "x".repeat(200);
    let mut actions = script.items(0, &[TEN, &large, TEN, &large, TEN]);
    actions.extend(script.at(0, Input::Flush));
    receiver.answer_all(&mut script, 0, actions);
    assert_eq!((receiver.delivered, receiver.too_large), (3, 2));
    let alone = receiver.sizes.iter().filter(|size| **size == 200).count();
    assert_eq!(alone, 1, "the second one is not sent: {:?}", receiver.sizes);
}

#[test]
fn a_larger_size_is_tried_again_after_a_while() {
    let (mut script, mut receiver) = (script(), Receiver::new(150));
    let mut now_ms = receiver.play(&mut script, 0, 64);
    receiver.max_bytes = 1_000;
    receiver.sizes.clear();
    receiver.play(&mut script, now_ms + 30_000, 64);
    assert!(receiver.sizes.iter().all(|size| *size <= 110), "too soon: {:?}", receiver.sizes);
    now_ms += 61_000;
    for _ in 0..4 {
        receiver.sizes.clear();
        now_ms = receiver.play(&mut script, now_ms, 64);
    }
    assert_eq!(receiver.sizes, [640], "the limit is gone");
    assert_eq!(receiver.too_large, 0);
}

#[test]
fn a_limit_that_stays_is_tried_less_and_less_often() {
    let (mut script, mut receiver) = (script(), Receiver::new(150));
    let mut now_ms = receiver.play(&mut script, 0, 64);
    receiver.sizes.clear();
    for _ in 0..60 {
        now_ms = receiver.play(&mut script, now_ms, 64) + 60_000;
    }
    let refused = receiver.sizes.iter().filter(|size| **size > 150).count();
    assert!((3..=12).contains(&refused), "{refused}");
    assert_eq!(receiver.too_large, 0);
}

#[test]
fn after_a_time_without_any_size_delivery_begins_again() {
    let (mut script, mut receiver) = (script(), Receiver::new(0));
    let now_ms = receiver.play(&mut script, 0, 64);
    receiver.max_bytes = 1_000;
    let now_ms = receiver.play(&mut script, now_ms + 1_000, 64);
    assert_eq!((receiver.too_large, receiver.delivered), (128, 0), "known to fail");
    receiver.play(&mut script, now_ms + 60_000, 64);
    assert_eq!((receiver.too_large, receiver.delivered), (128, 64));
}
