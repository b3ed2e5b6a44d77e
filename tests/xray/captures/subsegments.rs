//! What user code says: names, annotations, metadata, decorators.

use serde_json::json;
use spanwright::{Span, record, set_user, xray_subsegment};

use super::super::normal_form::normal_form;
use super::{
    Rule, assert_same, encoded, names, node, reference, segment, sent, subsegment, with_headers,
};

#[test]
fn annotations_metadata_and_user_arrive_as_the_reference_sends_them() {
    // The reference drops a key with a dash and a list with a warning; here the one is renamed and
    // the other kept where it may be, which the next test shows.
    let documents = sent(|| {
        segment(|| {
            set_user("alice");
            spanwright::current()
                .set_annotation("str", "v")
                .set_annotation("int", 3)
                .set_annotation("float", 1.5)
                .set_annotation("bool", true)
                .set_annotation("zero", 0)
                .set_annotation("empty", "");
            subsegment("sub")
                .set_annotation("k", "v")
                .set_metadata("default", "obj", json!({"a": [1, 2, {"b": null}], "t": (1, 2)}))
                .set_metadata("default", "set", std::collections::BTreeSet::from([3]))
                .set_metadata("my_ns", "n", 1);
        });
    });
    assert_same(&documents, &reference("subsegment_annotation_metadata"));
}

#[test]
fn what_the_reference_drops_is_kept_under_a_name_that_may_be() {
    let documents = sent(|| {
        segment(|| {
            spanwright::current()
                .set_annotation("bad-key", "kept")
                .set_annotation("list", [1, 2])
                .set_annotation("none", None::<&str>)
                .set_metadata("AWS.reserved", "n", 1);
        });
    });
    let segment = &normal_form(&documents)[0];
    assert_eq!(segment["annotations"], json!({"bad_key": "kept"}));
    assert_eq!(segment["metadata"], json!({"default": {"list": [1, 2]}, "aws_reserved": {"n": 1}}));
}

#[xray_subsegment]
fn work() {}

#[xray_subsegment("renamed")]
fn other() {
    record!(annotations(x = 1));
    work();
}

#[test]
fn an_annotated_function_is_a_subsegment_like_a_decorated_one() {
    assert_same(&sent(|| segment(other)), &reference("capture_decorator"));
}

#[test]
fn names_lose_what_the_service_refuses_and_keep_the_original_beside() {
    // The reference strips some and sends others, which the service then refuses.
    let documents = sent(|| {
        segment(|| {
            subsegment("a?;*()!$~^<>b").in_scope(|| drop(subsegment("Vec<u8>, {id} \"q\"")));
        });
    });
    assert_eq!(names(&documents), "seg\n  a_b\n    Vec_u8 :id q\n");
    let original = &node(&documents, "a_b")["metadata"]["sdk"]["original_name"];
    assert_eq!(*original, "a?;*()!$~^<>b");
}

#[test]
fn a_segment_names_the_rule_that_decided_for_it() {
    // In the reference the first segment comes before there are rules.
    let central = || {
        let segment = Span::build("central").segment().start();
        segment.set_attribute("aws.local.service", "central");
    };
    let rule = Rule { is_sampled: true, name: Some("Default") };
    let documents = encoded("seg", &with_headers().segments(rule).run(central).1);
    let reference = &reference("sampling_rule_name_central")[1];
    assert_same(&documents, std::slice::from_ref(reference));
    let rule = |document: &serde_json::Value| document["aws"]["xray"]["sampling_rule_name"].clone();
    assert_eq!(rule(&documents[0]), rule(reference));
    assert_eq!(rule(reference), "Default");
}
