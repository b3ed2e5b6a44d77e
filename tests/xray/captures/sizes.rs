//! More than a document, or a trace, may have.

use serde_json::Value;

use super::{
    assert_same, encoded, names, node, reference, segment, sent, subsegment, with_headers,
};

#[test]
fn a_document_that_is_too_large_is_split_where_the_reference_loses_the_trace() {
    let note = "x".repeat(2_000);
    let documents = sent(|| {
        segment(|| {
            for number in 0..50 {
                let name = format!("sub{number:02}");
                subsegment(&name).set_metadata("default", "note", &note);
            }
        });
    });
    // One with all that fits beside the segment, and the others each for itself.
    assert!((2..=26).contains(&documents.len()), "{} documents", documents.len());
    assert_eq!(names(&documents).lines().count(), 51, "{}", names(&documents));
    for number in 0..50 {
        let name = format!("sub{number:02}");
        assert_eq!(node(&documents, &name)["metadata"]["default"]["note"], note.as_str());
    }
}

#[test]
fn of_metadata_larger_than_a_document_the_rest_of_the_span_stays() {
    // The scenario of the reference: one value of more than 64 kB.
    let documents = sent(|| {
        segment(|| {
            spanwright::current().set_annotation("k", "v").set_metadata(
                "default",
                "big",
                "x".repeat(70_000),
            );
        });
    });
    let [document] = &documents[..] else { panic!("{} documents", documents.len()) };
    assert_eq!((&document["name"], &document["annotations"]["k"]), (&"seg".into(), &"v".into()));
    let big = document["metadata"]["default"]["big"].as_str().unwrap();
    assert!(big.starts_with("\"xxx") && big.ends_with("bytes]"), "{big}");
}

#[test]
fn of_sixty_annotations_the_service_would_index_fifty_and_the_others_are_metadata() {
    let documents = sent(|| {
        segment(|| {
            for number in 0..60 {
                spanwright::current().set_annotation(format!("a{number:02}"), number);
            }
        });
    });
    let count = |value: &Value| value.as_object().map_or(0, serde_json::Map::len);
    let segment = node(&documents, "seg");
    assert_eq!(count(&segment["annotations"]), 50);
    assert_eq!(segment["annotations"]["a49"], 49);
    assert_eq!(count(&segment["metadata"]["annotations_overflow"]), 10);
    assert_eq!(segment["metadata"]["annotations_overflow"]["a59"], 59);
}

fn subsegments(count: usize) {
    segment(|| (0..count).for_each(|number| drop(subsegment(&format!("sub{number:03}")))));
}

#[test]
fn a_hundred_and_fifty_subsegments_are_one_document_and_not_a_hundred_and_twenty_five() {
    let documents = encoded("seg", &with_headers().run(|| subsegments(150)).1);
    let reference = reference("streaming_150");
    assert_eq!((documents.len(), reference.len()), (1, 125));
    assert_same(&documents, &reference);
}
