//! Maps of headers, to read a context from and to write one to.

use std::collections::HashMap;
use std::hash::BuildHasher;

use super::Carrier;

/// Headers of an outgoing request.
pub trait Injector {
    /// Sets a header, whose name is in lower case, in the place of any value that it has.
    fn set(&mut self, name: &str, value: &str);

    /// Removes the headers for whose names `keep` returns false: those of another trace, where the
    /// headers are those of another request. The default removes none.
    fn retain(&mut self, keep: &dyn Fn(&str) -> bool) {
        let _ = keep;
    }
}

/// Of keys that differ in their case alone, those in upper case come first.
impl<S: BuildHasher> Carrier for HashMap<String, String, S> {
    fn each_value<'a>(&'a self, name: &str, visit: &mut dyn FnMut(&'a [u8])) {
        let mut found: Vec<_> =
            self.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name)).collect();
        found.sort_unstable();
        for (_, value) in found {
            visit(value.as_bytes());
        }
    }

    fn each_header<'a>(&'a self, visit: &mut dyn FnMut(&'a str, &'a [u8])) {
        for (name, value) in self {
            visit(name, value.as_bytes());
        }
    }
}

impl<S: BuildHasher> Injector for HashMap<String, String, S> {
    fn set(&mut self, name: &str, value: &str) {
        self.retain(|key, _| !key.eq_ignore_ascii_case(name));
        self.insert(name.to_owned(), value.to_owned());
    }

    fn retain(&mut self, keep: &dyn Fn(&str) -> bool) {
        self.retain(|name, _| keep(name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(carrier: &dyn Carrier, name: &str) -> Vec<String> {
        let mut values = Vec::new();
        carrier.each_value(name, &mut |value| {
            values.push(String::from_utf8_lossy(value).into_owned());
        });
        values
    }

    #[test]
    fn a_map_of_texts_is_read_and_written_in_any_case() {
        let mut headers = HashMap::from([("TraceParent".to_owned(), "00-a".to_owned())]);
        assert_eq!(values(&headers, "traceparent"), ["00-a"]);
        headers.set("traceparent", "00-b");
        headers.set("tracestate", "a=1");
        assert_eq!(headers.len(), 2);
        assert_eq!(values(&headers, "traceparent"), ["00-b"]);
        let mut all = Vec::new();
        headers.each_header(&mut |name, value| all.push((name.to_owned(), value.to_vec())));
        all.sort();
        let expected = [("traceparent", "00-b"), ("tracestate", "a=1")];
        assert_eq!(all, expected.map(|(name, value)| (name.to_owned(), value.into())));
        Injector::retain(&mut headers, &|name| name == "tracestate");
        assert_eq!(headers.into_keys().collect::<Vec<_>>(), ["tracestate"]);
    }
}
