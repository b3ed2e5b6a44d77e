//! The `tracing` bridge of OpenTelemetry on our tracer.

use spanwright::testing::{capture, tree};
use tracing_subscriber::Registry;
use tracing_subscriber::layer::SubscriberExt;

use crate::{annotated, tracer};

#[test]
fn spans_of_the_tracing_bridge_take_their_places_between_ours() {
    let layer = tracing_opentelemetry::layer()
        .with_tracer(tracer())
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_level(false)
        .with_tracked_inactivity(false);
    let spans = capture(|| {
        tracing::subscriber::with_default(Registry::default().with(layer), || {
            annotated(|| {
                tracing::info_span!("library", rows = 3).in_scope(|| {
                    annotated(|| tracing::info_span!("inner").in_scope(|| {}));
                });
            });
        });
    });
    assert_eq!(tree(&spans), "annotated\n  library rows=3\n    annotated\n      inner\n");
}
