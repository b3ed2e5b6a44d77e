//! Failures on their way out, and where they are told.

use std::fmt;

use serde_json::Value;
use spanwright::{traced, xray_subsegment};

use super::{assert_same, node, reference, sent};

#[derive(Debug)]
struct KeyError(&'static str);

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}'", self.0)
    }
}

impl std::error::Error for KeyError {}

/// Where `inner` stands.
const LINE: u32 = line!() + 3;

#[xray_subsegment]
fn inner() -> Result<(), KeyError> {
    Err(KeyError("missing"))
}

#[xray_subsegment]
fn outer() -> Result<(), KeyError> {
    inner()
}

#[traced(name = "seg", kind = "server")]
fn request() -> Result<(), KeyError> {
    outer()
}

#[test]
fn an_error_is_told_where_it_began_and_named_by_its_id_further_out() {
    let documents = sent(|| drop(request()));
    assert_same(&documents, &reference("capture_exception_nested"));
    let frame = &node(&documents, "inner")["cause"]["exceptions"][0]["stack"][0];
    assert_eq!((&frame["path"], &frame["line"]), (&file!().into(), &LINE.into()));
    assert_eq!(frame["label"].as_str().unwrap().rsplit("::").next(), Some("inner"));
}

#[derive(Debug)]
struct Unavailable(KeyError);

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unavailable")
    }
}

impl std::error::Error for Unavailable {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

#[traced(name = "seg", kind = "server")]
fn wrapping() -> Result<(), Unavailable> {
    inner().map_err(Unavailable)
}

#[test]
fn what_caused_an_error_is_linked_to_it_where_the_reference_forgets_it() {
    let documents = sent(|| drop(wrapping()));
    let exceptions = |name| node(&documents, name)["cause"]["exceptions"].as_array().unwrap();
    let [outer] = &exceptions("seg")[..] else { panic!("{documents:#?}") };
    let [cause] = &exceptions("inner")[..] else { panic!("{documents:#?}") };
    let told = |exception: &Value| (exception["type"].clone(), exception["message"].clone());
    assert_eq!(told(outer), ("Unavailable".into(), "unavailable".into()));
    assert_eq!(told(cause), ("KeyError".into(), "'missing'".into()));
    assert_eq!(outer["cause"], cause["id"]);
}

#[traced(name = "seg", kind = "server")]
fn recovering() -> usize {
    outer().map_or(0, |()| 1)
}

// https://github.com/aws/aws-xray-sdk-python/issues/274
#[test]
fn an_error_that_is_handled_is_no_fault_of_the_caller() {
    let documents = sent(|| assert_eq!(recovering(), 0));
    for name in ["inner", "outer"] {
        assert_eq!(node(&documents, name)["fault"], true, "{name}");
    }
    let segment = node(&documents, super::SERVICE);
    assert_eq!((segment.get("fault"), segment.get("cause")), (None, None), "{segment:#}");
}

// https://github.com/aws/aws-xray-sdk-python/issues/415
#[test]
fn metadata_with_line_breaks_and_quotes_arrives_as_it_is() {
    let query = "\n SELECT 'a\\n' as \"source\"\r\n WHERE id = %(user_id)s\u{2028}\0\n";
    let documents = sent(|| {
        super::segment(|| {
            super::subsegment("foo").in_scope(|| {
                spanwright::current().set_metadata("default", "bar", query);
            });
        });
    });
    assert_eq!(node(&documents, "foo")["metadata"]["default"]["bar"], query);
}
