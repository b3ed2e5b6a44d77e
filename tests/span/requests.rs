//! What belongs to a request as a whole.

use spanwright::sample::Sampler;
use spanwright::span::{baggage, change_baggage};
use spanwright::testing::{self, Capture};
use spanwright::{Span, set_user, traced};

use super::{assert_tree, check};

#[traced]
fn leaf() {}

#[traced(fields(user.id = "of its own"))]
fn with_user() {}

#[test]
fn the_user_is_on_the_request_and_on_every_span_below_it() {
    let expected = "request user.id=andrewbrown\n  leaf user.id=andrewbrown\n  \
                    with_user user.id=of its own\n  leaf user.id=andrewbrown\nother\n  leaf\n";
    check(expected, || {
        Span::new("request").in_scope(|| {
            leaf();
            with_user();
            leaf();
            set_user("andrewbrown");
        });
        Span::new("other").in_scope(leaf);
    });
}

#[test]
fn the_last_user_counts_wherever_it_is_said() {
    check("request user.id=second\n  below user.id=second\n", || {
        let request = Span::new("request");
        request.in_scope(|| {
            set_user("first");
            Span::new("below").in_scope(|| set_user("second"));
        });
    });
}

#[test]
fn without_a_span_there_is_no_user_and_no_baggage() {
    check("leaf\n", || {
        set_user("nobody");
        change_baggage(|baggage| _ = baggage.insert("key", "value"));
        assert!(baggage().is_empty());
        leaf();
    });
}

#[test]
fn baggage_belongs_to_its_request_and_goes_with_it() {
    for sampler in [Sampler::AlwaysOn, Sampler::AlwaysOff] {
        Capture::default().sampler(sampler).run(|| {
            let first = Span::new("first");
            first.in_scope(|| {
                change_baggage(|baggage| baggage.insert("key", "value").expect("it fits"));
                let below = Span::new("below");
                below.in_scope(|| assert_eq!(baggage().get("key").as_deref(), Some("value")));
            });
            Span::new("second").in_scope(|| assert!(baggage().is_empty()));
        });
    }
}

#[test]
fn baggage_may_be_read_while_it_is_changed() {
    testing::capture(|| {
        Span::new("request").in_scope(|| {
            change_baggage(|changed| {
                set_user("andrewbrown");
                changed.insert("known", &baggage().len().to_string()).expect("it fits");
            });
            assert_eq!(baggage().get("known").as_deref(), Some("0"));
        });
    });
}

#[test]
fn requests_that_nobody_closes_do_not_keep_others_from_their_users() {
    let spans = testing::capture(|| {
        let forgotten: Vec<_> = (0..70_000)
            .map(|_| {
                let span = Span::new("open");
                span.in_scope(|| set_user("nobody"));
                span
            })
            .collect();
        Span::new("request").in_scope(|| set_user("andrewbrown"));
        std::mem::forget(forgotten);
    });
    assert_tree("request user.id=andrewbrown\n", &spans);
}
