//! Hashes of values that must not be readable.

use std::sync::{Arc, Mutex};

use spanwright::record::{Attribute, Processor, SpanRecord, Value};
use spanwright::secret::Secret;
use spanwright::{Config, traced};

use super::{LONG, config};

const KEY: &str = "a key of sixteen bytes";

#[traced(fields(#[redact(hash)] user.email = email))]
fn login(email: &str) {
    let _ = email;
}

/// Keeps the attributes of finished spans.
#[derive(Clone, Default)]
struct Attributes(Arc<Mutex<Vec<Attribute>>>);

impl Processor<SpanRecord> for Attributes {
    fn process(&self, spans: &Arc<[SpanRecord]>) {
        let attributes = spans.iter().flat_map(|span| span.attributes.clone());
        self.0.lock().expect("nothing panics while holding it").extend(attributes);
    }
}

/// The hashes that a process with these settings records of two equal values.
fn hashes(config: Config) -> Vec<Value> {
    let attributes = Attributes::default();
    let telemetry = config.processor(attributes.clone()).install();
    let telemetry = telemetry.expect("nothing else is installed");
    login("andrew@example.com");
    login("andrew@example.com");
    assert!(telemetry.shutdown(LONG).in_time);
    let mut found = attributes.0.lock().expect("nothing panics while holding it");
    found.drain(..).map(|it| it.value).collect()
}

pub(crate) fn hashes_by_a_key_are_the_same_in_every_process() {
    // The start of the HMAC-SHA-256 of the value, as any other implementation has it.
    let expected = [Value::from("03bee95511b2ec71"), Value::from("03bee95511b2ec71")];
    assert_eq!(hashes(config(&[("SPANWRIGHT_REDACTION_KEY", KEY)])), expected);
    let config_in_code = config(&[]).redaction_key(Secret::new(KEY)).expect("it is long enough");
    assert_eq!(hashes(config_in_code), expected);
    let random = hashes(config(&[]));
    assert!(random[0] == random[1] && random[0] != expected[0], "{random:?}");
}
