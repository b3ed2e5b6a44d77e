//! What can only be seen while spans are recorded.

use std::cell::Cell;
use std::future::Future;

use spanwright::record::{Level, Outcome, SpanRecord, Value};
use spanwright::sample::Sampler;
use spanwright::span::Limits;
use spanwright::testing::{self, Capture};
use spanwright::{record, traced};

fn captured(run: impl FnOnce()) -> SpanRecord {
    let mut spans = testing::capture(run);
    assert_eq!(spans.len(), 1);
    spans.remove(0)
}

fn text(span: &SpanRecord, key: &str) -> String {
    let attribute = span.attributes.iter().find(|attribute| attribute.key == key);
    attribute.map(|attribute| attribute.value.to_string()).unwrap_or_default()
}

/// The line of the function below.
const LINE: u32 = line!() + 3;

#[traced(level = "debug")]
fn placed() {}

#[test]
fn a_span_says_where_it_comes_from() {
    let source = captured(placed).source;
    assert_eq!(source.name, "placed");
    assert_eq!(source.target, module_path!());
    assert_eq!(source.function, concat!(module_path!(), "::placed"));
    assert_eq!((source.file, source.line), (file!(), LINE));
    assert_eq!(source.level, Level::Debug);
}

#[traced(target = "billing", err(level = "warn"))]
fn aimed() -> Result<(), &'static str> {
    Err("no")
}

#[test]
fn r08_the_event_has_its_own_level_and_r09_the_span_the_given_target() {
    let span = captured(|| assert!(aimed().is_err()));
    assert_eq!((span.source.target, span.source.level), ("billing", Level::Info));
    let level = span.events[0].attributes.iter().find(|attribute| attribute.key == "level");
    assert_eq!(level.map(|level| &level.value), Some(&Value::from("warn")));
}

#[traced(fields(yes = true, int = 7_u8, float = 1.5, text = "t", list = [1_i64, 2]))]
fn typed() {}

#[test]
fn d01_values_arrive_with_their_type() {
    let values: Vec<Value> =
        captured(typed).attributes.into_iter().map(|attribute| attribute.value).collect();
    let expected = [
        Value::from(true),
        Value::from(7_i64),
        Value::from(1.5),
        Value::from("t"),
        Value::from(spanwright::record::Array::I64(vec![1, 2])),
    ];
    assert_eq!(values, expected);
}

thread_local! {
    static EVALUATED: Cell<u32> = const { Cell::new(0) };
}

fn evaluated() -> u32 {
    EVALUATED.replace(EVALUATED.get() + 1)
}

#[traced(level = "debug", fields(n = evaluated()), ok(fields(m = evaluated())))]
fn detailed() -> u32 {
    record!(late = evaluated());
    1
}

#[traced(level = "debug", fields(n = evaluated()), ok(fields(m = evaluated())))]
async fn detailed_later() -> u32 {
    record!(late = evaluated());
    1
}

fn detailed_both() {
    let mut future = std::pin::pin!(detailed_later());
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(std::future::Future::poll(future.as_mut(), &mut context).is_ready());
    assert_eq!(detailed(), 1);
}

#[test]
fn d09_nothing_is_evaluated_for_a_span_that_no_sampler_wants() {
    let ((), spans) = Capture::default().sampler(Sampler::AlwaysOff).run(detailed_both);
    assert_eq!((spans.len(), EVALUATED.get()), (0, 0));
    let ((), spans) = Capture::default().run(detailed_both);
    assert_eq!((spans.len(), EVALUATED.get()), (2, 6));
}

#[traced(fields(text))]
fn long(text: &str) {
    let _ = text;
}

#[test]
fn d12_a_long_value_is_cut_between_characters() {
    let limits = Limits { value_chars: 3, ..Limits::default() };
    let ((), spans) = Capture::default().limits(limits).run(|| long("äöüß"));
    assert_eq!(text(&spans[0], "text"), "äöü");
    let span = captured(|| long(&"ä".repeat(70_000)));
    assert!(text(&span, "text").len() <= 65_535);
    assert!(text(&span, "text").chars().all(|letter| letter == 'ä'));
}

#[traced(enabled = on)]
fn switched(on: bool) {
    placed();
}

#[test]
fn a_span_that_is_switched_off_leaves_its_children_to_its_parent() {
    let spans = testing::capture(|| {
        switched(true);
        switched(false);
    });
    assert_eq!(testing::tree(&spans), "switched\n  placed\nplaced\n");
}

#[traced]
fn fails_in_a_test() -> Result<(), String> {
    Err("once".to_owned())
}

#[test]
fn a_failed_span_has_an_outcome_and_a_type() {
    let span = captured(|| assert!(fails_in_a_test().is_err()));
    assert_eq!(span.outcome, Outcome::Error);
    assert_eq!(text(&span, "error.type"), "_OTHER");
}

async fn wait(list: &[u8]) -> usize {
    std::future::ready(list.len()).await
}

async fn bare(list: &[u8]) -> Result<usize, String> {
    Ok(wait(list).await)
}

#[traced]
async fn annotated(list: &[u8]) -> Result<usize, String> {
    Ok(wait(list).await)
}

#[traced(fields(len = list.len()))]
async fn recorded(list: &[u8]) -> Result<usize, String> {
    Ok(wait(list).await)
}

/// What a span takes in a future, besides its attributes and the second copy of the parameters
/// that moving them into the wrapped future costs.
const SPAN_BYTES: usize = 168;

/// The inline room of one attribute.
const ATTRIBUTE_BYTES: usize = 6 * 8;

#[test]
fn y13_an_annotated_future_is_larger_by_its_span_and_its_attributes() {
    let list = [1];
    let parameters = size_of::<&[u8]>();
    let bare = size_of_val(&bare(&list));
    let annotated = size_of_val(&annotated(&list));
    let recorded = size_of_val(&recorded(&list));
    assert!(annotated <= bare + parameters + SPAN_BYTES);
    assert!(recorded <= bare + parameters + SPAN_BYTES + ATTRIBUTE_BYTES);
}

mod quiet {
    use std::future::Future;
    use std::pin::Pin;

    use spanwright::traced;

    #[traced(level = "debug")]
    pub(super) fn plain() -> u8 {
        1
    }

    #[traced(level = "debug")]
    pub(super) async fn asynchronous() -> u8 {
        1
    }

    #[traced(level = "debug")]
    pub(super) fn future() -> impl Future<Output = u8> {
        std::future::ready(1)
    }

    #[traced(level = "debug")]
    pub(super) fn boxed() -> Pin<Box<dyn Future<Output = u8>>> {
        Box::pin(async { 1 })
    }
}

fn ready<F: Future>(future: F) -> Option<F::Output> {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).as_mut().poll(&mut context) {
        std::task::Poll::Ready(output) => Some(output),
        std::task::Poll::Pending => None,
    }
}

#[test]
fn o03_the_level_holds_for_every_shape_of_function() {
    for (level, expected) in [(Level::Debug, 4), (Level::Info, 0)] {
        let (results, spans) = Capture::default().level(level).run(|| {
            [
                Some(quiet::plain()),
                ready(quiet::asynchronous()),
                ready(quiet::future()),
                ready(quiet::boxed()),
            ]
        });
        assert_eq!(results, [Some(1); 4]);
        assert_eq!(spans.len(), expected, "{level}");
    }
}
