//! The function of a build that is off: the bare one, with its attributes type-checked.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::Type;

use super::{Writer, block, needs_check};
use crate::function::{self, Output, Shape};
use crate::parameters;

impl Writer<'_> {
    /// The function as it was, and one statement that never runs but has the pieces type-checked.
    // Input:  fields(user.id = user.id)
    // Output: { let _ = || { …; frame.record(0, &user.id); }; { the body } }
    pub(super) fn unrecorded(&self) -> TokenStream {
        let site = Span::mixed_site();
        let entry = self.joined.dead_entry(self.is_plain(), self.paths);
        let Some(result) = self.seen_result() else {
            return self.function(
                &self.function.signature,
                &quote_spanned!(site=> let _ = || { #entry };),
                &block(&self.function.body),
            );
        };
        let judge = self.unjudged();
        if function::has_unnameable(&result) {
            let close = quote_spanned!(site=> if false { #judge });
            return self.around(&quote_spanned!(site=> if false { #entry }), &close);
        }
        let (option, private) = (self.option(), &self.private);
        let used_up = parameters::used_up(&self.function.signature, &judge);
        let check = if self.function.shape() == Shape::ByType {
            let finish = self.finish_by_type(&self.judge(None, &judge));
            quote_spanned!(site=>
                if let #option::Some(__spanwright_returned) = #option::None::<#result> {
                    let __spanwright_running = ();
                    let _ = { #finish };
                }
            )
        } else {
            quote_spanned!(site=>
                if let #option::Some(__spanwright_result) = #option::None::<#result> { #judge }
            )
        };
        // A closure that nothing calls. What uses parameters up cannot be in one, and never ends
        // instead, so that the body may use them.
        let check = if used_up.is_empty() {
            quote_spanned!(site=> let _ = || { #entry #check };)
        } else {
            quote_spanned!(site=> if false { #entry #used_up #check #private::unreachable(); })
        };
        self.function(&self.function.signature, &check, &block(&self.function.body))
    }

    /// The look at the result of the pieces that never run.
    fn unjudged(&self) -> TokenStream {
        let declare = self.joined.declare(self.is_plain(), self.paths);
        let judge = self.joined.judge(true, self.paths);
        quote_spanned!(Span::mixed_site()=> #declare #judge)
    }

    /// The type of the result if the user's expressions look at it, or the compiler has to.
    fn seen_result(&self) -> Option<Type> {
        if !self.joined.sees_result() && !needs_check(self.function) {
            return None;
        }
        match self.function.output() {
            Output::Never => None,
            output => Some(output.ty()),
        }
    }
}
