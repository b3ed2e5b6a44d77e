//! `#[report_errors]`: a report of every failure of a function.
//!
//! In: the attribute's arguments and the function under it. Out: what it adds to the function.
//! Never: reports what cannot fail without a word; tells of an argument that nobody named.

mod filter;
mod level;
mod output;
mod scope;
mod site;
mod text;
mod values;

use proc_macro2::{Ident, Span, TokenStream};
use syn::{Expr, Path};

use crate::args::{self, Arg, Grammar};
use crate::body::{self, ReportPieces, ResultPiece};
use crate::callsite::{self, Callsite, choose};
use crate::errors::Errors;
use crate::field::{self, Field};
use crate::function::{self, Function};
use crate::paths::Paths;
use filter::Filter;
use level::Level;
use output::Words;
use scope::Scope;
use site::Site;
use text::Texts;
use values::Values;

/// How errors call the attribute.
pub(crate) const OWNER: &str = "`#[report_errors]`";

const GRAMMAR: Grammar = Grammar {
    owner: OWNER,
    keys: &[
        "level",
        "title",
        "fingerprint",
        "context",
        "person",
        "custom",
        "when",
        "ignore",
        "none",
        "panics",
        "at",
        "crate",
    ],
    repeatable: &[],
    computed: &["title"],
    values: "custom",
    hints: &[
        ("name", "use `title = \"Checkout failed\"` to name the failure"),
        ("message", "use `title = \"Checkout failed\"` to name the failure"),
        ("properties", "values of a report go into `custom(..)`"),
        ("attributes", "values of a report go into `custom(..)`"),
        (
            "class",
            "implement `spanwright::ClassifyError` for the error type to set the class of its errors",
        ),
        ("error_if", "write a function of the error: `when = |err| ..`"),
        ("ok", "a report records the error only"),
        ("ret", "a report records the error only"),
        ("target", "it belongs to `#[traced]`, which can stand on the same function"),
        ("kind", "it belongs to `#[traced]`, which can stand on the same function"),
        ("parent", "it belongs to `#[traced]`, which can stand on the same function"),
        ("severity", "use `level = \"warning\"` to set the severity"),
        ("fields", "values of a report go into `custom(..)`"),
        ("metadata", "values of a report go into `custom(..)`"),
        ("extra", "values of a report go into `custom(..)`"),
        ("tags", "values of a report go into `custom(..)`"),
        ("user", "use `person(id = user.id)` to set the user"),
        ("err", "`err` is a reference to the error in any value: `custom(code = err.code())`"),
        ("unless", "write a function of the error, `when = |err| ..`, or patterns, `ignore(..)`"),
        ("skip", "arguments are not captured by default"),
        ("skip_all", "arguments are not captured by default"),
    ],
};

/// Where among annotated functions a failure is reported, and whether that is the outermost.
const PLACES: callsite::Words = &[("boundary", "Boundary"), ("origin", "Origin")];

/// What was written.
#[derive(Default)]
pub(crate) struct Args {
    level: Level,
    texts: Texts,
    values: Values,
    filter: Filter,
    words: Words,
    takes_panics: bool,
    is_boundary: bool,
    /// Where the runtime is.
    pub(crate) root: Option<Path>,
}

/// What is meant.
pub(crate) struct Plan {
    level: Level,
    texts: Texts,
    values: Values,
    filter: Filter,
    words: Words,
    takes_panics: bool,
    is_boundary: bool,
    /// The place of the returned type.
    output: Span,
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
            "level" => {
                let word = Ident::new(arg.key, arg.span);
                self.level = Level::parse(arg, errors);
                self.words.of_error.extend((!self.level.is_known()).then_some(word));
            }
            "title" | "fingerprint" | "context" => self.texts.add(arg, errors),
            "person" => self.values.add_person(arg, errors),
            "custom" => self.values.add_custom(arg, errors),
            "when" | "ignore" => {
                self.words.of_error.push(Ident::new(arg.key, arg.span));
                self.filter.add(arg, errors);
            }
            "none" => {
                arg.flag(errors);
                self.words.none = Some(Ident::new("none", arg.span));
            }
            "panics" => {
                arg.flag(errors);
                self.takes_panics = true;
            }
            "at" => {
                let place = arg.expression("at = \"boundary\"", errors);
                self.is_boundary = place.is_some_and(|it| is_boundary(&it, errors));
            }
            _ => self.root = arg.root(errors),
        }
    }
}

fn is_boundary(place: &Expr, errors: &mut Errors) -> bool {
    let what = "a place to report at";
    choose(PLACES, what, place, args::word(place), errors) == Some("Boundary")
}

impl Plan {
    /// Checks the arguments.
    pub(crate) fn new(args: Args, function: &Function, errors: &mut Errors) -> Self {
        let Args { level, texts, mut values, filter, mut words, takes_panics, is_boundary, .. } =
            args;
        let scope = Scope::of(function);
        let (texts, asked) = texts.divide(&scope);
        values.extend(asked);
        words.of_error.extend(values.error());
        output::check_signature(&words, takes_panics, function, errors);
        values.check(&scope, errors);
        level.check(&scope, errors);
        filter.check(&scope, errors);
        Self {
            level,
            texts,
            values,
            filter,
            words,
            takes_panics,
            is_boundary,
            output: function::output_place(&function.signature),
        }
    }

    /// Whether there is nothing that only the compiler can check.
    pub(crate) fn is_literal(&self) -> bool {
        self.takes_panics
            && self.texts.are_literal()
            && self.values.is_empty()
            && self.filter.is_empty()
            && self.level.is_known()
            && self.words.none.is_none()
    }

    /// What the attribute adds to the function, whose place is that of `callsite`; `has_event` is
    /// whether the span tells of a failure as an event.
    pub(crate) fn pieces(
        &self,
        callsite: &Callsite,
        has_event: bool,
        paths: &Paths,
    ) -> ReportPieces {
        let site = Site {
            source: callsite.source(paths),
            values: &self.values,
            severity: self.level.tokens(paths),
            texts: &self.texts,
            takes_panics: self.takes_panics,
            is_boundary: self.is_boundary,
            has_event,
        };
        let entry = self.values.entry();
        ReportPieces {
            site: site.tokens(paths),
            values: self.values.count(),
            entry: field::record(entry, &body::report(), 0, paths),
            conditions: self.filter.conditions(paths),
            has_condition: self.filter.has_condition(),
            err: self.err(paths),
            takes_none: self.words.none.is_some(),
            check: self.words.check(self.output, self.takes_panics, paths),
            used: entry.iter().map(Field::expressions).collect(),
        }
    }

    /// What is recorded of an error.
    fn err(&self, paths: &Paths) -> Option<ResultPiece> {
        let late = self.values.late();
        let first = self.values.entry().len();
        let mut statements = self.level.statement(paths);
        statements.extend(field::record(late, &body::report(), first, paths));
        let binding = self.values.error();
        (!statements.is_empty()).then_some(ResultPiece { binding, statements })
    }
}
