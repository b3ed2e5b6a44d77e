//! The W3C `baggage` header.
//!
//! In: headers of any caller. Out: their members that can be read, up to the limits.
//! Never: touches the span context.
//!
//! Wire format: <https://www.w3.org/TR/baggage/>.

use super::baggage::Reader;
use super::{Carrier, Context, Propagator};

const BAGGAGE: &str = "baggage";

/// Reads and writes `baggage`; several such headers are one list.
///
/// Not for services that call strangers: whoever is called can read all of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct BaggageHeader;

impl Propagator for BaggageHeader {
    fn fields(&self) -> &[&'static str] {
        &[BAGGAGE]
    }

    fn extract(&self, carrier: &dyn Carrier, context: &mut Context) {
        let mut reader = Reader::default();
        carrier.each_value(BAGGAGE, &mut |value| reader.read(value));
        let baggage = reader.into_baggage();
        if !baggage.is_empty() {
            context.baggage = baggage;
        }
    }

    fn inject(&self, context: &Context, set: &mut dyn FnMut(&str, &str)) {
        let text = context.baggage.to_text();
        if !text.is_empty() {
            set(BAGGAGE, &text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extract(headers: &[(&str, &str)], context: &mut Context) {
        BaggageHeader.extract(&headers, context);
    }

    #[test]
    fn several_headers_are_one_list_and_go_out_as_one() {
        let mut context = Context::default();
        extract(&[("baggage", "a=1, b=2"), ("Baggage", "c=3")], &mut context);
        let mut headers = Vec::new();
        BaggageHeader.inject(&context, &mut |name, value| headers.push(format!("{name}: {value}")));
        assert_eq!(headers, ["baggage: a=1,b=2,c=3"]);
    }

    #[test]
    fn no_baggage_writes_no_header() {
        BaggageHeader.inject(&Context::default(), &mut |name, _| panic!("{name}"));
    }

    #[test]
    fn headers_that_cannot_be_read_leave_an_earlier_baggage() {
        let mut context = Context::default();
        extract(&[("baggage", "a=1")], &mut context);
        let earlier = context.clone();
        for header in ["", "nonsense", ",;="] {
            extract(&[("baggage", header)], &mut context);
            assert_eq!(context, earlier);
        }
    }
}
