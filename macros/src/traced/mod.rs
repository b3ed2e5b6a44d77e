//! `#[traced]`: a span around every call.
//!
//! In: the attribute's arguments and the function under it. Out: what it adds to the function.
//! Never: records an argument that nobody asked for.

mod sections;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{Expr, Path};

use crate::args::{self, Arg, Grammar};
use crate::body::{self, Pieces};
use crate::callsite::{Callsite, Kind, Level};
use crate::errors::Errors;
use crate::expression;
use crate::field::{self, Field, Mark};
use crate::function::Function;
use crate::parameters;
use crate::paths::Paths;
use crate::when::When;
use sections::Sections;

/// How errors call the attribute.
pub(crate) const OWNER: &str = "`#[traced]`";

const FIELDS: &str = "values to record go into `fields(key = value)`";

/// The advice for a name that leaves the function.
const NAME_LATE: &str = ": write `spanwright::current().set_name(..)` in the body";

const CLASS: &str =
    "implement `spanwright::ClassifyError` for the error type to set the class of its errors";

const GRAMMAR: Grammar = Grammar {
    owner: OWNER,
    keys: &[
        "name", "target", "level", "kind", "parent", "fields", "include", "ok", "err", "ret",
        "enabled", "crate", "skip_all",
    ],
    repeatable: &[],
    computed: &["name"],
    values: "fields",
    hints: &[
        (
            "skip",
            "arguments are not captured by default; drop `skip`, or name what to record with \
             `include(..)`",
        ),
        ("properties", FIELDS),
        ("attributes", FIELDS),
        ("tags", FIELDS),
        ("extra", FIELDS),
        ("metadata", FIELDS),
        (
            "short_name",
            "a span has the name of the function; use `name = \"checkout\"` to set another",
        ),
        ("op", "use `name = \"checkout\"` to set the span's name"),
        ("description", "use `name = \"checkout\"` to set the span's name"),
        ("enter_on_poll", "a future has one span, which is current while it is polled"),
        ("span_kind", "write `kind = \"server\"`"),
        ("severity", "write `level = \"debug\"`"),
        ("event", "write `err(event)`"),
        ("ok_if", CLASS),
        ("error_if", CLASS),
        ("class", CLASS),
        ("when", "write `enabled = ..`; a condition of one field is `#[when(..)]` before it"),
        ("links", "add links in the body: `spanwright::current().add_link(context, &[])`"),
        ("user", "write `spanwright::set_user(id)` in the body"),
        (
            "late",
            "a value that is known later needs no declaration; write it with `record!` in the body",
        ),
        ("include_all", "name the arguments to record: `include(order_id, tenant)`"),
        (
            "follows_from",
            "add links in the body: `spanwright::current().add_link(context, &[])`; a span to \
             begin under is `parent = ..`",
        ),
    ],
};

/// What was written.
#[derive(Default)]
pub(crate) struct Args {
    name: Option<Expr>,
    target: Option<Expr>,
    level: Option<Level>,
    kind: Option<Kind>,
    parent: Option<Expr>,
    enabled: Option<Expr>,
    /// Where the runtime is.
    pub(crate) root: Option<Path>,
    fields: Vec<Field>,
    include: Vec<Field>,
    sections: Sections,
}

/// What is meant.
pub(crate) struct Plan {
    /// The name, if it is worked out at each call.
    name: Option<Expr>,
    parent: Option<Expr>,
    enabled: Option<Expr>,
    fields: Vec<Field>,
    /// The index of the first key of the fields.
    first: usize,
    sections: Sections,
    /// How many values are recorded at most.
    values: usize,
    /// Whether there is nothing that only the compiler can check.
    is_literal: bool,
}

impl Args {
    /// Reads the arguments.
    pub(crate) fn parse(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut args = Self::default();
        for arg in args::parse(tokens, &GRAMMAR, errors) {
            args.add(arg, errors);
        }
        args
    }

    fn add(&mut self, arg: Arg, errors: &mut Errors) {
        match arg.key {
            "name" => {
                self.name = arg.text("name = \"checkout\"", errors);
                let names = self.name.iter();
                names.for_each(|it| expression::check_stays_inside(it, NAME_LATE, errors));
            }
            "target" => {
                self.target = arg.constant("target = \"billing\"", GRAMMAR.values, errors);
            }
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
            "crate" => self.root = arg.root(errors),
            "fields" => {
                let list = arg.list("fields(user.id = user.id)", errors);
                self.fields = field::parse(list.unwrap_or_default(), &Mark::Attribute, errors);
            }
            "include" => {
                let list = arg.list("include(order_id, tenant)", errors);
                self.include = field::parse(list.unwrap_or_default(), &Mark::Attribute, errors);
                check_included(&self.include, errors);
            }
            "skip_all" => arg.flag(errors),
            _ => self.sections.add(arg, errors),
        }
    }
}

/// An expression that does not leave the function.
fn checked(arg: Arg, example: &str, errors: &mut Errors) -> Option<Expr> {
    let expression = arg.expression(example, errors)?;
    expression::check_stays_inside(&expression, expression::LATE, errors);
    Some(expression)
}

/// `include` names arguments; values belong into `fields`.
fn check_included(fields: &[Field], errors: &mut Errors) {
    for field in fields.iter().filter(|field| field.shorthand.is_none()) {
        errors.on(
            field.key.place(),
            "`include` only names arguments; a key with a value belongs in `fields(..)`",
        );
    }
}

impl Plan {
    /// Checks the arguments, and writes what is known at compile time into `callsite`.
    pub(crate) fn new(
        args: Args,
        function: &Function,
        callsite: &mut Callsite,
        errors: &mut Errors,
    ) -> Self {
        let Args { fields, include, mut sections, .. } = args;
        let explicit = |it: &Field| fields.iter().any(|field| field.key.text() == it.key.text());
        let included = include.into_iter().filter(|it| !explicit(it)).collect::<Vec<_>>();
        let fields: Vec<Field> = included.into_iter().chain(fields).collect();
        let scope = parameters::scope(&function.signature);
        field::check_scope(&fields, &scope, errors);
        sections.check(&fields, function, errors);

        let is_text = |it: &Option<Expr>| it.as_ref().is_none_or(|it| args::text(it).is_some());
        let is_literal = is_text(&args.name)
            && is_text(&args.target)
            && fields.is_empty()
            && sections.is_empty()
            && args.parent.is_none()
            && args.enabled.is_none();
        let is_parameter =
            |it: &Expr| scope.iter().any(|name| expression::variable(it, name).is_some());
        let is_constant = |it: &Expr| args::is_constant(it) && !is_parameter(it);
        args::check_constant("target", args.target.as_ref(), GRAMMAR.values, function, errors);
        let (constant, name) = match args.name {
            Some(name) if is_constant(&name) => (Some(name), None),
            name => (None, name),
        };
        if let Some(constant) = constant {
            callsite.name = constant.into_token_stream();
        }
        callsite.target = args.target;
        callsite.level = args.level.unwrap_or(Level::INFO);
        callsite.kind = args.kind.unwrap_or(Kind::INTERNAL);
        let first = callsite.add_keys(&fields);
        let values = sections.add_keys(callsite) - first + usize::from(name.is_some());
        Self {
            name,
            parent: args.parent,
            enabled: args.enabled,
            fields,
            first,
            sections,
            values,
            is_literal,
        }
    }

    /// Every field, whenever it is recorded.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().chain(self.sections.fields())
    }

    /// Whether a failure is told as an event.
    pub(crate) fn has_event(&self) -> bool {
        self.sections.has_event()
    }

    /// Whether there is nothing that only the compiler can check.
    pub(crate) fn is_literal(&self) -> bool {
        self.is_literal
    }

    /// What the attribute adds to the function.
    pub(crate) fn pieces(&self, paths: &Paths) -> Pieces {
        let others = [&self.name, &self.parent, &self.enabled].into_iter().flatten();
        let named = self.name.as_ref().map(|name| named(name, paths));
        let recorded = field::record(&self.fields, &body::frame(), self.first, paths);
        Pieces {
            when: When::Recorded,
            values: self.values,
            enabled: self.enabled.clone(),
            parent: self.parent.clone(),
            entry: named.into_iter().chain([recorded]).collect(),
            result: self.sections.pieces(paths),
            used: (self.fields().map(Field::expressions))
                .chain(others.map(ToTokens::to_token_stream))
                .collect(),
        }
    }
}

/// The statement that gives the span a name which is worked out at the call.
// Input:  name = format!("order {id}")
// Output: guard_argument("name", callsite, || { Frame::set_name(frame, &format!("order {id}")); });
fn named(name: &Expr, paths: &Paths) -> TokenStream {
    let (frame, ty, value) = (body::frame(), body::frame_type(paths), expression::borrowed(name));
    let private = paths.private();
    quote_spanned!(Span::mixed_site()=>
        #private::guard_argument("name", __spanwright_callsite, || {
            #ty::set_name(#frame, #value);
        });
    )
}
