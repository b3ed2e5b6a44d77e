//! Headers of the `http` crate, to read a context from and to write one to.

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::propagate::{Carrier, Injector};

impl Carrier for HeaderMap {
    fn each_value<'a>(&'a self, name: &str, visit: &mut dyn FnMut(&'a [u8])) {
        self.get_all(name).iter().for_each(|value| visit(value.as_bytes()));
    }

    fn each_header<'a>(&'a self, visit: &mut dyn FnMut(&'a str, &'a [u8])) {
        self.iter().for_each(|(name, value)| visit(name.as_str(), value.as_bytes()));
    }
}

impl Injector for HeaderMap {
    fn set(&mut self, name: &str, value: &str) {
        // A propagator of the application may give what cannot be a header.
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            self.insert(name, value);
        }
    }

    fn retain(&mut self, keep: &dyn Fn(&str) -> bool) {
        let removed = self.keys().filter(|name| !keep(name.as_str()));
        for name in removed.cloned().collect::<Vec<_>>() {
            self.remove(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_map_is_read_and_written() {
        let mut headers = HeaderMap::new();
        headers.append("baggage", "a=1".parse().expect("a header"));
        headers.append("baggage", "b=2".parse().expect("a header"));
        let mut values = Vec::new();
        headers.each_value("baggage", &mut |value| values.push(value.to_vec()));
        assert_eq!(values, [b"a=1", b"b=2"]);
        headers.set("baggage", "c=3");
        headers.set("tracestate", "line\nbreak");
        headers.set("no name", "x");
        assert_eq!((headers.len(), &headers["baggage"]), (1, &HeaderValue::from_static("c=3")));
        headers.append("uberctx-k", "v".parse().expect("a header"));
        let mut all = Vec::new();
        headers.each_header(&mut |name, value| all.push((name.to_owned(), value.to_vec())));
        let expected = [("baggage", "c=3"), ("uberctx-k", "v")];
        assert_eq!(all, expected.map(|(name, value)| (name.to_owned(), value.into())));
        headers.retain(&|name| name == "baggage");
        assert_eq!(headers.keys().collect::<Vec<_>>(), ["baggage"]);
    }
}
