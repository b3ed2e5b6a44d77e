//! What `#[report_errors]` expands to, alone and with its siblings.

use quote::quote;

use super::*;

/// The function that most cases are about.
fn checkout() -> TokenStream {
    quote!(
        fn checkout(user: &User, order: Order) -> Result<Receipt, Error> {
            pay(user, order)
        }
    )
}

#[test]
fn a_report_alone_has_no_span() {
    let args = quote!(
        level = |err| err.severity(),
        title = "Checkout failed",
        fingerprint = %err.code(),
        context = user.area(),
        person(id = user.id, #[redact(hash)] email = &user.email),
        custom(order.id = order.id, code = err.code()),
        when = is_ours,
        ignore(Error::NotFound(_), Error::Refused { code } if *code < 10),
        panics,
        at = "boundary"
    );
    let found = formatted(expand(Report, args, &checkout(), LIVE));
    check(&found, include_str!("../snapshots/report.expanded"));
}

#[test]
fn a_future_runs_in_its_report() {
    let item = quote!(
        async fn first(list: &[u32]) -> Option<u32> {
            list.first().copied()
        }
    );
    let found = formatted(expand(Report, quote!(none), &item, LIVE));
    check(&found, include_str!("../snapshots/report_async.expanded"));
}

#[test]
fn a_report_without_a_result_gets_a_guard() {
    let item = quote!(
        fn sweep() {
            clean();
        }
    );
    let found = formatted(expand(Report, quote!(panics), &item, LIVE));
    check(&found, include_str!("../snapshots/report_guard.expanded"));
}

/// The three attributes, each as the outermost.
fn three_orders(item: &TokenStream, mode: Mode) -> [String; 3] {
    let traced = quote!(name = "pay", fields(order.id = order.id), err(event));
    let subsegment = quote!(namespace = "remote", class = "error");
    let report = quote!(person(id = user.id), ignore(Error::NotFound(_)));
    let [a, b, c] = [
        quote!(#[traced(#traced)]),
        quote!(#[xray_subsegment(#subsegment)]),
        quote!(#[report_errors(#report)]),
    ];
    [
        expand(Traced, traced, &quote!(#b #c #item), mode),
        expand(Subsegment, subsegment, &quote!(#c #a #item), mode),
        expand(Report, report, &quote!(#a #b #item), mode),
    ]
    .map(|tokens| without_names(&formatted(tokens)))
}

/// The expansion without the items that name the attributes which were taken off.
fn without_names(found: &str) -> String {
    NAMES.iter().fold(found.to_owned(), |found, (name, _)| {
        found.replace(&format!("    #[{name}({JOINED})]\n    const _: () = ();\n"), "")
    })
}

#[test]
fn three_attributes_make_one_expansion_in_any_order() {
    let item = quote!(
        fn pay(
            &self,
            user: &User,
            order: Order,
        ) -> impl Future<Output = Result<Receipt, Error>> + Send {
            self.client.pay(user, order)
        }
    );
    let [first, second, third] = three_orders(&item, LIVE);
    check(&second, &first);
    check(&third, &first);
    check(&first, include_str!("../snapshots/report_joined.expanded"));
}

#[test]
fn off_keeps_every_expression_for_the_compiler() {
    for (mode, is_live) in [(LIVE, true), (OFF, false)] {
        let [found, _, _] = three_orders(&checkout(), mode);
        assert_eq!(found.contains("is_enabled"), is_live, "{found}");
        assert_eq!(found.contains("is_reporting"), is_live, "{found}");
        assert_eq!(found.contains("__private::call("), is_live, "{found}");
        assert!(found.contains("&user.id") && found.contains("&order.id"), "{found}");
        assert!(found.contains("error_event") && found.contains("NotFound"), "{found}");
    }
}

#[test]
fn off_leaves_one_look_at_the_type() {
    let found = formatted(expand(Report, quote!(level = "warning"), &checkout(), OFF));
    check(&found, include_str!("../snapshots/report_off.expanded"));
}

#[test]
fn o02_where_nothing_is_to_check_off_gives_the_tokens_back() {
    let args = quote!(panics, level = "critical", title = "Lost", at = "boundary");
    let number = quote!(
        fn count(order: Order) -> u64 {
            order.count()
        }
    );
    assert_eq!(expand(Report, args, &number, OFF).to_string(), number.to_string());
    let stacked = quote!(
        #[report_errors(panics)]
        #[xray_subsegment("a")]
        fn f() {}
    );
    assert_eq!(expand(Traced, quote!(), &stacked, OFF).to_string(), stacked.to_string());
}

#[test]
fn off_reports_the_mistakes_that_live_reports() {
    for args in [
        quote!(levle = "error"),
        quote!(level = "warn"),
        quote!(person(name = user.name)),
        quote!(custom(usr)),
        quote!(custom(both = (err, user))),
        quote!(when = |err| err.of(order)),
        quote!(ignore()),
        quote!(title = ""),
    ] {
        assert_eq!(messages(Report, args.clone(), &checkout()).len(), 1, "{args}");
        let live = expand(Report, args.clone(), &checkout(), LIVE).to_string();
        assert_eq!(live, expand(Report, args, &checkout(), OFF).to_string());
    }
}

#[test]
fn a_signature_that_cannot_fail_is_known_without_its_types() {
    let count = |args: TokenStream, item: &str| {
        messages(Report, args, &item.parse().expect("the case is tokens")).len()
    };
    for (item, expected) in [
        ("fn f() {}", 1),
        ("fn f() -> ! { loop {} }", 1),
        ("async fn f() -> () {}", 1),
        ("fn f() -> impl Future<Output = ()> { g() }", 1),
        ("fn f() -> Pin<Box<dyn Future<Output = ()>>> { g() }", 1),
        ("#[track_caller] fn f() -> Result<(), u32> { g() }", 1),
        ("#[track_caller] async fn f() -> Result<(), u32> { g() }", 0),
        ("fn f() -> io::Result<()> { g() }", 0),
    ] {
        assert_eq!(count(quote!(), item), expected, "{item}");
    }
    for item in ["fn f() {}", "fn f() -> ! { loop {} }", "async fn f() {}"] {
        assert_eq!(count(quote!(panics), item), 0, "{item}");
    }
}

#[test]
fn only_what_changes_from_call_to_call_is_worked_out() {
    for (args, is_known) in [
        (quote!(title = "a"), true),
        (quote!(title = TITLE), true),
        (quote!(title = Self::TITLE), true),
        (quote!(title = concat!("a", "b")), true),
        (quote!(title = user), false),
        (quote!(title = %TITLE), false),
        (quote!(title = format!("{}", 1)), false),
        (quote!(title = err), false),
        (quote!(title = user.name), false),
    ] {
        let found = expand(Report, args.clone(), &checkout(), LIVE).to_string();
        assert_eq!(found.contains("Use :: Title"), !is_known, "{args}: {found}");
        assert_eq!(
            found
                .contains("title : :: spanwright :: __private :: core :: option :: Option :: Some"),
            is_known
        );
    }
}
