//! `record!`: attributes for the span that is current.
//!
//! In: a list of fields. Out: an expression of type `()`. Never: makes a span.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::parse::{ParseStream, Parser};
use syn::{Path, Token};

use crate::Mode;
use crate::callsite::{Callsite, Kind, Level};
use crate::errors::Errors;
use crate::field::{self, Field};
use crate::paths::Paths;

/// Expands the macro.
// Input:  user.tier = tier
// Output: {
//             let callsite = const { &Callsite { … } };
//             let mut amendment = Amendment::<6>::new(callsite);
//             if amendment.is_recording() { Recorder::record(&mut amendment, 0, &tier); }
//             amendment.send();
//         }
pub(crate) fn expand(input: TokenStream, mode: Mode) -> TokenStream {
    let mut errors = Errors::default();
    let (root, list) = root.parse2(input).unwrap_or_else(|error| {
        errors.absorb(error);
        (None, TokenStream::new())
    });
    let fields = field::parse(list, &mut errors);
    field::check_repeated(&fields, &mut errors);
    if let Some(errors) = errors.finish() {
        return quote_spanned!(Span::mixed_site()=> { #errors });
    }
    emit(&fields, &Paths::new(root), mode)
}

/// Takes `crate = path;` off the front.
fn root(input: ParseStream) -> syn::Result<(Option<Path>, TokenStream)> {
    if !(input.peek(Token![crate]) && input.peek2(Token![=])) {
        return Ok((None, input.parse()?));
    }
    input.parse::<Token![crate]>()?;
    input.parse::<Token![=]>()?;
    let path = input.call(Path::parse_mod_style)?;
    input.parse::<Token![;]>()?;
    Ok((Some(path), input.parse()?))
}

fn emit(fields: &[Field], paths: &Paths, mode: Mode) -> TokenStream {
    let site = Span::mixed_site();
    let private = paths.private();
    let mut callsite = Callsite {
        name: quote_spanned!(site=> ""),
        target: None,
        function: String::new(),
        place: Span::call_site(),
        level: Level::INFO,
        kind: Kind::INTERNAL,
        keys: Vec::new(),
    };
    callsite.add_keys(fields);
    let (words, constant) = ((fields.len() * 6).min(48), callsite.tokens(paths));
    let amendment = Ident::new("__spanwright_amendment", site);
    let record = field::record(fields, &amendment, 0, paths);
    let statements = quote_spanned!(site=>
        let __spanwright_callsite: &'static #private::Callsite = #constant;
        let mut #amendment = #private::Amendment::<#words>::new(__spanwright_callsite);
        if #amendment.is_recording() { #record }
        #amendment.send();
    );
    match mode {
        Mode::Live => quote_spanned!(site=> { #statements }),
        Mode::Off => quote_spanned!(site=> { if false { #statements } }),
    }
}
