//! What can only be seen of reports while they are taken.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use spanwright::record::{ErrorRecord, SpanRecord};
use spanwright::testing::Capture;
use spanwright::{report_errors, traced, xray_subsegment};

/// Runs `run` and returns the one span and the one report that it makes.
#[track_caller]
fn one_of_each<R>(run: impl FnOnce() -> R) -> (SpanRecord, ErrorRecord) {
    let captured = Capture::default().run_all(run);
    let (mut spans, mut errors) = (captured.spans, captured.errors);
    assert_eq!((spans.len(), errors.len()), (1, 1), "{spans:?}\n{errors:?}");
    (spans.remove(0), errors.remove(0))
}

fn poll<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Is pending once.
#[derive(Default)]
struct Once(bool);

impl Future for Once {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// The line of the function below, whichever attributes are above it.
const LINE: u32 = line!() + 4;

#[traced("pay")]
#[report_errors]
fn sync() -> Result<(), &'static str> {
    Err("declined")
}

#[report_errors]
#[xray_subsegment]
#[traced("pay")]
async fn later() -> Result<(), &'static str> {
    Once::default().await;
    Err("declined")
}

#[traced("pay")]
#[report_errors(none)]
fn boxed() -> Pin<Box<dyn Future<Output = Option<()>> + Send>> {
    Box::pin(async {
        Once::default().await;
        None
    })
}

#[traced("pay")]
#[report_errors(panics)]
async fn panics() {
    Once::default().await;
    std::panic::panic_any("declined");
}

#[test]
fn a_failure_is_reported_within_the_span_of_its_function() {
    let two_polls = |future: Pin<&mut dyn Future<Output = ()>>| {
        let mut future = future;
        let _ = poll(future.as_mut()).is_pending() && poll(future).is_ready();
    };
    let cases: [&dyn Fn(); 4] = [
        &|| assert!(sync().is_err()),
        &|| two_polls(pin!(async { assert!(later().await.is_err()) })),
        &|| two_polls(pin!(async { assert!(boxed().await.is_none()) })),
        &|| {
            let call = std::panic::AssertUnwindSafe(|| two_polls(pin!(panics())));
            assert!(std::panic::catch_unwind(call).is_err());
        },
    ];
    for case in cases {
        let (span, error) = one_of_each(case);
        assert_eq!(error.span, Some(span.context));
        assert_eq!(error.path.iter().map(|it| it.name).collect::<Vec<_>>(), ["pay"]);
        assert_eq!(span.events.len(), 1, "{:?}", span.events);
    }
}

#[test]
fn a_report_is_at_the_place_of_its_function() {
    let (span, error) = one_of_each(sync);
    let place = error.path[0];
    assert_eq!((place.file, place.line), (file!(), LINE));
    assert_eq!(place.function, concat!(module_path!(), "::sync"));
    assert_eq!(span.source.function, place.function);
}

async fn bare(list: &[u64]) -> Result<usize, String> {
    Once::default().await;
    Ok(list.len())
}

#[report_errors]
async fn reported(list: &[u64]) -> Result<usize, String> {
    Once::default().await;
    Ok(list.len())
}

#[report_errors(person(id = list.len()))]
async fn with_a_person(list: &[u64]) -> Result<usize, String> {
    Once::default().await;
    Ok(list.len())
}

#[report_errors]
#[traced]
async fn with_a_span(list: &[u64]) -> Result<usize, String> {
    Once::default().await;
    Ok(list.len())
}

#[traced]
async fn traced_alone(list: &[u64]) -> Result<usize, String> {
    Once::default().await;
    Ok(list.len())
}

/// What a report takes in a future, besides its values and the second copy of the parameters that
/// moving them into the wrapped future costs.
const REPORT_BYTES: usize = 88;

/// The inline room of one value.
const VALUE_BYTES: usize = 6 * 8;

#[test]
fn y13_a_future_is_larger_by_its_report_and_its_values() {
    let parameters = size_of::<&[u64]>();
    let bare = size_of_val(&bare(&[]));
    assert!(size_of_val(&reported(&[])) <= bare + parameters + REPORT_BYTES);
    assert!(size_of_val(&with_a_person(&[])) <= bare + parameters + REPORT_BYTES + VALUE_BYTES);
    assert!(size_of_val(&with_a_span(&[])) <= size_of_val(&traced_alone(&[])) + REPORT_BYTES);
}

#[test]
fn y11_a_future_that_moves_to_another_thread_fails_there() {
    let (span, error) = one_of_each(|| {
        let mut future = Box::pin(later());
        assert!(poll(future.as_mut()).is_pending());
        let moved = std::thread::spawn(move || poll(future.as_mut()).is_ready());
        assert!(moved.join().expect("the thread does not panic"));
    });
    assert_eq!(error.span, Some(span.context));
}
