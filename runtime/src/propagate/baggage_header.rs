//! The W3C `baggage` header.
//!
//! In: headers of any caller. Out: their members that can be read, up to the limits.
//! Never: touches the span context.
//!
//! Wire format: <https://www.w3.org/TR/baggage/>.

use super::{Baggage, Carrier, Context, Propagator};

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
        let mut baggage = Baggage::default();
        carrier.each_value(BAGGAGE, &mut |value| baggage.read(value));
        if !baggage.is_empty() {
            context.baggage = baggage;
        }
    }

    fn inject(&self, context: &Context, set: &mut dyn FnMut(&'static str, &str)) {
        if !context.baggage.is_empty() {
            set(BAGGAGE, &context.baggage.to_text());
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
        BaggageHeader.inject(&context, &mut |name, value| headers.push((name, value.to_owned())));
        assert_eq!(headers, [("baggage", "a=1,b=2,c=3".to_owned())]);
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
