//! What attributes expand to, shape by shape, joined in any order, and that they are nothing when
//! off.

mod names;
mod report;

use quote::quote;

use super::*;
use Attribute::{Report, Subsegment, Traced};

const LIVE: Mode = Mode::Live;
const OFF: Mode = Mode::Off;

/// The expansion as formatted source.
fn formatted(tokens: TokenStream) -> String {
    let file = syn2::parse2(tokens).expect("an expansion is a file of items");
    prettyplease::unparse(&file)
}

/// The expansion of `#[traced]` as formatted source.
fn expanded(args: TokenStream, item: &TokenStream, mode: Mode) -> String {
    formatted(expand(Traced, args, item, mode))
}

fn messages(attribute: Attribute, args: TokenStream, item: &TokenStream) -> Vec<String> {
    let tokens = expand(attribute, args, item, LIVE).to_string();
    let texts = tokens.split("compile_error ! { \"").skip(1);
    texts.filter_map(|text| Some(text.split_once("\" }")?.0.to_owned())).collect()
}

#[track_caller]
fn check(found: &str, expected: &str) {
    assert!(found == expected, "expected:\n{expected}\nfound:\n{found}");
}

#[test]
fn a_function_without_a_result_gets_a_guard() {
    let found = expanded(
        quote!(fields(n)),
        &quote!(
            fn add(n: u32) {
                sum(n);
            }
        ),
        LIVE,
    );
    check(&found, include_str!("snapshots/guard.expanded"));
}

#[test]
fn a_function_with_a_result_gets_a_closure() {
    let args = quote!(fields(user.id = user.id), ok(fields(rows = ok.len())), err(level = "warn"));
    let item = quote!(
        pub fn home<'a>(user: &'a User, (limit, _): (u32, u32)) -> Result<impl Page + 'a, Error> {
            load(user, limit)
        }
    );
    check(&expanded(args, &item, LIVE), include_str!("snapshots/closure.expanded"));
}

#[test]
fn an_async_function_gets_a_wrapped_future() {
    let item = quote!(
        async fn home(mut user: User) -> Page {
            load(user).await
        }
    );
    check(
        &expanded(quote!(name = HOME, enabled = on()), &item, LIVE),
        include_str!("snapshots/async.expanded"),
    );
}

#[test]
fn a_returned_future_is_wrapped_where_it_was_boxed() {
    let item = quote!(
        fn home(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
            Box::pin(self.load())
        }
    );
    check(&expanded(quote!(), &item, LIVE), include_str!("snapshots/boxed.expanded"));
}

#[test]
fn off_leaves_one_statement_that_never_runs() {
    let item = quote!(
        fn home(user: &User) -> Page {
            load(user)
        }
    );
    check(
        &expanded(quote!(fields(user.id = user.id)), &item, OFF),
        include_str!("snapshots/off.expanded"),
    );
}

#[test]
fn o02_without_expressions_off_gives_the_tokens_back() {
    let items = [
        quote!(
            /// Docs.
            #[inline]
            pub(crate) async unsafe fn f<'a, T: Clone>(
                mut a: &'a T,
                (b, _): (u32, u32),
            ) -> Option<T>
            where
                T: Send,
            {
                #![allow(unused)]
                Some(a.clone())
            }
        ),
        quote!(
            fn f() -> impl Future<Output = u32> {
                async { 1 }
            }
        ),
    ];
    for item in items {
        for args in [quote!(), quote!(name = "a", level = "debug", kind = "server", skip_all)] {
            let found = expand(Traced, args, &item, OFF);
            assert_eq!(found.to_string(), item.to_string());
        }
    }
}

#[test]
fn off_checks_the_path_of_the_runtime() {
    let item = quote!(
        fn f() {}
    );
    for attribute in [Traced, Subsegment, Report] {
        let args =
            if attribute == Report { quote!(panics, crate = a::b) } else { quote!(crate = a::b) };
        let found = expand(attribute, args, &item, OFF).to_string();
        assert!(found.contains("a :: b :: __private"), "{found}");
    }
}

#[test]
fn x02_a_body_is_never_parsed() {
    let item = quote!(
        fn half_typed(user: &User) -> u32 {
            let x = user. ; match { <> fn }
        }
    );
    for mode in [LIVE, OFF] {
        let found = expand(Traced, quote!(fields(user)), &item, mode).to_string();
        assert!(found.contains("let x = user . ; match { < > fn }"), "{found}");
    }
}

#[test]
fn the_function_is_emitted_beside_every_message() {
    let item = quote!(
        fn f(order: u32) {}
    );
    let args = quote!(nmae = "a", fields(ordr));
    assert_eq!(messages(Traced, args.clone(), &item).len(), 2);
    let found = expand(Traced, args, &item, OFF).to_string();
    assert!(found.ends_with(&item.to_string()), "{found}");
}

#[test]
fn off_reports_the_mistakes_that_live_reports() {
    let item = quote!(
        fn f(a: u32) -> u32 {
            a
        }
    );
    for args in [
        quote!(nmae = "a"),
        quote!(fields(b)),
        quote!(fields(a, a = 1)),
        quote!(level = "lout"),
        quote!(ok(fields(c))),
        quote!(fields(a = b?)),
    ] {
        let live = expand(Traced, args.clone(), &item, LIVE).to_string();
        assert!(live.contains("compile_error"), "{live}");
        assert_eq!(live, expand(Traced, args, &item, OFF).to_string());
    }
}

#[test]
fn a_subsegment_alone_is_for_nobody_else() {
    let args = quote!(
        "mock-data",
        namespace = "remote",
        annotations(user.id = user.id, %kind),
        metadata(?filter, #[redact] card = card),
        metadata("billing", cart = &cart),
        ok(metadata(rows = ok.len())),
        class = |err| err.failure()
    );
    let item = quote!(
        fn home(
            user: &User,
            kind: Kind,
            filter: Filter,
            card: u32,
            cart: Cart,
        ) -> Result<Page, Error> {
            load(user)
        }
    );
    let found = formatted(expand(Subsegment, args, &item, LIVE));
    check(&found, include_str!("snapshots/subsegment.expanded"));
}

/// The two attributes, with arguments, in both orders.
fn both_orders(item: &TokenStream, mode: Mode) -> [String; 2] {
    let traced = quote!(
        name = "home",
        fields(
            #[annotation]
            user.id = user.id
        ),
        ok(fields(rows = ok.len()))
    );
    let subsegment = quote!(namespace = "aws", annotations(limit), class = "error");
    [
        expand(Traced, traced.clone(), &quote!(#[xray_subsegment(#subsegment)] #item), mode),
        expand(
            Subsegment,
            subsegment,
            &quote!(#[inline] #[spanwright::traced(#traced)] #item),
            mode,
        ),
    ]
    .map(|tokens| formatted(tokens).replace("#[inline]\n", ""))
}

#[test]
fn both_attributes_make_one_expansion_in_any_order() {
    let item = quote!(
        async fn home(user: &User, limit: u32) -> Result<Vec<Page>, Error> {
            load(user, limit).await
        }
    );
    let [first, second] = both_orders(&item, LIVE);
    let without_names = |found: &str| {
        let names = ["spanwright::traced", "xray_subsegment"]
            .map(|path| format!("    #[{path}({JOINED})]\n    const _: () = ();\n"));
        names.iter().fold(found.to_owned(), |found, name| found.replace(name, ""))
    };
    check(&without_names(&first), &without_names(&second));
    check(&first, include_str!("snapshots/joined.expanded"));
}

#[test]
fn a_mistake_of_a_sibling_is_reported_once_and_leaves_the_bare_function() {
    let item = quote!(
        fn f(order: u32) {}
    );
    for (outermost, args, sibling) in [
        (Traced, quote!(), quote!(#[xray_subsegment(nmae = "a")])),
        (Subsegment, quote!(), quote!(#[spanwright::traced(nmae = "a")])),
        (Traced, quote!(nmae = "a"), quote!(#[xray_subsegment])),
        (Traced, quote!(), quote!(#[xray_subsegment = "a"])),
        (Traced, quote!(), quote!(#[::spanwright::traced])),
        (Subsegment, quote!(), quote!(#[traced] #[spanwright::xray_subsegment])),
        (Traced, quote!(crate = a), quote!(#[xray_subsegment(crate = b)])),
    ] {
        let stacked = quote!(#sibling #item);
        assert_eq!(messages(outermost, args.clone(), &stacked).len(), 1, "{sibling}");
        let found = expand(outermost, args, &stacked, LIVE).to_string();
        assert!(found.contains("fn f (order : u32) {"), "{found}");
        assert!(!found.contains(&sibling.to_string()), "{found}");
    }
}

#[test]
fn an_attribute_of_another_crate_is_left_alone_whatever_its_name() {
    for (args, foreign) in [
        (quote!(), quote!(#[other::traced(nmae = 1)])),
        (quote!(), quote!(#[other::xray_subsegment])),
        (quote!(), quote!(#[::other::spanwright::traced(crate = other)])),
        (quote!(crate = facade), quote!(#[other::traced(crate = other)])),
        (quote!(crate = facade), quote!(#[facade::other::xray_subsegment])),
        (quote!(crate = facade), quote!(#[tracing::instrument] #[fastrace::trace])),
    ] {
        let item = quote!(
            #foreign
            fn f() {}
        );
        assert_eq!(messages(Traced, args.clone(), &item).len(), 0, "{foreign}");
        let found = expand(Traced, args, &item, LIVE).to_string();
        assert!(found.contains(&format!("{foreign} fn f")), "{found}");
        assert!(!found.contains(JOINED), "{found}");
    }
}

#[test]
fn an_attribute_of_ours_is_found_by_its_name_our_crate_or_where_the_runtime_is() {
    for (args, sibling) in [
        (quote!(), quote!(#[xray_subsegment])),
        (quote!(), quote!(#[spanwright::xray_subsegment])),
        (quote!(), quote!(#[::spanwright::xray_subsegment])),
        (quote!(crate = self::facade), quote!(#[self::facade::xray_subsegment])),
        (quote!(crate = ::facade), quote!(#[facade::xray_subsegment])),
        (quote!(crate = facade), quote!(#[a::b::xray_subsegment(crate = facade)])),
    ] {
        let item = quote!(
            #sibling
            fn f() {}
        );
        let found = expand(Traced, args, &item, LIVE).to_string();
        assert!(found.contains(JOINED), "{sibling}: {found}");
    }
}

#[test]
fn any_of_the_attributes_may_say_where_the_runtime_is() {
    let item = quote!(
        #[xray_subsegment(crate = facade::telemetry)]
        fn f() {}
    );
    for args in [quote!(), quote!(crate = facade::telemetry)] {
        let found = expand(Traced, args, &item, LIVE).to_string();
        assert!(found.contains("facade :: telemetry :: __private"), "{found}");
        assert!(!found.contains(":: spanwright ::"), "{found}");
    }
}

#[test]
fn more_than_fifty_annotations_are_too_many() {
    let item = quote!(
        fn f() {}
    );
    let key = |n: usize| quote::format_ident!("a{n}");
    let [fifty, rest] = [0..50, 50..53].map(|numbers| numbers.map(key).collect::<Vec<_>>());
    let args = quote!(annotations(#(#fifty = 1),*));
    assert_eq!(messages(Subsegment, args.clone(), &item), [""; 0]);
    let stacked = quote!(#[xray_subsegment(#args)] #item);
    let found = messages(Traced, quote!(fields(#(#rest = 1),*)), &stacked);
    assert_eq!(found, [""; 0]);
    let found = messages(Traced, quote!(fields(#(#[annotation] #rest = 1),*)), &stacked);
    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn an_attribute_whose_work_is_done_leaves_nothing() {
    let item = quote!(
        const _: () = ();
    );
    for attribute in [Traced, Subsegment, Report] {
        assert!(expand(attribute, quote!(__spanwright_joined), &item, LIVE).is_empty());
    }
}

#[test]
fn off_leaves_attributes_without_expressions_to_each_other() {
    let item = quote!(
        #[xray_subsegment("a", namespace = "aws")]
        fn f() -> u32 {
            1
        }
    );
    assert_eq!(expand(Traced, quote!(), &item, OFF).to_string(), item.to_string());
}
