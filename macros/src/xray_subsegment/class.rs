//! `err = ..`: how a failure counts.
//!
//! In: a word, or a function of the error. Out: the statement for the way of failure.
//! Never: changes whether a call has failed.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{Expr, ExprLit};

use crate::args::{self, Arg};
use crate::body::{self, ResultPiece};
use crate::callsite::{Words, choose, variant};
use crate::errors::Errors;
use crate::expression;
use crate::field;
use crate::paths::Paths;

const FAILURES: Words =
    &[("fault", "Fault"), ("error", "Error"), ("throttle", "Throttle"), ("ignore", "Ignored")];

/// How a failure counts.
pub(super) struct Classification {
    /// The word `err`, where it stands.
    word: Ident,
    by: By,
}

enum By {
    /// Always the same: a variant of the runtime's type.
    Word(&'static str),
    /// What a function says of the error.
    Function(Expr),
}

impl Classification {
    /// Reads `err = "error"` or `err = |err| err.failure()`.
    pub(super) fn parse(arg: Arg, errors: &mut Errors) -> Option<Self> {
        let word = Ident::new(arg.key, arg.span);
        let expression = arg.expression("err = \"error\"", errors)?;
        let text = args::text(&expression);
        if text.is_some() || matches!(expression, Expr::Lit(ExprLit { .. })) {
            let variant = choose(FAILURES, "a kind of failure", &expression, text, errors)?;
            return Some(Self { word, by: By::Word(variant) });
        }
        expression::check_stays_inside(&expression, expression::LATE, errors);
        Some(Self { word, by: By::Function(expression) })
    }

    /// The word `err`, where it stands.
    pub(super) fn word(&self) -> &Ident {
        &self.word
    }

    /// Everything the user wrote that is worked out at run time.
    pub(super) fn expressions(&self) -> TokenStream {
        match &self.by {
            By::Word(_) => TokenStream::new(),
            By::Function(function) => function.to_token_stream(),
        }
    }

    /// The statement for a call that failed.
    // Input:  |err| err.failure()
    // Output: guard_attributes(|| { frame.set_error_class(classify(error, |err| err.failure())); });
    pub(super) fn piece(&self, paths: &Paths) -> ResultPiece {
        let (private, frame, site) = (paths.private(), body::frame(), Span::mixed_site());
        let statements = match &self.by {
            By::Word(word) => {
                let failure = variant(&private, "ErrorClass", word);
                quote_spanned!(site=> #private::Frame::set_error_class(&mut #frame, #failure);)
            }
            By::Function(function) => {
                let set = quote_spanned!(site=>
                    #private::Frame::set_error_class(
                        &mut #frame,
                        #private::classify::<_, #private::ErrorClass>(__spanwright_error, #function),
                    );
                );
                field::guarded(&set, paths)
            }
        };
        ResultPiece { binding: None, statements }
    }
}
