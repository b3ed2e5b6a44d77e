//! Lines under clocks that are made up.

use super::*;

/// Ticks per second of the counter that is made up.
const HZ: f64 = 2_500_000_000.0;

/// A day in 2026, in nanoseconds.
const TODAY: i64 = 1_790_000_000_000_000_000;

/// A reading so many seconds after the start, with the wall clock this much off.
fn at(seconds: f64, offset_ns: i64) -> Reading {
    reading(seconds, seconds, TODAY + ns(seconds) + offset_ns)
}

fn reading(counted: f64, steady: f64, unix_ns: i64) -> Reading {
    Reading { ticks: ticks_at(counted), steady: Duration::from_secs_f64(steady), unix_ns }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small numbers")]
fn ticks_at(seconds: f64) -> u64 {
    (1_000_000.0 + seconds * HZ) as u64
}

#[expect(clippy::cast_possible_truncation, reason = "small numbers")]
fn ns(seconds: f64) -> i64 {
    (seconds * 1e9) as i64
}

fn started() -> ClockAnchor {
    let mut anchor = ClockAnchor::between(at(0.0, 0), at(0.001, 0));
    // As on a machine with a counter, whatever this one has.
    anchor.lines[0].ns_per_tick = anchor.measured;
    anchor
}

fn unix_ns(anchor: &ClockAnchor, seconds: f64) -> i64 {
    i64::try_from(anchor.unix_ns(ticks_at(seconds))).expect("it is in this century")
}

#[track_caller]
fn assert_near(anchor: &ClockAnchor, seconds: f64, expected: i64, tolerance_ns: u64) {
    let found = unix_ns(anchor, seconds);
    assert!(found.abs_diff(expected) <= tolerance_ns, "{found} instead of {expected}");
}

#[test]
fn two_readings_a_millisecond_apart_give_the_time_of_day() {
    let anchor = started();
    for seconds in [0.0, 0.0005, 0.001, 0.02] {
        assert_near(&anchor, seconds, TODAY + ns(seconds), 10);
    }
}

#[test]
fn a_rate_that_was_measured_badly_is_corrected_without_a_jump() {
    let mut anchor = ClockAnchor::between(at(0.0, 0), at(0.001, 0));
    anchor.lines[0].ns_per_tick = anchor.measured * 1.000_05;
    let before = unix_ns(&anchor, 0.021);
    for seconds in [0.021, 0.061, 0.141, 0.3, 0.6, 1.2, 2.5, 5.0, 10.0, 20.0, 30.0, 40.0] {
        anchor.follow(at(seconds, 0));
    }
    assert_eq!(unix_ns(&anchor, 0.021), before);
    assert_near(&anchor, 45.0, TODAY + ns(45.0), 100);
}

#[test]
fn ticks_that_were_converted_stay_where_they_are() {
    let mut anchor = started();
    let mut kept: Vec<(f64, i64)> = Vec::new();
    let mut now = 0.001;
    for pass in 0..40_i32 {
        now += 1.0;
        kept.push((now - 0.5, unix_ns(&anchor, now - 0.5)));
        // The wall clock runs a little faster, and slower, as NTP has it.
        anchor.follow(at(now, i64::from(pass % 7) * 10_000));
    }
    for (seconds, converted) in &kept {
        assert_eq!(unix_ns(&anchor, *seconds), *converted);
    }
    let times: Vec<_> = (0..4_000).map(|step| unix_ns(&anchor, f64::from(step) / 100.0)).collect();
    assert!(times.is_sorted(), "what comes later has a later time");
}

/// A pass at this reading.
fn pass(anchor: &mut ClockAnchor, reading: Reading) {
    if anchor.is_due(&reading) {
        anchor.follow(reading);
    }
}

#[test]
fn clock_that_was_set_is_followed_in_the_next_pass() {
    for hours in [-1_i64, 1] {
        let mut anchor = started();
        let step = hours * 3_600_000_000_000;
        for seconds in (0..60).map(f64::from).chain([60.0, 60.02]) {
            pass(&mut anchor, at(seconds, 0));
        }
        pass(&mut anchor, at(60.04, step));
        assert_near(&anchor, 60.05, TODAY + ns(60.05) + step, 100);
        assert_near(&anchor, 60.01, TODAY + ns(60.01), 100);
        // From the pass before on.
        assert_near(&anchor, 60.03, TODAY + ns(60.03) + step, 100);
    }
}

#[test]
fn first_spans_after_a_suspend_have_the_time_of_day() {
    let slept = 8.0 * 3_600.0;
    for counts in [false, true] {
        let mut anchor = started();
        pass(&mut anchor, at(5.0, 0));
        // The steady clock stands still meanwhile, and so does the counter of some machines.
        let counted = |seconds: f64| if counts { seconds + slept } else { seconds };
        let woken = |seconds: f64| reading(counted(seconds), seconds, TODAY + ns(seconds + slept));
        pass(&mut anchor, woken(6.0));
        for seconds in [5.99, 6.01] {
            assert_near(&anchor, counted(seconds), TODAY + ns(seconds + slept), 2_000);
        }
    }
}

#[test]
fn length_of_a_span_leaves_out_the_step_of_the_clock() {
    for step in [-3_600_000_000_000, 3_600_000_000_000, 50_000_000] {
        let mut anchor = started();
        assert!(!anchor.has_stepped());
        pass(&mut anchor, at(5.0, 0));
        pass(&mut anchor, at(20.0, step));
        assert!(anchor.has_stepped());
        for (begin, end, length) in [(4.0, 21.0, 17.0), (4.0, 4.5, 0.5), (20.5, 21.0, 0.5)] {
            let (begin_ns, end_ns) = anchor.unix_ns_between(ticks_at(begin), ticks_at(end));
            assert_eq!(begin_ns, anchor.unix_ns(ticks_at(begin)));
            let found = end_ns - begin_ns;
            assert!(found.abs_diff(ns(length).unsigned_abs()) < 1_000, "{found}: {step}");
        }
    }
}

#[test]
fn clock_that_agrees_is_compared_at_most_every_ten_seconds() {
    let mut anchor = started();
    let mut comparisons = 0;
    for pass in 1..=5_000_i32 {
        let reading = at(f64::from(pass) / 50.0, i64::from(pass % 5) * 1_000_000);
        if anchor.is_due(&reading) {
            comparisons += 1;
            anchor.follow(at(f64::from(pass) / 50.0, 0));
        }
    }
    // 20 ms, doubled nine times, then every ten seconds of a hundred.
    assert_eq!(comparisons, 17);
}

#[test]
fn a_clock_before_1970_gives_zero_and_no_panic() {
    let before = |seconds: f64| reading(seconds, seconds, -5_000_000_000 + ns(seconds));
    let mut anchor = ClockAnchor::between(before(0.0), before(0.001));
    anchor.lines[0].ns_per_tick = anchor.measured;
    assert_eq!(unix_ns(&anchor, 1.0), 0);
    anchor.follow(before(4.0));
    assert_near(&anchor, 6.0, 1_000_000_000, 100);
    for extreme in [i64::MIN, i64::MAX, 0, -1] {
        anchor.follow(reading(10.0, 10.0, extreme));
        let _ = unix_ns(&anchor, 11.0);
    }
}

#[test]
fn a_machine_that_was_stopped_keeps_its_rate() {
    let mut anchor = started();
    anchor.follow(at(10.0, 0));
    // The counter went on for an hour, the steady clock did not; or the other way round.
    anchor.follow(reading(3_620.0, 20.0, TODAY + ns(3_620.0)));
    assert_near(&anchor, 3_621.0, TODAY + ns(3_621.0), 2_000);
    anchor.follow(reading(3_630.0, 7_230.0, TODAY + ns(7_230.0)));
    assert_near(&anchor, 3_631.0, TODAY + ns(7_231.0), 2_000);
}

#[test]
fn a_counter_that_begins_anew_is_followed() {
    let mut anchor = started();
    anchor.follow(at(100.0, 0));
    let slept = 50.0;
    let woken =
        |seconds: f64| reading(seconds, 100.0 + seconds, TODAY + ns(100.0 + slept + seconds));
    anchor.follow(woken(1.0));
    anchor.follow(woken(11.0));
    assert_near(&anchor, 12.0, TODAY + ns(100.0 + slept + 12.0), 2_000);
    assert_near(&anchor, 1.5, TODAY + ns(100.0 + slept + 1.5), 2_000);
}

#[test]
fn a_clock_that_stands_still_divides_by_nothing() {
    let still = at(1.0, 0);
    let mut anchor = ClockAnchor::between(still, still);
    for _ in 0..100 {
        anchor.follow(still);
    }
    assert!(anchor.lines.len() <= MAX_LINES);
    let _ = anchor.unix_ns(u64::MAX);
}
