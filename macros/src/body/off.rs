//! The function of a build that is off: the bare one, with its attributes type-checked.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::Type;

use super::judge::check_value;
use super::{Writer, block};
use crate::function::{Output, Shape, has_unnameable};
use crate::parameters;

impl Writer<'_> {
    /// The function as it was, and one statement that never runs but has the pieces type-checked.
    // Input:  fields(user.id = user.id)
    // Output: { let _ = || { …; frame.record(0, &user.id); }; { the body } }
    pub(super) fn unrecorded(&self) -> TokenStream {
        let site = Span::mixed_site();
        let entry = self.joined.dead_entry(self.is_plain(), self.paths);
        let Some(result) = self.seen_result() else {
            return self.checked(&quote_spanned!(site=> let _ = || { #entry };));
        };
        let (option, judge, shape) = (self.option(), self.unjudged(), self.function.shape());
        let returned = self.function.returned();
        let is_opaque = match shape {
            Shape::Plain | Shape::Async | Shape::ByType => has_unnameable(&result),
            Shape::Future { .. } => has_unnameable(&returned),
        };
        if is_opaque {
            let close = quote_spanned!(site=> if false { #judge });
            return self.around(&quote_spanned!(site=> if false { #entry }), &close);
        }
        let covered = match shape {
            Shape::Plain | Shape::Async => {
                return self.checked(&quote_spanned!(site=> let _ = || {
                    #entry
                    if let #option::Some(__spanwright_result) = #option::None::<#result> { #judge }
                };));
            }
            Shape::ByType => self.finish_by_type(&self.judge(None, &judge)),
            Shape::Future { boxed } => self.covered(&judge, boxed),
        };
        // Returned, so that the compiler demands the lifetimes and auto traits of the signature.
        let exit = quote_spanned!(self.late_place()=> return { #covered };);
        self.checked(&quote_spanned!(site=> if false {
            #entry
            if let #option::Some(__spanwright_returned) = #option::None::<#returned> {
                let __spanwright_running = ();
                #exit
            }
        }))
    }

    /// The function with a statement that never runs before its body.
    fn checked(&self, statement: &TokenStream) -> TokenStream {
        let signature = &self.function.signature;
        let is_inline = self.is_plain() && self.is_guarded();
        // A body in a closure needs all parameters, so the attributes must leave them there.
        let kept = (!is_inline).then(|| parameters::mentioned(signature, &self.used()));
        self.function(
            signature,
            &quote_spanned!(Span::mixed_site()=> #statement #kept),
            &block(&self.function.body),
        )
    }

    /// The look at the result of the pieces that never run; without pieces that see it, only its
    /// type is looked at.
    fn unjudged(&self) -> TokenStream {
        if !self.joined.sees_result() {
            let value = self.value_place().map(|place| check_value(place, self.paths));
            return value.unwrap_or_default();
        }
        let declare = self.joined.declare(self.is_plain(), self.paths);
        let judge = self.joined.judge(true, self.value_place(), self.paths);
        quote_spanned!(Span::mixed_site()=> #declare #judge)
    }

    /// The type of the result if the user's expressions look at it, or the compiler has to.
    fn seen_result(&self) -> Option<Type> {
        if !self.joined.sees_result() && !self.function.needs_check() {
            return None;
        }
        match self.function.output() {
            Output::Never => None,
            output => Some(output.ty()),
        }
    }
}
