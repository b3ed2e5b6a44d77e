//! Deciding on many threads while rules and quotas change.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use serde_json::json;

use crate::{START, at_ms, fetched, is_sampled, reply, reported, rule, rules_answer};

const THREADS: u64 = 4;
const DECISIONS: u64 = 20_000;

#[test]
fn every_decision_of_every_thread_is_counted_once() {
    let (sampler, mut central) = fetched(&[rule("all", 1, 0.5)]);
    let (running, kept) = (AtomicU64::new(THREADS), AtomicU64::new(0));
    let mut taken = [0; 3];
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (sampler, running, kept) = (&sampler, &running, &kept);
            scope.spawn(move || {
                let randomness = |at: &u64| if (at + thread).is_multiple_of(3) { 0.1 } else { 0.9 };
                let yes = (0..DECISIONS).filter(|at| is_sampled(sampler, randomness(at), at_ms(0)));
                kept.fetch_add(yes.count() as u64, Ordering::Relaxed);
                running.fetch_sub(1, Ordering::Release);
            });
        }
        let mut now_ms = 0;
        let mut is_last = false;
        while !is_last {
            is_last = running.load(Ordering::Acquire) == 0;
            now_ms += 11_000;
            while let Some(request) = central.poll(at_ms(now_ms)) {
                let answer = if request.path == "/GetSamplingRules" {
                    // Another rule each time, so that only the counts stay.
                    let rate = 0.4 + if now_ms % 2000 == 0 { 0.1 } else { 0.2 };
                    rules_answer(&[rule("all", 1, rate)])
                } else {
                    for (sum, count) in taken.iter_mut().zip(reported(&request)[0].1) {
                        *sum += count;
                    }
                    json!({ "SamplingTargetDocuments": [
                        { "RuleName": "all", "ReservoirQuota": 7, "ReservoirQuotaTTL": START + 1 },
                    ] })
                };
                reply(&mut central, &answer, at_ms(now_ms)).expect("the answer is right");
            }
        }
    });
    assert_eq!(taken[..2], [THREADS * DECISIONS, kept.into_inner()]);
}

#[test]
fn threads_share_the_quota_of_a_second() {
    let (sampler, mut central) = fetched(&[rule("all", 0, 0.0)]);
    is_sampled(&sampler, 0.5, at_ms(0));
    central.poll(at_ms(10_100)).expect("there is a count");
    let target =
        json!({ "RuleName": "all", "ReservoirQuota": 100, "ReservoirQuotaTTL": START + 99 });
    let answer = json!({ "SamplingTargetDocuments": [target] });
    reply(&mut central, &answer, at_ms(10_100)).expect("the answer is right");
    let kept = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let yes = (0..DECISIONS).filter(|_| is_sampled(&sampler, 0.5, at_ms(20_000)));
                kept.fetch_add(yes.count() as u64, Ordering::Relaxed);
            });
        }
    });
    assert_eq!(kept.into_inner(), 100);
}
