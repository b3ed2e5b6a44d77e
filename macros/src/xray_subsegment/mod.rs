//! `#[xray_subsegment]`: a subsegment of AWS X-Ray around every call.
//!
//! In: the attribute's arguments and the function under it. Out: what it adds to the function.
//! Never: lets through what X-Ray would drop, as far as the source shows it.

mod class;
mod name;
mod section;

use proc_macro2::{Ident, TokenStream};
use syn::{Expr, Path};

use crate::args::{self, Arg, Grammar};
use crate::body::{self, Pieces, ResultPieces};
use crate::callsite::{Callsite, Namespace, Subsegment};
use crate::errors::Errors;
use crate::field::{self, Field, Mark, Metadata};
use crate::function::Function;
use crate::parameters;
use crate::paths::Paths;
use crate::when::When;
use class::Classification;
use section::Section;

/// How errors call the attribute.
pub(crate) const OWNER: &str = "`#[xray_subsegment]`";

/// The argument that gives the class of an error.
const CLASS: &str = "use `class = \"error\"` or `class = |err| ..` to set the class of the \
                     function's errors";

const TRACED: &str = "it belongs to `#[traced]`, which can stand on the same function";

const GRAMMAR: Grammar = Grammar {
    owner: OWNER,
    keys: &["name", "namespace", "annotations", "metadata", "ok", "ret", "class", "crate"],
    repeatable: &["metadata"],
    computed: &[],
    values: "annotations",
    hints: &[
        ("fields", section::ELSEWHERE),
        ("properties", section::ELSEWHERE),
        ("attributes", section::ELSEWHERE),
        ("tags", section::ELSEWHERE),
        ("level", TRACED),
        ("target", TRACED),
        ("parent", TRACED),
        ("enabled", TRACED),
        ("include", section::ELSEWHERE),
        ("err", CLASS),
        ("failure", CLASS),
        ("error_if", CLASS),
        ("throttle_if", CLASS),
        ("kind", "use `namespace = \"aws\"` or `namespace = \"remote\"`"),
        (
            "user",
            "a user belongs to the whole segment; of a subsegment it is an annotation: \
             `annotations(user_id = user.id)`",
        ),
        ("skip", "arguments are not captured by default"),
        ("skip_all", "arguments are not captured by default"),
    ],
};

/// What was written.
#[derive(Default)]
pub(crate) struct Args {
    name: Option<Expr>,
    namespace: Option<Namespace>,
    annotations: Vec<Field>,
    metadata: Metadata,
    ok: Option<Section>,
    ret: Option<Section>,
    class: Option<Classification>,
    /// Where the runtime is.
    pub(crate) root: Option<Path>,
}

/// What is meant.
pub(crate) struct Plan {
    /// Annotations, then metadata.
    fields: Vec<Field>,
    /// The index of the first key of the fields.
    first: usize,
    ok: Option<Section>,
    ret: Option<Section>,
    class: Option<Classification>,
    is_name_literal: bool,
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
                self.name = arg.constant("name = \"mock-data\"", GRAMMAR.values, errors);
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
            "ok" => self.ok = Section::parse(arg, errors),
            "ret" => self.ret = Section::parse(arg, errors),
            _ => self.class = Classification::parse(arg, errors),
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
        let Args { name, namespace, annotations, metadata, mut class, .. } = args;
        let fields: Vec<Field> = annotations.into_iter().chain(metadata.into_fields()).collect();
        field::check_scope(&fields, &parameters::scope(&function.signature), errors);
        if let Some(class) = &mut class {
            class.check(function, errors);
        }
        let first = callsite.add_keys(&fields);
        let (mut ok, mut ret) = (args.ok, args.ret);
        for section in [&mut ok, &mut ret].into_iter().flatten() {
            section.check(function, errors);
            section.add_keys(callsite);
        }
        args::check_constant("name", name.as_ref(), GRAMMAR.values, function, errors);
        let is_name_literal = name.as_ref().is_none_or(|name| args::text(name).is_some());
        callsite.subsegment = Some(Subsegment { name, namespace });
        let plan = Self { fields, first, ok, ret, class, is_name_literal };
        field::check_repeated(plan.fields(), errors);
        plan
    }

    /// Every field, whenever it is recorded.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &Field> {
        let sections = [&self.ok, &self.ret].into_iter().flatten();
        self.fields.iter().chain(sections.flat_map(|section| &section.fields))
    }

    /// The parameters that are used when the result is known.
    fn late(&self) -> Vec<Ident> {
        let sections = [&self.ok, &self.ret].into_iter().flatten();
        let class = self.class.iter().flat_map(Classification::late);
        sections.flat_map(Section::late).chain(class).collect()
    }

    /// Whether there is nothing that only the compiler can check.
    pub(crate) fn is_literal(&self) -> bool {
        self.is_name_literal && self.fields().next().is_none() && self.class.is_none()
    }

    /// What the attribute adds to the function.
    pub(crate) fn pieces(&self, paths: &Paths) -> Pieces {
        let class = self.class.as_ref();
        let expressions = self.fields().map(Field::expressions);
        let piece = |section: &Option<Section>| section.as_ref().and_then(|it| it.piece(paths));
        Pieces {
            when: When::InSegment,
            values: self.fields().count(),
            enabled: None,
            parent: None,
            entry: field::record(&self.fields, &body::frame(), self.first, paths),
            result: ResultPieces {
                ok: piece(&self.ok),
                err: None,
                ret: piece(&self.ret),
                format: None,
                class: class.map(|it| it.tokens(paths)),
                failure: TokenStream::new(),
                late: self.late(),
                check: class.map(|it| body::needs_error(it.word(), paths)).unwrap_or_default(),
            },
            used: expressions.chain(class.map(Classification::expressions)).collect(),
        }
    }
}
