//! What a span loses that is too large, and in which order.

use super::*;

#[test]
fn an_oversize_span_is_shortened_step_by_step() {
    let big = |key: &'static str, bytes| Attribute::new(key, "x".repeat(bytes));
    let sized = |attributes: Vec<Attribute>| {
        let mut span = span(2);
        span.attributes = attributes;
        span
    };
    let text_of = |span: SpanRecord| {
        let text = texts(vec![span]).remove(0);
        assert!(text.len() <= MAX_DOCUMENT_BYTES, "{}", text.len());
        text
    };
    let whole = text_of(sized(vec![big("a", 50_000)]));
    assert!(whole.contains(&"x".repeat(50_000)), "what fits stays");
    let shortened = text_of(sized(vec![big("a", 100_000), big("b", 10)]));
    assert!(shortened.contains("xx…[97952 bytes]\"") && shortened.contains(r#""b":"xxxxxxxxxx""#));
    let mut many: Vec<_> =
        (0..100).map(|n| Attribute::new(format!("a{n}"), "x".repeat(2_000))).collect();
    many.push(Attribute::new("http.response.status_code", 200_i64));
    let mut dropped = sized(many.clone());
    segment(&mut dropped).metadata =
        vec![Metadata { namespace: "ns".into(), key: "k".into(), json: "1".into() }];
    let dropped = text_of(dropped);
    assert!(
        dropped.contains(r#""metadata":{"ns":{"k":1},"sdk":{"dropped":{"default":"#),
        "{dropped}"
    );
    // Characters that have no form but an escape are six times as long.
    let escaped = |bytes| "\u{1}".repeat(bytes);
    many.push(Attribute::new("db.system.name", "sqlite"));
    many.push(Attribute::new("db.query.text", escaped(4_000)));
    let mut skeleton = sized(many);
    segment(&mut skeleton).annotations =
        (0..50).map(|n| Attribute::new(format!("n{n}"), escaped(100))).collect();
    skeleton.links = vec![link(vec![big("a", 500)]); 20];
    assert!(text_of(skeleton).ends_with(r#""http":{"response":{"status":200}}}"#));
}

fn link(attributes: Vec<Attribute>) -> LinkRecord {
    LinkRecord { context: span(9).context, attributes, dropped_attributes: 0 }
}

#[test]
fn links_that_are_too_large_lose_attributes_before_the_span_loses_anything_else() {
    let large = |key: &'static str, bytes| Attribute::new(key, "x".repeat(bytes));
    let document = |links: Vec<LinkRecord>| {
        let mut span = span(2);
        span.attributes = vec![Attribute::new("kept", 1_i64)];
        segment(&mut span).annotations = vec![Attribute::new("also_kept", 2_i64)];
        span.links = links;
        let text = texts(vec![span]).remove(0);
        assert!(text.len() <= MAX_DOCUMENT_BYTES, "{}", text.len());
        let document: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(document["metadata"]["default"]["kept"], 1);
        assert_eq!(document["annotations"]["also_kept"], 2);
        document
    };
    let shortened = document(vec![link(vec![large("a", 70_000)])]);
    let value = shortened["links"][0]["attributes"]["a"].as_str().unwrap();
    assert!(value.ends_with("xx…[67952 bytes]"), "{value}");

    let attributes =
        vec![Attribute::new("a", 1_i64), large("b", 9_000), Attribute::new("c", 3_i64)];
    let without = document(vec![link(attributes); 20]);
    let links = without["links"].as_array().unwrap();
    assert_eq!(links.len(), 20);
    assert!(links.iter().all(|link| link["attributes"]["c"] == 3), "{links:?}");

    let many = (0..100).map(|n| Attribute::new(format!("a{n}"), "x".repeat(100))).collect();
    let few = document(vec![link(many); 20]);
    let attributes = few["links"][19]["attributes"].as_object().unwrap();
    assert_eq!(attributes.len(), 4);
}

#[test]
fn an_attribute_of_a_link_is_told_once() {
    let twice = vec![Attribute::new("a", 1_i64), Attribute::new("a", 2_i64)];
    let mut span = span(2);
    span.links = vec![link(twice)];
    let text = texts(vec![span]).remove(0);
    assert!(text.contains(r#""attributes":{"a":1}}]"#), "{text}");
}

#[test]
fn the_ladder_is_counted() {
    let mut encoder = encoder();
    let mut span = span(2);
    span.attributes = vec![Attribute::new("a", "x".repeat(100_000))];
    encoder
        .encode(&LocalTrace { root_id: SpanId::from_u64(1), spans: vec![span] }, &mut Vec::new());
    let counts: Vec<_> =
        encoder.rules.notes.all().into_iter().map(|(kind, it)| (kind, it.count)).collect();
    assert_eq!(counts, [("metadata values shortened", 1)]);
}

#[test]
fn what_is_noted_of_a_span_is_noted_once_however_often_it_is_written() {
    let mut encoder = encoder();
    let mut span = span(2);
    span.name = "a?b".into();
    span.attributes = vec![Attribute::new("a", "x".repeat(100_000))];
    encoder
        .encode(&LocalTrace { root_id: SpanId::from_u64(1), spans: vec![span] }, &mut Vec::new());
    assert_eq!(encoder.rules.notes.count("name"), 1);
}
