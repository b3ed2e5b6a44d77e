//! How a report begins around a body.
//!
//! In: the pieces of the attribute that reports. Out: statements before the body.
//! Never: looks at the result.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;

use super::pieces::{ReportPieces, report, report_type, room};
use crate::expression;
use crate::paths::Paths;

impl ReportPieces {
    /// The type of the report.
    pub(super) fn ty(&self, paths: &Paths) -> TokenStream {
        let (private, words) = (paths.private(), room(self.values));
        quote_spanned!(Span::mixed_site()=> #private::Report<#words>)
    }

    /// The beginning of an inert report.
    pub(super) fn open(&self, is_plain: bool, paths: &Paths) -> TokenStream {
        let (private, entry) = (paths.private(), &self.entry);
        let (site, begin) = (self.site(paths), begin(is_plain, paths));
        let run = expression::run_if(
            &quote_spanned!(Span::mixed_site()=> #private::is_reporting(__spanwright_site)),
            &quote_spanned!(Span::mixed_site()=> #begin #entry),
        );
        quote_spanned!(Span::mixed_site()=> #site #run)
    }

    /// The beginning for statements that never run.
    pub(super) fn dead_entry(&self, is_plain: bool, paths: &Paths) -> TokenStream {
        let (site, declare, begin) = (self.site(paths), declare(paths), begin(is_plain, paths));
        let entry = &self.entry;
        quote_spanned!(Span::mixed_site()=> #site #declare #begin #entry)
    }

    fn site(&self, paths: &Paths) -> TokenStream {
        let (private, site) = (paths.private(), &self.site);
        quote_spanned!(Span::mixed_site()=>
            let __spanwright_site: &'static #private::Site = #site;
        )
    }
}

fn begin(is_plain: bool, paths: &Paths) -> TokenStream {
    let (report, ty, site) = (report(), report_type(paths), Span::mixed_site());
    let method = Ident::new(if is_plain { "open" } else { "start" }, site);
    quote_spanned!(site=> #ty::#method(#report, __spanwright_site);)
}

/// A report for statements that never run.
pub(super) fn declare(paths: &Paths) -> TokenStream {
    let (private, report) = (paths.private(), report());
    quote_spanned!(Span::mixed_site()=> let #report = &mut #private::Report::<0>::new();)
}
