//! `#[xray_subsegment]`: a subsegment of AWS X-Ray around every call.
//!
//! In: the attribute's arguments and the function under it. Out: what it adds to the function.
//! Never: lets through what X-Ray would drop, as far as the source shows it.

mod failure;
mod name;

use proc_macro2::TokenStream;
use syn::{Expr, Path};

use crate::Mode;
use crate::args::{self, Arg, Grammar};
use crate::body::{self, Pieces, ResultPieces};
use crate::callsite::{Callsite, Namespace, Subsegment};
use crate::errors::Errors;
use crate::field::{self, Field, Mark, Metadata};
use crate::function::Function;
use crate::parameters;
use crate::paths::Paths;
use crate::when::When;
use failure::Classification;

/// How errors call the attribute.
pub(crate) const OWNER: &str = "`#[xray_subsegment]`";

/// What to do with values that are known at the end.
const LATE: &str = "a value of the result is written in the body, `record!(metadata(rows = rows))`, \
                    or marked in `#[traced(ok(fields(#[annotation] rows = ok.len())))]`";

const GRAMMAR: Grammar = Grammar {
    owner: OWNER,
    keys: &["name", "namespace", "annotations", "metadata", "err", "crate"],
    repeatable: &["metadata"],
    values: "annotations",
    hints: &[
        (
            "fields",
            "values to find traces by go into `annotations(..)`, all others into `metadata(..)`",
        ),
        ("ok", LATE),
        ("ret", LATE),
        ("error_if", "write a function of the error: `err = |err| ..`"),
        ("throttle_if", "write a function of the error: `err = |err| ..`"),
        ("kind", "who did the work is said by `namespace = \"aws\"` or `namespace = \"remote\"`"),
        (
            "user",
            "a user belongs to the whole segment; of a subsegment it is an annotation: \
             `annotations(user_id = user.id)`",
        ),
        ("skip", "arguments are never captured by themselves"),
        ("skip_all", "arguments are never captured by themselves"),
    ],
};

/// What was written.
#[derive(Default)]
pub(crate) struct Args {
    name: Option<Expr>,
    namespace: Option<Namespace>,
    annotations: Vec<Field>,
    metadata: Metadata,
    failure: Option<Classification>,
    /// Where the runtime is.
    pub(crate) root: Option<Path>,
}

/// What is meant.
pub(crate) struct Plan {
    /// Annotations, then metadata.
    fields: Vec<Field>,
    /// The index of the first key of the fields.
    first: usize,
    failure: Option<Classification>,
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
                self.name = arg.constant("name = \"mock-data\"", errors);
                self.name.iter().for_each(|name| name::check(name, errors));
            }
            "namespace" => {
                let namespace = arg.expression("namespace = \"aws\"", errors);
                self.namespace = namespace.and_then(|it| Namespace::parse(&it, errors));
            }
            "annotations" => {
                let list = arg.list("annotations(user_id = user.id)", errors);
                self.annotations =
                    field::parse(list.unwrap_or_default(), &Mark::Annotation, errors);
            }
            "metadata" => {
                let place = arg.span;
                if let Some(list) = arg.list("metadata(request = ?request)", errors) {
                    self.metadata.add(place, list, errors);
                }
            }
            "crate" => self.root = arg.root(errors),
            _ => self.failure = Classification::parse(arg, errors),
        }
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
        let Args { name, namespace, annotations, metadata, failure, .. } = args;
        let fields: Vec<Field> = annotations.into_iter().chain(metadata.into_fields()).collect();
        field::check_repeated(&fields, errors);
        field::check_scope(&fields, &parameters::scope(&function.signature), errors);
        if let Some(failure) = &failure {
            body::check_result(failure.word(), function, errors);
        }
        let is_literal = fields.is_empty()
            && name.as_ref().is_none_or(|name| args::text(name).is_some())
            && failure.as_ref().is_none_or(Classification::is_known);
        callsite.subsegment = Some(Subsegment { name, namespace });
        let first = callsite.add_keys(&fields);
        Self { fields, first, failure, is_literal }
    }

    /// Every field, whenever it is recorded.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter()
    }

    /// Whether there is nothing that only the compiler can check.
    pub(crate) fn is_literal(&self) -> bool {
        self.is_literal
    }

    /// What the attribute adds to the function.
    pub(crate) fn pieces(&self, mode: Mode, paths: &Paths) -> Pieces {
        let failure = self.failure.as_ref();
        let expressions = self.fields.iter().map(Field::expressions);
        Pieces {
            when: When::in_segment(mode),
            values: self.fields.len(),
            enabled: None,
            parent: None,
            entry: field::record(&self.fields, &body::frame(), self.first, paths),
            result: ResultPieces { err: failure.map(|it| it.piece(paths)), ..Default::default() },
            used: expressions.chain(failure.map(Classification::expressions)).collect(),
        }
    }
}
