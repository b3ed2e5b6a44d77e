//! All attributes of ours on one function, joined into one expansion.
//!
//! In: the outermost attribute and the item under it. Out: the function with one thing around it,
//! the same for every order of the attributes. Never: knows what an attribute means.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Meta, Path};

use crate::body::{self, Joined, ReportPieces, SpanPieces};
use crate::callsite::{Callsite, Takers};
use crate::errors::Errors;
use crate::field;
use crate::function::{self, Function};
use crate::paths::Paths;
use crate::{Mode, parameters, report_errors, traced, xray_subsegment};

/// The attributes that are expanded together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Attribute {
    Traced,
    Subsegment,
    Report,
}

/// Every attribute by the name that it is found by on a function.
const NAMES: &[(&str, Attribute)] = &[
    ("traced", Attribute::Traced),
    ("xray_subsegment", Attribute::Subsegment),
    ("report_errors", Attribute::Report),
];

/// The name of the crate that attributes are reached by, wherever the user has not renamed it.
const CRATE: &str = "spanwright";

/// The argument of an attribute whose work another one has done.
const JOINED: &str = "__spanwright_joined";

/// Expands the outermost attribute and those that stand below it.
// Input:  #[traced(fields(user.id))] #[xray_subsegment(annotations(limit))]
//         fn home(user: &User, limit: u32) -> Page { … }
// Output: fn home(user: &User, limit: u32) -> Page {
//             let callsite = const { &Callsite { … } };
//             let mut frame = Frame::<12>::new();
//             if is_enabled(callsite) {
//                 frame.enter(callsite);
//                 if frame.is_recording() { Recorder::record(&mut frame, 0, &user.id); }
//                 if frame.is_segment() { Recorder::record(&mut frame, 1, &limit); }
//             }
//             let result = call(move || -> Page { let user = user; let limit = limit; { … } });
//             if frame.is_recording() { match (&&Judge(&result)).split() { … } }
//             frame.finish();
//             result
//         }
//
// With #[report_errors] there is a report beside the frame, which is opened behind it, looks at the
// same result, and is closed before it.
pub(crate) fn expand(
    outermost: Attribute,
    args: TokenStream,
    item: &TokenStream,
    mode: Mode,
) -> TokenStream {
    if args.to_string() == JOINED {
        return TokenStream::new();
    }
    let mut errors = Errors::default();
    let mut written = Written::default();
    let mut attributes = args.clone();
    written.add(outermost, args, &mut errors);
    let mut function = Function::parse(item.clone(), outermost.owner(), &mut errors);
    let plan = function.as_mut().map(|function| {
        let siblings = function.attributes.iter().map(|it| it.meta.to_token_stream());
        attributes.extend(siblings);
        written.take_siblings(function, &mut errors);
        Plan::new(written, function, &mut errors)
    });
    match (errors.finish(), function, plan) {
        // Each sibling finds for itself that there is nothing to add.
        (None, Some(function), Some(plan)) => {
            if plan.is_nothing(mode) && !function.needs_check() {
                return item.clone();
            }
            plan.expand(&function, mode)
        }
        // Without the siblings, which would repeat their mistakes.
        (errors, Some(mut function), _) => {
            // No parameter is to be called unused because the attribute that uses it is gone.
            function.items.extend(parameters::mentioned(&function.signature, &attributes));
            quote!(#errors #function)
        }
        (errors, ..) if function::is_closure(item) => quote!(#errors),
        (errors, ..) => quote!(#errors #item),
    }
}

/// What was written, by whichever attribute.
#[derive(Default)]
struct Written {
    traced: Option<traced::Args>,
    subsegment: Option<xray_subsegment::Args>,
    report: Option<report_errors::Args>,
}

/// What is meant, by all attributes together.
struct Plan {
    callsite: Callsite,
    traced: Option<traced::Plan>,
    subsegment: Option<xray_subsegment::Plan>,
    report: Option<report_errors::Plan>,
    paths: Paths,
}

impl Attribute {
    /// How errors call it.
    fn owner(self) -> &'static str {
        match self {
            Self::Traced => traced::OWNER,
            Self::Subsegment => xray_subsegment::OWNER,
            Self::Report => report_errors::OWNER,
        }
    }

    /// The attribute of ours that was written, where the outermost one said that the runtime is at
    /// `root`: a bare name, one below `spanwright` or `root`, or one that says the same `root`. Any
    /// other path may lead to another crate's attribute of this name, and is left alone.
    fn of(written: &syn::Attribute, root: Option<&Path>) -> Option<Self> {
        let path = written.path();
        let name = &path.segments.last()?.ident;
        let (_, attribute) = NAMES.iter().find(|(known, _)| name == known)?;
        let is_ours = path.get_ident().is_some()
            || path.segments.first().is_some_and(|first| first.ident == CRATE)
            || root.is_some_and(|root| is_below(path, root) || says(*attribute, written, root));
        is_ours.then_some(*attribute)
    }
}

/// Whether a path is that of something right in `module`.
fn is_below(path: &Path, module: &Path) -> bool {
    let names = |path: &Path| path.segments.iter().map(|it| it.ident.clone()).collect::<Vec<_>>();
    names(path).split_last().is_some_and(|(_, above)| above == names(module))
}

/// Whether an attribute has the argument `crate = root`.
fn says(attribute: Attribute, written: &syn::Attribute, root: &Path) -> bool {
    let Meta::List(list) = &written.meta else { return false };
    // Whose the attribute is, is not known yet, so its mistakes are not ours to report.
    let mut ignored = Errors::default();
    let mut alone = Written::default();
    alone.add(attribute, list.tokens.clone(), &mut ignored);
    let said = alone.root(&mut ignored);
    ignored.finish();
    said.is_some_and(|said| {
        said.to_token_stream().to_string() == root.to_token_stream().to_string()
    })
}

impl Written {
    fn add(&mut self, attribute: Attribute, args: TokenStream, errors: &mut Errors) {
        match attribute {
            Attribute::Traced => self.traced = Some(traced::Args::parse(args, errors)),
            Attribute::Subsegment => {
                self.subsegment = Some(xray_subsegment::Args::parse(args, errors));
            }
            Attribute::Report => self.report = Some(report_errors::Args::parse(args, errors)),
        }
    }

    fn has(&self, attribute: Attribute) -> bool {
        match attribute {
            Attribute::Traced => self.traced.is_some(),
            Attribute::Subsegment => self.subsegment.is_some(),
            Attribute::Report => self.report.is_some(),
        }
    }

    /// Takes the attributes of ours off the function.
    fn take_siblings(&mut self, function: &mut Function, errors: &mut Errors) {
        let root = self.root(errors);
        for attribute in std::mem::take(&mut function.attributes) {
            match Attribute::of(&attribute, root.as_ref()) {
                Some(sibling) => {
                    function.items.extend(used(attribute.path()));
                    self.add_sibling(sibling, &attribute, errors);
                }
                None => function.attributes.push(attribute),
            }
        }
    }

    fn add_sibling(&mut self, sibling: Attribute, written: &syn::Attribute, errors: &mut Errors) {
        let (owner, path) = (sibling.owner(), written.path());
        if self.has(sibling) {
            return errors.on(path, format!("{owner} is on this function already"));
        }
        match &written.meta {
            Meta::Path(_) => self.add(sibling, TokenStream::new(), errors),
            Meta::List(list) => self.add(sibling, list.tokens.clone(), errors),
            Meta::NameValue(_) => {
                errors.on(written, format!("{owner} takes its arguments in parentheses"));
            }
        }
    }

    /// Where the runtime is, which any of the attributes may say.
    fn root(&self, errors: &mut Errors) -> Option<Path> {
        let traced = self.traced.as_ref().and_then(|it| it.root.as_ref());
        let subsegment = self.subsegment.as_ref().and_then(|it| it.root.as_ref());
        let report = self.report.as_ref().and_then(|it| it.root.as_ref());
        let mut roots = [traced, subsegment, report].into_iter().flatten();
        let first = roots.next()?;
        let said = first.to_token_stream().to_string();
        for other in roots.filter(|other| other.to_token_stream().to_string() != said) {
            errors.on(other, format!("`crate` is `{said}` in another attribute of this function"));
        }
        Some(first.clone())
    }
}

/// An item of no code that names an attribute which was taken off: so its import counts as used, it
/// has to be there, and an editor finds it.
// Output: #[xray_subsegment(__spanwright_joined)] const _: () = ();
fn used(path: &Path) -> TokenStream {
    let (site, mark) = (Span::mixed_site(), Ident::new(JOINED, Span::mixed_site()));
    quote_spanned!(site=> #[#path(#mark)] const _: () = ();)
}

impl Plan {
    fn new(written: Written, function: &Function, errors: &mut Errors) -> Self {
        let paths = Paths::new(written.root(errors));
        function.check_future(errors);
        let mut callsite = Callsite::of(function);
        callsite.takers = match (&written.traced, &written.subsegment) {
            (Some(_), Some(_)) => Takers::All,
            (None, Some(_)) => Takers::Segments,
            _ => Takers::OfKind,
        };
        let traced =
            written.traced.map(|args| traced::Plan::new(args, function, &mut callsite, errors));
        let subsegment = written
            .subsegment
            .map(|args| xray_subsegment::Plan::new(args, function, &mut callsite, errors));
        let report = written.report.map(|args| report_errors::Plan::new(args, function, errors));
        let plan = Self { callsite, traced, subsegment, report, paths };
        plan.check_annotations(errors);
        plan
    }

    /// Annotations of all attributes are one set.
    fn check_annotations(&self, errors: &mut Errors) {
        let traced = self.traced.iter().flat_map(traced::Plan::fields);
        let subsegment = self.subsegment.iter().flat_map(xray_subsegment::Plan::fields);
        field::check_annotations(traced.chain(subsegment), errors);
    }

    fn expand(&self, function: &Function, mode: Mode) -> TokenStream {
        let is_live = mode == Mode::Live;
        let span = (is_live || !self.is_span_literal()).then(|| self.span_pieces()).flatten();
        let report = (is_live || !self.is_report_literal()).then(|| self.report_pieces()).flatten();
        body::expand(function, &Joined { span, report }, mode, &self.paths)
    }

    fn span_pieces(&self) -> Option<SpanPieces> {
        let paths = &self.paths;
        let traced = self.traced.as_ref().map(|plan| plan.pieces(paths));
        let subsegment = self.subsegment.as_ref().map(|plan| plan.pieces(paths));
        let pieces: Vec<_> = traced.into_iter().chain(subsegment).collect();
        let callsite = self.callsite.tokens(paths);
        (!pieces.is_empty()).then_some(SpanPieces { callsite, pieces })
    }

    fn report_pieces(&self) -> Option<ReportPieces> {
        let has_event = self.traced.as_ref().is_some_and(traced::Plan::has_event);
        Some(self.report.as_ref()?.pieces(&self.callsite, has_event, &self.paths))
    }

    /// True if there is nothing to record and nothing that only the compiler can check.
    fn is_nothing(&self, mode: Mode) -> bool {
        mode == Mode::Off && self.is_span_literal() && self.is_report_literal()
    }

    fn is_span_literal(&self) -> bool {
        !self.paths.is_given()
            && self.traced.as_ref().is_none_or(traced::Plan::is_literal)
            && self.subsegment.as_ref().is_none_or(xray_subsegment::Plan::is_literal)
    }

    fn is_report_literal(&self) -> bool {
        !self.paths.is_given() && self.report.as_ref().is_none_or(report_errors::Plan::is_literal)
    }
}

#[cfg(test)]
mod tests;
