//! `record!`: attributes, annotations and metadata for the span that is current.
//!
//! In: a list of fields and of lists. Out: an expression of type `()`. Never: makes a span.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::token::Paren;
use syn::{Path, Token, parenthesized};

use crate::callsite::Callsite;
use crate::errors::Errors;
use crate::field::{self, Field, Mark, Metadata};
use crate::paths::Paths;
use crate::when::When;
use crate::{Mode, args, suggest};

/// The lists that may stand among the fields.
const LISTS: &[&str] = &["annotations", "metadata"];

/// Expands the macro.
// Input:  user.tier = tier, annotations(plan = plan)
// Output: {
//             let callsite = const { &Callsite { … } };
//             let mut amendment = Amendment::<12>::new(callsite);
//             if Amendment::is_recording(&amendment) { Recorder::record(&mut amendment, 0, &tier); }
//             if Amendment::is_segment(&amendment) { Recorder::record(&mut amendment, 1, &plan); }
//             Amendment::send(amendment);
//         }
pub(crate) fn expand(input: TokenStream, mode: Mode) -> TokenStream {
    let mut errors = Errors::default();
    let (root, list) = root.parse2(input).unwrap_or_else(|error| {
        errors.absorb(error);
        (None, TokenStream::new())
    });
    let written = Written::parse(list, &mut errors);
    if let Some(errors) = errors.finish() {
        return quote_spanned!(Span::mixed_site()=> { #errors });
    }
    written.emit(&Paths::new(root), mode)
}

/// What was written.
#[derive(Default)]
struct Written {
    attributes: Vec<Field>,
    /// Annotations, then metadata.
    of_segment: Vec<Field>,
}

impl Written {
    fn parse(tokens: TokenStream, errors: &mut Errors) -> Self {
        let (mut written, mut metadata) = (Self::default(), Metadata::default());
        args::separated(tokens, errors, |input, errors| {
            match list(input)? {
                Some((word, tokens)) if word == "metadata" => {
                    metadata.add(word.span(), tokens, errors);
                }
                Some((_, tokens)) => {
                    written.of_segment.extend(field::parse(tokens, &Mark::Annotation, errors));
                }
                None => written.attributes.push(Field::parse(input, &Mark::Attribute, errors)?),
            }
            Ok(())
        });
        written.of_segment.extend(metadata.into_fields());
        let fields = || written.attributes.iter().chain(&written.of_segment);
        field::check_repeated(fields(), errors);
        field::check_annotations(fields(), errors);
        written
    }

    fn emit(&self, paths: &Paths, mode: Mode) -> TokenStream {
        let (private, site) = (paths.private(), Span::mixed_site());
        let Self { attributes, of_segment } = self;
        let mut callsite = Callsite::at(Span::call_site(), quote_spanned!(site=> ""));
        let amendment = Ident::new("__spanwright_amendment", site);
        let ty = quote_spanned!(site=> #private::Amendment);
        let mut record = |fields: &[Field], when: When| {
            let first = callsite.add_keys(fields);
            when.run((&ty, &amendment), &field::record(fields, &amendment, first, paths))
        };
        let attributes = record(attributes, When::Recorded);
        let of_segment = record(of_segment, When::InSegment);
        let (words, callsite) = ((callsite.count_keys() * 6).min(48), callsite.tokens(paths));
        let statements = quote_spanned!(site=>
            let __spanwright_callsite: &'static #private::Callsite = #callsite;
            let #amendment = &mut #ty::<#words>::new(__spanwright_callsite);
            #attributes
            #of_segment
            #ty::send(#amendment);
        );
        if mode == Mode::Live {
            quote_spanned!(site=> { #statements })
        } else {
            quote_spanned!(site=> { if false { #statements } })
        }
    }
}

/// Takes `annotations(..)` or `metadata(..)` off the front.
fn list(input: ParseStream) -> syn::Result<Option<(Ident, TokenStream)>> {
    if !(input.peek(Ident::peek_any) && input.peek2(Paren)) {
        return Ok(None);
    }
    let word = input.fork().call(Ident::parse_any)?;
    let text = word.to_string();
    let Some(near) = suggest::nearest(&text, LISTS.iter().copied()) else { return Ok(None) };
    if near != text {
        return Err(syn::Error::new(word.span(), format!("did you mean `{near}(..)`?")));
    }
    input.call(Ident::parse_any)?;
    let tokens;
    parenthesized!(tokens in input);
    Ok(Some((word, tokens.parse()?)))
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
