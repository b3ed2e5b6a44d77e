//! Batches that are refused because of one of their items, or as a whole.

use super::*;

/// Batches of 64 items of a byte each.
fn script() -> Script {
    Script::with(|rules| rules.limits = Limits { items: 64, bytes: 640, overhead_bytes: 0 })
}

/// Answers everything that is sent, by its items, until nothing is left; the requests, the bytes, and how many
/// items were delivered and lost.
fn answer_all(
    script: &mut Script,
    mut actions: Vec<Action>,
    is_bad: impl Fn(&[u8]) -> bool,
) -> (usize, usize, usize, usize) {
    let (mut requests, mut bytes, mut delivered, mut refused) = (0, 0, 0, 0);
    let mut now_ms = 0;
    loop {
        while let Some(action) = actions.pop() {
            match action {
                Action::Send { id } => {
                    let sent = script.sent(id);
                    (requests, bytes) = (requests + 1, bytes + sent.len());
                    let verdict = if is_bad(sent) { isolate() } else { Verdict::Delivered };
                    actions.extend(script.answer(now_ms, id, verdict));
                }
                Action::Settle { records, fate: Fate::Delivered, .. } => delivered += records,
                Action::Settle { records, fate, .. } => {
                    assert_eq!(fate, Fate::Lost(LossReason::Refused));
                    refused += records;
                }
                _ => {}
            }
        }
        let Some(wake) = script.wake_ms() else { return (requests, bytes, delivered, refused) };
        now_ms = now_ms.max(u64::try_from(wake).expect("a test is short"));
        actions = script.at(now_ms, Input::Tick);
    }
}

#[test]
fn a_request_that_is_refused_as_a_whole_gets_two_probes() {
    let mut script = script();
    let actions = script.items(0, &["x"; 64]);
    let (requests, bytes, delivered, refused) = answer_all(&mut script, actions, |_| true);
    assert_eq!((requests, bytes, delivered, refused), (3, 66, 0, 64));
}

#[test]
fn one_bad_item_is_found_wherever_it_is() {
    for place in 0..64 {
        let mut script = script();
        let mut items = ["x"; 64];
        items[place] = "!";
        let actions = script.items(0, &items);
        let is_bad = |sent: &[u8]| sent.contains(&b'!');
        let (requests, _, delivered, refused) = answer_all(&mut script, actions, is_bad);
        assert_eq!((delivered, refused), (63, 1), "{place}");
        assert!(requests <= 16, "{place}: {requests}");
    }
}

#[test]
fn however_many_items_are_bad_the_work_is_bounded() {
    let mut script =
        Script::with(|rules| rules.limits = Limits { items: 4096, bytes: 4096, overhead_bytes: 0 });
    let mut items = vec!["x"; 4096];
    for place in (1..4096).step_by(7) {
        items[place] = "!";
    }
    let actions = script.items(0, &items);
    let is_bad = |sent: &[u8]| sent.contains(&b'!');
    let (requests, bytes, delivered, refused) = answer_all(&mut script, actions, is_bad);
    assert_eq!(delivered + refused, 4096);
    assert!(requests <= 140, "{requests}");
    assert!(bytes <= 14 * 4096, "{bytes}");
}

#[test]
fn pieces_of_a_batch_wait_between_their_requests_and_hold_up_no_other() {
    let mut script = Script::with(|rules| rules.max_in_flight = 1);
    assert_eq!(script.items(0, &["a", "b", "c", "d", "e", "f"]), [send(1)]);
    assert_eq!(script.answer(0, 1, isolate()), [send(2)]);
    assert_eq!(script.answer(1, 2, Verdict::Delivered), [settle(3, 3, Fate::Delivered)]);
    assert_eq!(script.wake_ms(), Some(100));
    assert_eq!(script.at(100, Input::Tick), [send(1)]);
    assert_eq!(script.sent(1), b"a");
}

#[test]
fn a_flush_and_a_shutdown_take_the_pieces_in() {
    let mut script = Script::new();
    script.items(0, &["a", "b", "c"]);
    assert_eq!(script.at(0, Input::Flush), []);
    assert_eq!(script.answer(1, 1, isolate()), []);
    let deadline = script.start + Duration::from_millis(500);
    assert_eq!(script.at(2, Input::Shutdown { deadline }), [send(1)]);
    let shutdown = |records| lost(records, records, LossReason::Shutdown);
    assert_eq!(script.at(500, Input::Tick), [shutdown(1), shutdown(2), Action::Flushed]);
    assert!(script.machine.is_done());
}

#[test]
fn an_outage_during_the_search_loses_nothing() {
    let mut script = Script::new();
    script.items(0, &["a", "!", "c"]);
    script.answer(0, 1, isolate());
    assert_eq!(script.at(100, Input::Tick), [send(1)]);
    assert_eq!(script.answer(100, 1, retry(None)), []);
    let actions = script.at(1_000, Input::Tick);
    let (_, _, delivered, refused) = answer_all(&mut script, actions, |sent| sent.contains(&b'!'));
    assert_eq!((delivered, refused), (2, 1));
}
