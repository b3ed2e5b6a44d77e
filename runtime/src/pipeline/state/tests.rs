//! Scripts: inputs at made-up moments, and the actions they must cause.

mod isolation;
mod measures;
mod sizes;
mod waits;

use super::*;

const AGE_MS: u64 = 1_000;
const GIVE_UP_MS: u64 = 60_000;

/// A machine and the moment its script began.
struct Script {
    machine: Machine,
    measure: fn(Option<&[u8]>, &[u8]) -> Measure,
    start: Instant,
}

impl Script {
    /// Batches of 3 items or 30 bytes, 2 in flight; every backoff takes its whole delay, from
    /// 100 ms to 10 s.
    fn new() -> Self {
        Self::with(|_| ())
    }

    #[expect(clippy::disallowed_methods, reason = "an origin for made-up moments")]
    fn with(change: impl FnOnce(&mut Rules)) -> Self {
        let mut rules = Rules {
            limits: Limits { items: 3, bytes: 30, overhead_bytes: 0 },
            max_batch_age: Duration::from_millis(AGE_MS),
            max_in_flight: 2,
            backoff: Backoff { initial: Duration::from_millis(100), max: Duration::from_secs(10) },
            give_up_after: Duration::from_millis(GIVE_UP_MS),
        };
        change(&mut rules);
        // The largest number makes a delay a nanosecond short of its ceiling.
        let machine = Machine::new(rules, Box::new(|| u64::MAX));
        let measure = |_: Option<&[u8]>, item: &[u8]| plain(item);
        Self { machine, measure, start: Instant::now() }
    }

    /// The same by what a dialect says of an item, given the first of its batch.
    fn measuring(self, measure: fn(Option<&[u8]>, &[u8]) -> Measure) -> Self {
        Self { measure, ..self }
    }

    fn at(&mut self, ms: u64, input: Input) -> Vec<Action> {
        let mut actions = Vec::new();
        self.machine.on(input, self.start + Duration::from_millis(ms), &mut actions);
        actions
    }

    fn items(&mut self, ms: u64, items: &[&str]) -> Vec<Action> {
        let mut actions = Vec::new();
        for item in items {
            self.machine.buffer().extend_from_slice(item.as_bytes());
            let (first, tail) = self.machine.first_and_tail();
            let measure = (self.measure)(first, tail);
            actions.extend(self.at(ms, Input::Item(measure)));
        }
        actions
    }

    fn answer(&mut self, ms: u64, id: u64, verdict: Verdict) -> Vec<Action> {
        self.answer_with(ms, id, verdict, &[])
    }

    /// An answer, and what is there to take the place of the items.
    fn answer_with(&mut self, ms: u64, id: u64, verdict: Verdict, forms: &[&str]) -> Vec<Action> {
        let ends = forms.iter().scan(0, |end, form| {
            *end += form.len();
            Some(*end)
        });
        let reduced = Batch::new(forms.concat().into_bytes(), ends.collect());
        self.at(ms, Input::Answered { id, verdict, reduced })
    }

    /// When the machine wants to be woken, in whole milliseconds from the start, rounded up.
    fn wake_ms(&self) -> Option<u128> {
        let wake = self.machine.wake_at()?;
        Some(wake.saturating_duration_since(self.start).as_nanos().div_ceil(1_000_000))
    }

    fn sent(&self, id: u64) -> &[u8] {
        self.machine.batch(id).expect("the batch is in flight").bytes()
    }
}

/// An item that is one, and is as large as it is.
fn plain(item: &[u8]) -> Measure {
    Measure { count: 1, size: item.len(), joins: true }
}

fn send(id: u64) -> Action {
    Action::Send { id }
}

fn settle(records: usize, bytes: usize, fate: Fate) -> Action {
    Action::Settle { records, bytes, fate }
}

fn lost(records: usize, bytes: usize, reason: LossReason) -> Action {
    settle(records, bytes, Fate::Lost(reason))
}

fn retry(after_ms: Option<u64>) -> Verdict {
    Verdict::Retry { after: after_ms.map(Duration::from_millis), reason: "busy".to_owned() }
}

fn reweigh(from_bytes: usize, to_bytes: usize) -> Action {
    Action::Reweigh { from_bytes, to_bytes }
}

fn reduce() -> Verdict {
    Verdict::Reduce { reason: "too much".to_owned() }
}

fn isolate() -> Verdict {
    Verdict::Isolate { is_too_large: false, reason: "one of them".to_owned() }
}

fn refused() -> Verdict {
    Verdict::Refused { reason: "no".to_owned() }
}

#[test]
fn an_idle_machine_wants_nothing() {
    let mut script = Script::new();
    assert_eq!(script.wake_ms(), None);
    assert_eq!(script.at(5, Input::Tick), []);
}

#[test]
fn a_batch_full_by_count_is_sent_at_once() {
    let mut script = Script::new();
    assert_eq!(script.items(0, &["a", "b"]), []);
    assert_eq!(script.items(1, &["c", "d"]), [send(1)]);
    assert_eq!(script.sent(1), b"abc");
    assert_eq!(script.answer(2, 1, Verdict::Delivered), [settle(3, 3, Fate::Delivered)]);
}

#[test]
fn an_item_that_does_not_fit_opens_the_next_batch() {
    let mut script = Script::new();
    assert_eq!(script.items(0, &["0123456789012345678901234567", "abc"]), [send(1)]);
    assert_eq!(script.sent(1).len(), 28);
    assert_eq!(script.at(AGE_MS, Input::Tick), [send(2)]);
    assert_eq!(script.sent(2), b"abc");
}

#[test]
fn a_batch_full_to_the_byte_is_sent_at_once() {
    let mut script = Script::with(|rules| rules.limits.overhead_bytes = 5);
    assert_eq!(script.items(0, &["0123456789", "0123456789"]), [send(1)]);
    assert_eq!(script.sent(1).len(), 20);
}

#[test]
fn an_item_that_counts_for_several_opens_a_batch_when_it_would_be_too_many() {
    let by_len = |_: Option<&[u8]>, item: &[u8]| Measure { count: item.len(), ..plain(item) };
    let mut script = Script::new().measuring(by_len);
    assert_eq!(script.items(0, &["aa", "bb"]), [send(1)]);
    assert_eq!(script.sent(1), b"aa");
    assert_eq!(script.items(0, &["c"]), [send(2)]);
    assert_eq!(script.sent(2), b"bbc");
    // One that is more than a batch may have goes alone.
    let mut script = Script::new().measuring(by_len);
    assert_eq!(script.items(0, &["a", "dddd"]), [send(1), send(2)]);
    assert_eq!((script.sent(1), script.sent(2)), (&b"a"[..], &b"dddd"[..]));
}

#[test]
fn an_item_too_large_for_any_batch_is_lost_alone() {
    let mut script = Script::with(|rules| rules.limits.overhead_bytes = 1);
    let large = "0123456789012345678901234567890";
    assert_eq!(script.items(0, &["a", large, "b"]), [lost(1, 31, LossReason::TooLarge)]);
    assert_eq!(script.at(AGE_MS, Input::Tick), [send(1)]);
    assert_eq!(script.sent(1), b"ab");
}

#[test]
fn a_batch_is_sent_when_its_first_item_is_old() {
    let mut script = Script::new();
    script.items(10, &["a"]);
    script.items(500, &["b"]);
    assert_eq!(script.wake_ms(), Some(1_010));
    assert_eq!(script.at(1_009, Input::Tick), []);
    assert_eq!(script.at(1_010, Input::Tick), [send(1)]);
    assert_eq!((script.sent(1), script.wake_ms()), (&b"ab"[..], None));
}

#[test]
fn while_all_slots_are_taken_batches_wait_and_the_open_one_grows_old() {
    let mut script = Script::new();
    assert_eq!(script.items(0, &["a", "b", "c", "d", "e", "f"]), [send(1), send(2)]);
    assert_eq!(script.items(0, &["g", "h", "i", "j"]), []);
    assert_eq!(script.wake_ms(), None);
    assert_eq!(script.at(5_000, Input::Tick), []);
    assert_eq!(script.items(5_000, &["k"]), []);
    let delivered = settle(3, 3, Fate::Delivered);
    assert_eq!(script.answer(5_001, 2, Verdict::Delivered), [delivered, send(3)]);
    let delivered = settle(3, 3, Fate::Delivered);
    assert_eq!(script.answer(5_002, 1, Verdict::Delivered), [delivered, send(4)]);
    assert_eq!(script.sent(4), b"jk");
}

#[test]
fn what_takes_the_place_of_items_is_sent_at_once_and_the_rest_is_lost() {
    let split = Verdict::Split;
    for (items, verdict, forms, expected) in [
        (&["aaa", "bbb"][..], reduce(), &["a", "b"][..], vec![reweigh(6, 2), send(1)]),
        (
            &["aaa", "bbb", "ccc"],
            reduce(),
            &["bb"],
            vec![reweigh(9, 2), lost(2, 0, LossReason::Refused), send(1)],
        ),
        (&["aaa", "bbb"], reduce(), &[], vec![lost(2, 6, LossReason::Refused)]),
        (&["aaa"], split.clone(), &["a"], vec![reweigh(3, 1)]),
        (&["aaa"], split, &[], vec![lost(1, 3, LossReason::TooLarge)]),
    ] {
        let mut script = Script::new();
        script.items(0, items);
        script.at(0, Input::Flush);
        let mut found = script.answer_with(1, 1, verdict.clone(), forms);
        found.retain(|action| *action != Action::Flushed);
        assert_eq!(found, expected, "{items:?} {verdict:?} {forms:?}");
        if found.contains(&send(1)) {
            assert_eq!(script.sent(1), forms.concat().as_bytes());
        }
    }
}

#[test]
fn what_takes_the_place_of_items_keeps_their_place_and_their_age() {
    let mut script = Script::with(|rules| rules.max_in_flight = 1);
    script.items(0, &["aaa", "bbb", "ccc", "d", "e", "f"]);
    assert_eq!(script.at(0, Input::Flush), []);
    script.answer(0, 1, retry(None));
    assert_eq!(script.at(100, Input::Tick), [send(1)]);
    let found = script.answer_with(100, 1, reduce(), &["a", "b", "c"]);
    assert_eq!(found, [reweigh(9, 3), send(1)], "neither behind the others nor after a wait");
    let delivered = settle(3, 3, Fate::Delivered);
    assert_eq!(script.answer(101, 1, Verdict::Delivered), [delivered, send(2)]);
    let last = [settle(3, 3, Fate::Delivered), Action::Flushed];
    assert_eq!(script.answer(102, 2, Verdict::Delivered), last, "the flush has waited for both");

    let mut script = Script::new();
    script.items(0, &["aaa", "bbb", "ccc"]);
    script.answer_with(GIVE_UP_MS - 1, 1, reduce(), &["a", "b", "c"]);
    let exhausted = lost(3, 3, LossReason::RetriesExhausted);
    assert_eq!(script.answer(GIVE_UP_MS, 1, retry(None)), [exhausted]);
}

#[test]
fn the_fates_of_a_batch() {
    let partial = |rejected| Verdict::Partial { rejected, message: String::new() };
    for (verdict, fate) in [
        (Verdict::Delivered, Fate::Delivered),
        (Verdict::Sent { dropped: 0 }, Fate::Sent { dropped: 0 }),
        (Verdict::Sent { dropped: 9 }, Fate::Sent { dropped: 3 }),
        (partial(2), Fate::Partial { rejected: 2 }),
        (partial(9), Fate::Partial { rejected: 3 }),
        (refused(), Fate::Lost(LossReason::Refused)),
        (reduce(), Fate::Lost(LossReason::Refused)),
    ] {
        let mut script = Script::new();
        script.items(0, &["a", "b", "c"]);
        assert_eq!(script.answer(1, 1, verdict), [settle(3, 3, fate)]);
        assert_eq!(script.answer(2, 1, Verdict::Delivered), [], "a fate is met once");
    }
    let mut script = Script::new();
    script.items(0, &["a", "b", "c"]);
    let panicked = lost(3, 3, LossReason::WorkerPanicked);
    assert_eq!(script.at(1, Input::Panicked { id: 1 }), [panicked]);
}

#[test]
fn a_flush_sends_what_is_open_and_is_complete_when_that_has_its_fate() {
    let mut script = Script::new();
    assert_eq!(script.at(0, Input::Flush), [Action::Flushed]);
    script.items(0, &["a"]);
    assert_eq!(script.at(1, Input::Flush), [send(1)]);
    script.items(2, &["b"]);
    assert_eq!(script.at(3, Input::Flush), [send(2)]);
    assert_eq!(script.answer(4, 2, Verdict::Delivered), [settle(1, 1, Fate::Delivered)]);
    let both = [settle(1, 1, Fate::Delivered), Action::Flushed, Action::Flushed];
    assert_eq!(script.answer(5, 1, Verdict::Delivered), both);
}

#[test]
fn a_flush_waits_for_both_parts_of_a_split_and_not_for_what_came_later() {
    let mut script = Script::new();
    script.items(0, &["aa", "bb"]);
    assert_eq!(script.at(0, Input::Flush), [send(1)]);
    script.items(1, &["c", "d", "e"]);
    assert_eq!(script.answer(2, 1, Verdict::Split), []);
    assert_eq!(script.at(102, Input::Tick), [], "the other request is under way");
    let delivered = settle(3, 3, Fate::Delivered);
    assert_eq!(script.answer(103, 2, Verdict::Delivered), [delivered, send(1), send(3)]);
    assert_eq!(script.answer(104, 1, Verdict::Delivered), [settle(1, 2, Fate::Delivered)]);
    let last = [settle(1, 2, Fate::Delivered), Action::Flushed];
    assert_eq!(script.answer(105, 3, Verdict::Delivered), last);
}

#[test]
fn a_flush_cuts_our_own_waits_short_and_not_the_one_the_server_asked_for() {
    let mut script = Script::new();
    script.items(0, &["a", "b", "c"]);
    for now_ms in [0, 100, 300] {
        script.answer(now_ms, 1, retry(None));
        script.at(now_ms + 400, Input::Tick);
    }
    script.answer(1_000, 1, retry(None));
    assert_eq!(script.at(1_001, Input::Flush), [send(1)]);
    script.answer(1_001, 1, retry(None));
    assert_eq!(script.wake_ms(), Some(1_101), "the backoff begins anew");

    script.at(1_101, Input::Tick);
    script.answer(1_101, 1, retry(Some(9_000)));
    assert_eq!(script.at(1_102, Input::Flush), []);
    assert_eq!(script.wake_ms(), Some(10_201));
}

#[test]
fn a_shutdown_sends_what_is_left_and_is_done_when_that_has_its_fate() {
    let mut script = Script::new();
    script.items(0, &["a"]);
    let deadline = script.start + Duration::from_millis(500);
    assert_eq!(script.at(0, Input::Shutdown { deadline }), [send(1)]);
    assert!(!script.machine.is_done());
    assert_eq!(script.wake_ms(), Some(500));
    script.answer(1, 1, Verdict::Delivered);
    assert!(script.machine.is_done());
    assert_eq!(script.wake_ms(), None);
}

#[test]
fn at_the_deadline_of_a_shutdown_everything_left_is_lost() {
    let mut script = Script::new();
    script.items(0, &["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]);
    script.answer(1, 1, retry(Some(30_000)));
    let deadline = script.start + Duration::from_millis(500);
    assert_eq!(script.at(2, Input::Shutdown { deadline }), [], "one is in flight");
    let mut lost_items = 0;
    for action in script.at(500, Input::Tick) {
        let Action::Settle { records, fate: Fate::Lost(LossReason::Shutdown), .. } = action else {
            panic!("nothing is sent at the deadline, found {action:?}");
        };
        lost_items += records;
    }
    assert_eq!(lost_items, 10);
    assert!(script.machine.is_done());
    assert_eq!(script.answer(501, 2, Verdict::Delivered), []);
}

#[test]
fn a_shutdown_does_not_wait_for_what_may_not_be_sent_before_its_end() {
    let mut script = Script::new();
    script.items(0, &["a", "b", "c"]);
    script.answer(1, 1, retry(Some(30_000)));
    let deadline = script.start + Duration::from_millis(500);
    let shutdown = lost(3, 3, LossReason::Shutdown);
    assert_eq!(script.at(2, Input::Shutdown { deadline }), [shutdown]);
    assert!(script.machine.is_done());
}

#[test]
fn ten_seconds_without_a_collector_lose_nothing() {
    let mut script = Script::new();
    let (mut settled, mut failed) = (0, 0);
    for now_ms in (0..60_000).step_by(50) {
        let mut actions = script.at(now_ms, Input::Tick);
        if now_ms < 30_000 {
            actions.extend(script.items(now_ms, &["a"]));
        }
        while let Some(action) = actions.pop() {
            match action {
                Action::Send { id } if (5_000..15_000).contains(&now_ms) => {
                    failed += 1;
                    actions.extend(script.answer(now_ms, id, retry(None)));
                }
                Action::Send { id } => {
                    actions.extend(script.answer(now_ms, id, Verdict::Delivered));
                }
                Action::Settle { records, fate, .. } => {
                    assert_eq!(fate, Fate::Delivered);
                    settled += records;
                }
                other => panic!("nobody asked for {other:?}"),
            }
        }
    }
    assert_eq!(settled, 600);
    assert!((5..20).contains(&failed), "{failed}");
}

#[test]
fn a_shutdown_without_any_time_loses_everything_and_confirms_the_flushes() {
    let mut script = Script::new();
    script.items(0, &["a", "b", "c"]);
    assert_eq!(script.at(0, Input::Flush), []);
    let deadline = script.start;
    let end = [lost(3, 3, LossReason::Shutdown), Action::Flushed];
    assert_eq!(script.at(1, Input::Shutdown { deadline }), end);
    assert!(script.machine.is_done());
}

#[test]
fn a_random_script_settles_every_item_exactly_once() {
    for seed in 1..200_u64 {
        let mut script = Script::with(|rules| rules.max_in_flight = 1 + index(seed % 3));
        let mut random = seed;
        let mut next = move |below: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (random >> 33) % below
        };
        let mut taken = 0;
        let mut told = Told::default();
        for now_ms in (0..).step_by(40).take(400) {
            let actions = match next(4) {
                0 => {
                    taken += 1;
                    let item = &"0123456789abcdef0123456789abcdef"[..index(next(32))];
                    told.held_bytes += item.len();
                    script.items(now_ms, &[item])
                }
                1 => script.at(now_ms, Input::Tick),
                2 if next(10) == 0 => {
                    told.flushes += 1;
                    script.at(now_ms, Input::Flush)
                }
                _ if told.in_flight.is_empty() => continue,
                _ => {
                    let id = told.in_flight.swap_remove(index(next(told.in_flight.len() as u64)));
                    let batch = script.machine.batch(id).expect("the batch is in flight");
                    let (verdict, reduced) = any_answer(batch, &mut next);
                    script.at(now_ms, Input::Answered { id, verdict, reduced })
                }
            };
            told.tell(&mut script, now_ms, actions);
        }
        let end_ms = 400 * 40;
        let deadline = script.start + Duration::from_millis(end_ms);
        let actions = script.at(end_ms, Input::Shutdown { deadline });
        told.tell(&mut script, end_ms, actions);
        let Told { settled, flushes, held_bytes, .. } = told;
        assert_eq!((settled, flushes, held_bytes), (taken, 0, 0), "seed {seed}");
        assert!(script.machine.is_done());
    }
}

fn any_answer(batch: &Batch, next: &mut impl FnMut(u64) -> u64) -> (Verdict, Batch) {
    let verdict = match next(8) {
        0 => Verdict::Split,
        6 => isolate(),
        1 => retry(Some(next(3_000))),
        2 => retry(None),
        3 => refused(),
        4 => Verdict::Partial { rejected: 1, message: String::new() },
        5 => {
            let half = |item: &[u8]| Some(item[..item.len() / 2].to_vec());
            return (reduce(), batch.reduce(half));
        }
        _ => Verdict::Delivered,
    };
    (verdict, Batch::default())
}

/// What the actions of a script add up to.
#[derive(Default)]
struct Told {
    in_flight: Vec<u64>,
    settled: usize,
    flushes: usize,
    held_bytes: usize,
}

impl Told {
    fn tell(&mut self, script: &mut Script, now_ms: u64, mut actions: Vec<Action>) {
        actions.reverse();
        while let Some(action) = actions.pop() {
            match action {
                Action::Send { id } => self.in_flight.push(id),
                Action::Reduce { id } => {
                    let batch = script.machine.batch(id).expect("the batch is there");
                    let reduced = batch.reduce(|item| item.get(1..).map(<[u8]>::to_vec));
                    let more = script.at(now_ms, Input::Reduced { id, reduced });
                    actions.splice(0..0, more.into_iter().rev());
                }
                Action::Reweigh { from_bytes, to_bytes } => {
                    self.held_bytes = self.held_bytes + to_bytes - from_bytes;
                }
                Action::Settle { records, bytes, .. } => {
                    self.settled += records;
                    self.held_bytes -= bytes;
                }
                Action::Flushed => self.flushes -= 1,
            }
        }
    }
}

fn index(number: u64) -> usize {
    usize::try_from(number).expect("test numbers are small")
}
