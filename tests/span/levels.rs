//! Which spans are detailed enough to be left out.

use spanwright::record::Level;
use spanwright::testing::Capture;
use spanwright::traced;

use super::assert_tree;

#[traced(level = "debug")]
fn detail() {
    plain();
}

#[traced]
fn plain() {}

#[traced]
fn outer() {
    detail();
    plain();
}

#[test]
fn a_span_beyond_the_level_is_left_out_and_its_children_move_up() {
    let ((), spans) = Capture::default().level(Level::Info).run(outer);
    assert_tree("outer\n  plain\n  plain\n", &spans);
    let ((), spans) = Capture::default().level(Level::Info).run(detail);
    assert_tree("plain\n", &spans);
    let ((), spans) = Capture::default().level(Level::Debug).run(outer);
    assert_tree("outer\n  detail\n    plain\n  plain\n", &spans);
}

#[test]
fn the_level_of_one_capture_is_not_that_of_another() {
    let (((), inner), spans) = Capture::default()
        .level(Level::Trace)
        .run(|| (detail(), Capture::default().level(Level::Info).run(outer).1));
    assert_tree("outer\n  plain\n  plain\n", &inner);
    assert_tree("detail\n  plain\n", &spans);
}
