//! Parameters that move into a closure or an `async` block, as if the function were still one.
//!
//! In: the signature and the names that attributes use. Out: the signature to write, and the
//! statements that bind the parameters anew around the body, in their order. Never: changes which
//! parameter counts as unused, or when one is dropped.
//!
//! The compiler lowers `async fn` the same way, which is why drop order, `mut` and assignments to
//! a parameter behave as without us.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};
use syn::{
    Attribute, FnArg, Ident, Pat, PatIdent, PatType, Receiver, ReceiverKind, Signature, parse_quote,
};

use crate::expression;

/// The beginning of the names of parameters that have a pattern instead of a name.
const NUMBERED: &str = "__arg";

/// A signature and what its body must begin with.
pub(crate) struct Moved {
    pub(crate) signature: Signature,
    pub(crate) bindings: TokenStream,
}

/// Every name that attributes may use without a value.
pub(crate) fn scope(signature: &Signature) -> Vec<String> {
    let mut names = Names::default();
    for input in &signature.inputs {
        match input {
            FnArg::Receiver(_) => names.0.push(Ident::new("self", Span::call_site())),
            FnArg::Typed(typed) => names.visit_pat(&typed.pat),
        }
    }
    names.0.iter().map(|name| name.unraw().to_string()).collect()
}

/// Statements that use the parameters which `tokens` mention, as a body in a closure would.
pub(crate) fn mentioned(signature: &Signature, tokens: &TokenStream) -> TokenStream {
    let is_mentioned = |name: &&Ident| expression::mentions(tokens, &name.unraw().to_string());
    let mut statements = TokenStream::new();
    for input in &signature.inputs {
        let FnArg::Typed(typed) = input else { continue };
        let mut names = Names::default();
        names.visit_pat(&typed.pat);
        let cfgs: Vec<_> = typed.attrs.iter().filter(|it| is_cfg(it)).collect();
        let mentioned = names.0.iter().filter(is_mentioned);
        statements.extend(
            mentioned.map(|name| quote_spanned!(Span::mixed_site()=> #(#cfgs)* let _ = &#name;)),
        );
    }
    statements
}

/// Every name that a pattern binds.
pub(crate) fn bound(pattern: &Pat) -> Vec<String> {
    let mut names = Names::default();
    names.visit_pat(pattern);
    names.0.iter().map(|name| name.unraw().to_string()).collect()
}

/// Prepares the parameters for a body that runs in a closure of its own.
///
/// `used` are the expressions of the user's that run outside of it and may need the parameters.
// Input:  (mut a: A, _: B, (c, d): (C, D))
// Output: (a: A, __arg1: B, __arg2: (C, D))
//         let mut a = a; let __arg1 = __arg1; let __arg2 = __arg2; let (c, d) = __arg2;
pub(crate) fn moved(signature: &Signature, used: &TokenStream) -> Moved {
    let mut signature = signature.clone();
    let mut bindings = TokenStream::new();
    for (index, input) in signature.inputs.iter_mut().enumerate() {
        let binding = match input {
            FnArg::Receiver(receiver) => whole(receiver),
            FnArg::Typed(parameter) => Some(rebind(parameter, index, used)),
        };
        bindings.extend(binding);
    }
    Moved { signature, bindings }
}

/// Makes the body take all of a `self` by value: if it used one field only, the others would stay
/// outside and be dropped in another order.
fn whole(receiver: &Receiver) -> Option<TokenStream> {
    let this = &receiver.self_token;
    let is_value = !matches!(receiver.kind, ReceiverKind::Reference(..));
    is_value.then(|| quote_spanned!(Span::mixed_site()=> let _ = &#this;))
}

/// Binds one parameter anew; its pattern in the signature changes as needed.
fn rebind(parameter: &mut PatType, index: usize, used: &TokenStream) -> TokenStream {
    let (outer, inner) = divide(&parameter.attrs);
    parameter.attrs = outer;
    let mut names = Names::default();
    names.visit_pat(&parameter.pat);
    if names.0.iter().any(|it| expression::mentions(used, &it.unraw().to_string())) {
        return rebind_names(&mut parameter.pat, &names.0, &inner);
    }
    let (pattern, site) = (parameter.pat.clone(), Span::mixed_site());
    let Some(name) = simple(&pattern) else {
        let hidden = numbered(index);
        parameter.pat = parse_quote!(#hidden);
        return destructure(&pattern, &hidden, &inner);
    };
    let hidden = hidden(&name.ident, index);
    parameter.pat = parse_quote!(#hidden);
    if name.ident.to_string().starts_with('_') {
        // In a tuple, since clippy remarks on a plain binding of such a name.
        return quote_spanned!(site=> #(#inner)* let (#pattern,) = (#hidden,););
    }
    quote_spanned!(site=> #(#inner)* let #pattern = #hidden;)
}

/// For a parameter that attributes use: its names stay in sight for them.
fn rebind_names(pattern: &mut Pat, names: &[Ident], attributes: &[Attribute]) -> TokenStream {
    let patterns = rebound(pattern);
    QuietMut.visit_pat_mut(pattern);
    let cfgs: Vec<_> = attributes.iter().filter(|it| is_cfg(it)).collect();
    let names = patterns.iter().zip(names);
    names.map(|(pattern, name)| rebound_name(pattern, name, attributes, &cfgs)).collect()
}

/// The new binding of one name, which the attributes use: so it must not count as unused in the
/// body. Clippy remarks on two bindings of one name, unless the pattern is one of ours.
fn rebound_name(
    pattern: &TokenStream,
    name: &Ident,
    attributes: &[Attribute],
    cfgs: &[&Attribute],
) -> TokenStream {
    // At the user's place, which is where messages about the variable belong. Without parentheses,
    // clippy remarks on names of a `macro_rules!` macro.
    let any = quote_spanned!(name.span().resolved_at(Span::mixed_site())=> @ (_));
    quote_spanned!(Span::mixed_site()=>
        #(#attributes)*
        let #pattern #any = #name;
        #(#cfgs)*
        let _ = #name;
    )
}

/// For a pattern: the whole value first, as its parts that are not bound live as long.
fn destructure(pattern: &Pat, hidden: &Ident, attributes: &[Attribute]) -> TokenStream {
    let site = Span::mixed_site();
    let mutability = borrows_mutably(pattern).then(|| quote_spanned!(site=> mut));
    let cfgs = attributes.iter().filter(|it| is_cfg(it));
    let parts = (!matches!(pattern, Pat::Wild(_)))
        .then(|| quote_spanned!(site=> #(#attributes)* let #pattern = #hidden;));
    quote_spanned!(site=> #(#cfgs)* let #mutability #hidden = #hidden; #parts)
}

/// The parameter's own name, for documentation, but out of the body's sight: so the new binding
/// alone decides whether it is used.
fn hidden(name: &Ident, index: usize) -> Ident {
    if name.to_string().starts_with(NUMBERED) {
        return numbered(index);
    }
    let mut hidden = name.clone();
    hidden.set_span(hidden.span().resolved_at(Span::mixed_site()));
    hidden
}

fn numbered(index: usize) -> Ident {
    Ident::new(&format!("{NUMBERED}{index}"), Span::mixed_site())
}

/// What stays on the parameter and what goes to its new binding: lint levels belong to the binding
/// that can be unused, conditions to both.
fn divide(attributes: &[Attribute]) -> (Vec<Attribute>, Vec<Attribute>) {
    const LINT_LEVELS: [&str; 5] = ["allow", "expect", "warn", "deny", "forbid"];
    let is_lint = |it: &Attribute| LINT_LEVELS.iter().any(|level| it.path().is_ident(level));
    let outer = attributes.iter().filter(|it| !is_lint(it)).cloned().collect();
    let inner = attributes.iter().filter(|it| is_lint(it) || is_cfg(it)).cloned().collect();
    (outer, inner)
}

fn is_cfg(attribute: &Attribute) -> bool {
    attribute.path().is_ident("cfg") || attribute.path().is_ident("cfg_attr")
}

fn simple(pattern: &Pat) -> Option<&PatIdent> {
    match pattern {
        Pat::Ident(it) if it.by_ref.is_none() && it.subpat.is_none() => Some(it),
        _ => None,
    }
}

/// One pattern a variable, with the `mut` that the user gave it.
fn rebound(pattern: &Pat) -> Vec<TokenStream> {
    #[derive(Default)]
    struct Patterns(Vec<TokenStream>);
    impl<'ast> Visit<'ast> for Patterns {
        fn visit_pat_ident(&mut self, it: &'ast PatIdent) {
            let mutability = it.mutability.filter(|_| it.by_ref.is_none());
            let name = &it.ident;
            self.0.push(quote!(#mutability #name));
            visit::visit_pat_ident(self, it);
        }
    }
    let mut patterns = Patterns::default();
    patterns.visit_pat(pattern);
    patterns.0
}

fn borrows_mutably(pattern: &Pat) -> bool {
    struct RefMut(bool);
    impl<'ast> Visit<'ast> for RefMut {
        fn visit_pat_ident(&mut self, it: &'ast PatIdent) {
            self.0 |= it.by_ref.is_some() && it.mutability.is_some();
            visit::visit_pat_ident(self, it);
        }
    }
    let mut search = RefMut(false);
    search.visit_pat(pattern);
    search.0
}

/// The variables of patterns, in the order they are bound.
#[derive(Default)]
struct Names(Vec<Ident>);

impl<'ast> Visit<'ast> for Names {
    fn visit_pat_ident(&mut self, it: &'ast PatIdent) {
        self.0.push(it.ident.clone());
        visit::visit_pat_ident(self, it);
    }
}

/// Keeps the `mut` of variables from the remark that it is not needed: the new binding inside gets
/// it.
struct QuietMut;

impl VisitMut for QuietMut {
    fn visit_pat_ident_mut(&mut self, it: &mut PatIdent) {
        if let Some(mutability) = &mut it.mutability {
            mutability.span = mutability.span.resolved_at(Span::mixed_site());
        }
        visit_mut::visit_pat_ident_mut(self, it);
    }
}
