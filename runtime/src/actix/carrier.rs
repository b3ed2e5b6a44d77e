//! The headers of a request, for those who look for a trace in them.
//!
//! In: the name of a header. Out: its values, in the order received.
//! Never: allocates for a name of ours.

use actix_web::http::header::{HeaderMap, HeaderName};

use crate::propagate::Carrier;

/// The headers of an actix-web request.
impl Carrier for HeaderMap {
    fn each_value<'a>(&'a self, name: &str, visit: &mut dyn FnMut(&'a [u8])) {
        static KNOWN: [HeaderName; 4] = [
            HeaderName::from_static("traceparent"),
            HeaderName::from_static("tracestate"),
            HeaderName::from_static("baggage"),
            HeaderName::from_static("x-amzn-trace-id"),
        ];
        // A look-up by text would allocate.
        match KNOWN.iter().find(|known| known.as_str() == name) {
            Some(known) => self.get_all(known).for_each(|value| visit(value.as_bytes())),
            None => self
                .iter()
                .filter(|(key, _)| key.as_str() == name)
                .for_each(|(_, value)| visit(value.as_bytes())),
        }
    }

    fn each_header<'a>(&'a self, visit: &mut dyn FnMut(&'a str, &'a [u8])) {
        self.iter().for_each(|(name, value)| visit(name.as_str(), value.as_bytes()));
    }
}
