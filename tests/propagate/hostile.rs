//! Headers that cost a reader more than they should.

use std::cell::Cell;
use std::collections::HashMap;

use spanwright::propagate::{Carrier, Composite, Context, Propagator, Sampled};

fn formats() -> Composite {
    Composite::from_setting("tracecontext,baggage,b3,jaeger,xray").expect("known names")
}

/// Counts the headers that are looked at.
struct Counted<'h> {
    headers: &'h [(String, String)],
    looked_at: Cell<usize>,
}

impl Counted<'_> {
    fn count(&self) {
        self.looked_at.set(self.looked_at.get() + 1);
    }
}

impl Carrier for Counted<'_> {
    fn each_value<'a>(&'a self, name: &str, visit: &mut dyn FnMut(&'a [u8])) {
        for (key, value) in self.headers {
            self.count();
            if key == name {
                visit(value.as_bytes());
            }
        }
    }

    fn each_header<'a>(&'a self, visit: &mut dyn FnMut(&'a str, &'a [u8])) {
        for (name, value) in self.headers {
            self.count();
            visit(name, value.as_bytes());
        }
    }
}

/// Passes over the headers that all formats need together: each name once, and Jaeger's baggage.
const PASSES: usize = 12;

#[test]
fn hostile_headers_leave_a_bounded_context_and_are_visited_a_few_times() {
    const COUNT: usize = 32_000;
    let one = |name: &str, value: String| vec![(name.to_owned(), value)];
    let many = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned()); COUNT];
    let different = |prefix: &str, value: &str| -> Vec<_> {
        (0..COUNT).map(|index| (format!("{prefix}{index}"), value.to_owned())).collect()
    };
    let members = |name: &str, separator: &str| {
        let members: Vec<_> = (0..COUNT).map(|index| format!("k{index}=v")).collect();
        one(name, members.join(separator))
    };
    let large = || "x".repeat(1_000_000);
    for headers in [
        members("baggage", ","),
        many("baggage", "k=v,l=w"),
        one("baggage", format!("k={}", large())),
        members("tracestate", ","),
        many("tracestate", "k=v"),
        one("tracestate", format!("k={}", large())),
        members("x-amzn-trace-id", ";"),
        many("x-amzn-trace-id", "k=v"),
        one("x-amzn-trace-id", format!("k={}", large())),
        different("uberctx-k", "v"),
        many("uberctx-k", "v"),
        one("uberctx-k", large()),
        one("uber-trace-id", "%3A".repeat(300_000)),
        one("traceparent", format!("cc-{}", large())),
        one("b3", "0-".repeat(300_000)),
        many("x-b3-traceid", "80f198ee56343ba864fe8b2a57d3eff7"),
    ] {
        let mut all =
            one("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into());
        all.extend(headers);
        let carrier = Counted { headers: &all, looked_at: Cell::new(0) };
        let mut context = Context::default();
        formats().extract(&carrier, &mut context);
        let name = &all[1].0;
        assert!(carrier.looked_at.get() <= PASSES * all.len(), "{name}: {:?}", carrier.looked_at);
        let Context { baggage, trace_state, xray, .. } = &context;
        assert!(baggage.len() <= 64, "{name}");
        let sizes = [
            baggage.iter().map(|(key, value)| key.len() + value.len()).sum(),
            trace_state.as_ref().map_or(0, |it| it.len()),
            xray.as_ref().and_then(|it| it.rest.as_ref()).map_or(0, |it| it.len()),
        ];
        assert!(sizes.into_iter().all(|bytes| bytes <= 16_447), "{name}: {sizes:?}");
    }
}

#[test]
fn members_behind_thousands_of_others_are_not_read() {
    let extract = |name: &str, value: String| {
        let headers = [
            ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
            (name, value.as_str()),
        ];
        let mut context = Context::default();
        formats().extract(&headers.as_slice(), &mut context);
        context
    };
    // Members that take no room: repeated ones, and ones that are refused.
    for filler in ["same=v,", "not a member,", ","] {
        let read = |count: usize| {
            let context = extract("baggage", format!("{}late=v", filler.repeat(count)));
            context.baggage.get("late").is_some()
        };
        assert!(read(1), "{filler}");
        assert!(!read(32_000), "{filler}");
    }
    let sampled = |count: usize| {
        let root = "Root=1-58406520-a006649127e371903a2de979";
        let context =
            extract("x-amzn-trace-id", format!("{root};{}Sampled=1", "k=v;".repeat(count)));
        context.xray.is_some_and(|xray| xray.sampled == Sampled::Yes)
    };
    assert!(sampled(1));
    assert!(!sampled(32_000));
    let states = |count: usize| {
        let context = extract("tracestate", format!("{}late=v", " ,".repeat(count)));
        context.trace_state.is_some_and(|state| state.to_string().contains("late"))
    };
    assert!(states(1));
    assert!(!states(32_000));
}

#[test]
fn baggage_of_jaeger_is_read_from_every_carrier() {
    let pair = [("uberctx-tenant", "a%20b")];
    let map: HashMap<_, _> =
        pair.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    let mut http = reqwest::header::HeaderMap::new();
    http.insert(pair[0].0, pair[0].1.parse().expect("a header"));
    let mut actix = actix_web::http::header::HeaderMap::new();
    let name = actix_web::http::header::HeaderName::from_static(pair[0].0);
    actix.insert(name, pair[0].1.parse().expect("a header"));
    let slice = pair.as_slice();
    let carriers: [&dyn Carrier; 4] = [&map, &http, &actix, &slice];
    for (number, carrier) in carriers.into_iter().enumerate() {
        let mut context = Context::default();
        formats().extract(carrier, &mut context);
        assert_eq!(context.baggage.get("tenant").as_deref(), Some("a b"), "carrier {number}");
    }
}
