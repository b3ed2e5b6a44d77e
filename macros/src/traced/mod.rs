//! `#[traced]`: a span around every call.
//!
//! In: the attribute's arguments and the function under it. Out: the function, traced.
//! Never: records an argument that nobody asked for.

mod sections;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Expr, ExprPath, LitStr, Path};

use crate::args::{self, Arg, Grammar};
use crate::body::{self, Pieces};
use crate::callsite::{Callsite, Kind, Level};
use crate::errors::Errors;
use crate::expression;
use crate::field::{self, Field};
use crate::function::{self, Function};
use crate::paths::Paths;
use crate::{Mode, parameters};
use sections::Sections;

/// How errors call the attribute.
const OWNER: &str = "`#[traced]`";

const GRAMMAR: Grammar = Grammar {
    owner: OWNER,
    keys: &[
        "name", "target", "level", "kind", "parent", "fields", "include", "ok", "err", "ret",
        "enabled", "crate", "skip_all",
    ],
    hints: &[
        (
            "skip",
            "arguments are not captured by default; drop `skip`, or name what to record with \
             `include(..)`",
        ),
        ("late", "a value known late needs no declaration; write it with `record!` in the body"),
        ("include_all", "name the arguments to record: `include(order_id, tenant)`"),
        (
            "follows_from",
            "links are made in the body: `spanwright::current().add_link(context, &[])`; a span to \
             begin under is `parent = ..`",
        ),
    ],
};

/// Expands the attribute.
// Input:  #[traced(fields(user.id = user.id))] fn home(user: &User) -> Page { … }
// Output: fn home(user: &User) -> Page {
//             let callsite = const { &Callsite { … } };
//             let mut frame = Frame::<6>::new();
//             if is_enabled(callsite) {
//                 frame.enter(callsite);
//                 if frame.is_recording() { Recorder::record(&mut frame, 0, &user.id); }
//             }
//             let result = call(move || -> Page { let user = user; { … } });
//             if frame.is_recording() { match (&&Judge(&result)).split() { … } }
//             frame.finish();
//             result
//         }
pub(crate) fn expand(args: TokenStream, item: &TokenStream, mode: Mode) -> TokenStream {
    let mut errors = Errors::default();
    let args = Args::parse(args, &mut errors);
    let function = Function::parse(item.clone(), OWNER, &mut errors);
    let plan = function.as_ref().map(|it| Plan::new(args, it, &mut errors));
    match (errors.finish(), function, plan) {
        (None, Some(function), Some(plan)) => plan.expand(&function, mode),
        (errors, ..) => quote!(#errors #item),
    }
}

/// What was written.
#[derive(Default)]
struct Args {
    name: Option<Expr>,
    target: Option<Expr>,
    level: Option<Level>,
    kind: Option<Kind>,
    parent: Option<Expr>,
    enabled: Option<Expr>,
    root: Option<Path>,
    fields: Vec<Field>,
    include: Vec<Field>,
    sections: Sections,
}

/// What is meant.
struct Plan {
    callsite: Callsite,
    parent: Option<Expr>,
    enabled: Option<Expr>,
    fields: Vec<Field>,
    sections: Sections,
    paths: Paths,
}

impl Args {
    fn parse(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut args = Self::default();
        for arg in args::parse(tokens, &GRAMMAR, errors) {
            args.add(arg, errors);
        }
        args
    }

    fn add(&mut self, arg: Arg, errors: &mut Errors) {
        match arg.key {
            "name" => self.name = constant(arg, "name = \"checkout\"", errors),
            "target" => self.target = constant(arg, "target = \"billing\"", errors),
            "level" => {
                let level = arg.expression("level = \"debug\"", errors);
                self.level = level.and_then(|it| Level::parse(&it, errors));
            }
            "kind" => {
                let kind = arg.expression("kind = \"server\"", errors);
                self.kind = kind.and_then(|it| Kind::parse(&it, errors));
            }
            "parent" => self.parent = checked(arg, "parent = &span", errors),
            "enabled" => self.enabled = checked(arg, "enabled = config.tracing", errors),
            "crate" => self.root = path(arg, errors),
            "fields" => {
                let list = arg.list("fields(user.id = user.id)", errors);
                self.fields = field::parse(list.unwrap_or_default(), errors);
            }
            "include" => {
                let list = arg.list("include(order_id, tenant)", errors);
                self.include = field::parse(list.unwrap_or_default(), errors);
                check_included(&self.include, errors);
            }
            "skip_all" => arg.flag(errors),
            _ => self.sections.add(arg, errors),
        }
    }
}

/// What is known at compile time is a text or a constant, and not empty.
fn constant(arg: Arg, example: &str, errors: &mut Errors) -> Option<Expr> {
    let key = arg.key;
    let expression = arg.expression(example, errors)?;
    if args::text(&expression).is_some_and(|text| text.trim().is_empty()) {
        errors.on(&expression, format!("`{key}` cannot be empty"));
        return None;
    }
    if !matches!(expression, Expr::Lit(_) | Expr::Path(_) | Expr::Macro(_) | Expr::Group(_)) {
        errors.on(
            &expression,
            format!("`{key}` is fixed at compile time: write a text or the path of a constant"),
        );
        return None;
    }
    Some(expression)
}

/// An expression that does not leave the function.
fn checked(arg: Arg, example: &str, errors: &mut Errors) -> Option<Expr> {
    let expression = arg.expression(example, errors)?;
    expression::check_stays_inside(&expression, errors);
    Some(expression)
}

fn path(arg: Arg, errors: &mut Errors) -> Option<Path> {
    match arg.expression("crate = my_facade::spanwright", errors)? {
        Expr::Path(ExprPath { qself: None, path, .. }) => Some(path),
        other => {
            errors.on(other, "expected a path: `crate = my_facade::spanwright`");
            None
        }
    }
}

/// `include` names arguments; values belong into `fields`.
fn check_included(fields: &[Field], errors: &mut Errors) {
    for field in fields.iter().filter(|field| field.shorthand.is_none()) {
        errors.on(
            field.key.place(),
            "`include` only names arguments; a key with a value belongs into `fields(..)`",
        );
    }
}

impl Plan {
    fn new(args: Args, function: &Function, errors: &mut Errors) -> Self {
        let Args { fields, include, mut sections, .. } = args;
        let explicit = |it: &Field| fields.iter().any(|field| field.key.text() == it.key.text());
        let included = include.into_iter().filter(|it| !explicit(it)).collect::<Vec<_>>();
        let fields: Vec<Field> = included.into_iter().chain(fields).collect();
        field::check_scope(&fields, &parameters::scope(&function.signature), errors);
        sections.check(&fields, function, errors);
        check_once(function, errors);

        let name = LitStr::new(&function.name(), Span::mixed_site());
        let mut callsite = Callsite {
            name: args.name.map_or_else(|| quote!(#name), ToTokens::into_token_stream),
            target: args.target,
            function: function.name(),
            place: function::place(&function.signature),
            level: args.level.unwrap_or(Level::INFO),
            kind: args.kind.unwrap_or(Kind::INTERNAL),
            keys: Vec::new(),
        };
        callsite.add_keys(&fields);
        sections.add_keys(&mut callsite);
        let paths = Paths::new(args.root);
        Self { callsite, parent: args.parent, enabled: args.enabled, fields, sections, paths }
    }

    fn expand(&self, function: &Function, mode: Mode) -> TokenStream {
        let paths = &self.paths;
        let conditions = [&self.parent, &self.enabled].into_iter().flatten();
        let pieces = Pieces {
            callsite: self.callsite.tokens(paths),
            attributes: self.callsite.keys.len(),
            enabled: self.enabled.clone(),
            parent: self.parent.clone(),
            entry: field::record(&self.fields, &body::frame(), 0, paths),
            result: self.sections.pieces(paths),
            used: (self.fields.iter().chain(self.sections.fields()).map(Field::expressions))
                .chain(conditions.map(ToTokens::to_token_stream))
                .collect(),
        };
        match mode {
            Mode::Live => body::live(function, &pieces, paths),
            Mode::Off if self.is_literal() => function.to_token_stream(),
            Mode::Off => body::dead(function, &pieces, paths),
        }
    }

    /// Whether there is nothing that only the compiler can check.
    fn is_literal(&self) -> bool {
        let is_text = |tokens: &TokenStream| syn::parse2::<LitStr>(tokens.clone()).is_ok();
        let target = self.callsite.target.as_ref().map(ToTokens::to_token_stream);
        self.fields.is_empty()
            && self.sections.is_empty()
            && self.parent.is_none()
            && self.enabled.is_none()
            && is_text(&self.callsite.name)
            && target.is_none_or(|target| is_text(&target))
    }
}

/// A function has one span.
fn check_once(function: &Function, errors: &mut Errors) {
    for attribute in &function.attributes {
        let path = attribute.path();
        let ours = path.is_ident("traced")
            || (path.segments.first().is_some_and(|it| it.ident == "spanwright")
                && path.segments.last().is_some_and(|it| it.ident == "traced"));
        if ours {
            errors.on(path, format!("{OWNER} is on this function already"));
        }
    }
}

#[cfg(test)]
mod tests;
