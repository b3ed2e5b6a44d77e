//! The names that expansions call: none that a trait in the user's scope could have.

use proc_macro2::TokenTree;
use quote::quote;

use super::*;

/// Every method that `tokens` call: the name behind a dot and before parentheses.
fn methods(tokens: TokenStream, found: &mut Vec<String>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => methods(group.stream(), found),
            TokenTree::Ident(name) => {
                let is = |at: Option<usize>, sign: char| {
                    at.and_then(|at| tokens.get(at)).is_some_and(
                        |it| matches!(it, TokenTree::Punct(it) if it.as_char() == sign),
                    )
                };
                let is_range = is(at.checked_sub(2), '.');
                let is_called = matches!(tokens.get(at + 1), Some(TokenTree::Group(_)))
                    || is(Some(at + 1), ':');
                if is(at.checked_sub(1), '.') && !is_range && is_called {
                    found.push(name.to_string());
                }
            }
            _ => {}
        }
    }
}

/// Arguments of each attribute that ask for everything, without a method call of their own.
fn everything() -> Vec<(Attribute, TokenStream)> {
    vec![
        (
            Traced,
            quote!(
                name = NAME, kind = "client", parent = &above, enabled = on,
                fields(a, b = ?b, #[redact] c, #[when(on)] d = a + b),
                ok(fields(rows = *ok)), err(fields(code = err.0), event, Display),
                ret(fields(all = ret.0), Debug)
            ),
        ),
        (Traced, quote!(parent = None, err(Debug, level = "warn"), ret(Display))),
        (
            Subsegment,
            quote!(
                "name",
                annotations(a),
                metadata(
                    "x",
                    b,
                    #[redact]
                    c
                ),
                ok(annotations(rows = *ok)),
                ret(metadata(all = ret)),
                class = |err| of(err)
            ),
        ),
        (Subsegment, quote!(class = "throttle")),
        (
            Report,
            quote!(
                level = |err| of(err), title = a, fingerprint = %err, person(id = a),
                custom(b, code = err.0), when = ours, ignore(Error::NotFound(_)), panics,
                at = "boundary"
            ),
        ),
        (Report, quote!(none)),
        (Report, quote!()),
    ]
}

#[test]
fn generated_code_calls_only_reserved_methods() {
    let shapes = [
        quote!(
            fn f(&self, a: A, (b, c): (B, C)) -> Result<u32, Error> {
                g
            }
        ),
        quote!(
            async fn f(a: A, b: B, c: C) -> Result<u32, Error> {
                g
            }
        ),
        quote!(
            fn f(a: A, b: B, c: C) -> impl Future<Output = Result<u32, Error>> {
                g
            }
        ),
        quote!(
            fn f(a: A, b: B, c: C) -> Pin<Box<dyn Future<Output = Option<u32>>>> {
                g
            }
        ),
    ];
    for (attribute, args) in everything() {
        for shape in &shapes {
            let stacked = quote!(#[xray_subsegment(annotations(z = 1))] #[report_errors] #shape);
            let joined = if attribute == Traced { &stacked } else { shape };
            for (item, mode) in [(shape, LIVE), (shape, OFF), (joined, LIVE)] {
                let mut found = Vec::new();
                methods(expand(attribute, args.clone(), item, mode), &mut found);
                found.retain(|name| !name.starts_with("__spanwright_"));
                assert!(found.is_empty(), "{found:?} of {args} on {item}");
            }
        }
    }
}

#[test]
fn record_calls_no_method() {
    for mode in [LIVE, OFF] {
        let mut found = Vec::new();
        let list = quote!(a, b = ?b, #[redact] c, annotations(d = %d), metadata("x", e));
        methods(crate::record::expand(list, mode), &mut found);
        assert!(found.is_empty(), "{found:?}");
    }
}
