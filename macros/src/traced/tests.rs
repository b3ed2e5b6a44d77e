//! What `#[traced]` expands to, shape by shape, and that it is nothing when off.

use quote::quote;

use super::*;

/// The expansion as formatted source.
fn expanded(args: TokenStream, item: &TokenStream, mode: Mode) -> String {
    let tokens = expand(args, item, mode);
    let file = syn2::parse2(tokens).expect("an expansion is a file of items");
    prettyplease::unparse(&file)
}

fn messages(args: TokenStream, item: &TokenStream) -> Vec<String> {
    let tokens = expand(args, item, Mode::Live).to_string();
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
        Mode::Live,
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
    check(&expanded(args, &item, Mode::Live), include_str!("snapshots/closure.expanded"));
}

#[test]
fn an_async_function_gets_a_wrapped_future() {
    let item = quote!(
        async fn home(mut user: User) -> Page {
            load(user).await
        }
    );
    check(
        &expanded(quote!(name = HOME, enabled = on()), &item, Mode::Live),
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
    check(&expanded(quote!(), &item, Mode::Live), include_str!("snapshots/boxed.expanded"));
}

#[test]
fn off_leaves_one_statement_that_never_runs() {
    let item = quote!(
        fn home(user: &User) -> Page {
            load(user)
        }
    );
    check(
        &expanded(quote!(fields(user.id = user.id)), &item, Mode::Off),
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
        for args in [quote!(), quote!(name = "a", level = "debug", kind = "server", skip_all, err)]
        {
            let found = expand(args, &item, Mode::Off);
            assert_eq!(found.to_string(), item.to_string());
        }
    }
}

#[test]
fn x02_a_body_is_never_parsed() {
    let item = quote!(
        fn half_typed(user: &User) -> u32 {
            let x = user. ; match { <> fn }
        }
    );
    for mode in [Mode::Live, Mode::Off] {
        let found = expand(quote!(fields(user)), &item, mode).to_string();
        assert!(found.contains("let x = user . ; match { < > fn }"), "{found}");
    }
}

#[test]
fn the_function_is_emitted_beside_every_message() {
    let item = quote!(
        fn f(order: u32) {}
    );
    let args = quote!(nmae = "a", fields(ordr));
    assert_eq!(messages(args.clone(), &item).len(), 2);
    let found = expand(args, &item, Mode::Off).to_string();
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
        let live = expand(args.clone(), &item, Mode::Live).to_string();
        assert!(live.contains("compile_error"), "{live}");
        assert_eq!(live, expand(args, &item, Mode::Off).to_string());
    }
}
