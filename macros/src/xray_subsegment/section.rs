//! `ok(..)` and `ret(..)`: what X-Ray is told of the result.
//!
//! In: one of the arguments. Out: the statements for that way of ending.
//! Never: looks at a result that no segment takes.

use proc_macro2::Ident;

use crate::args::{self, Arg, Grammar};
use crate::body::{self, ResultPiece};
use crate::callsite::Callsite;
use crate::errors::Errors;
use crate::field::{self, Field, Mark, Metadata};
use crate::function::Function;
use crate::parameters;
use crate::paths::Paths;

const OK: Grammar = Grammar {
    owner: "`ok(..)`",
    keys: &["annotations", "metadata"],
    repeatable: &["metadata"],
    computed: &[],
    values: "annotations",
    hints: &[("fields", ELSEWHERE)],
};

const RET: Grammar = Grammar { owner: "`ret(..)`", ..OK };

/// What to do with `fields`, which belong to the other attribute.
pub(super) const ELSEWHERE: &str =
    "indexed values go into `annotations(..)`, all others into `metadata(..)`";

/// What is recorded of one way of ending.
pub(super) struct Section {
    /// The word that opens it, which is also the variable in it.
    word: Ident,
    /// Annotations, then metadata.
    pub(super) fields: Vec<Field>,
    /// The index of its first key.
    first: usize,
    /// The names of the function's parameters.
    parameters: Vec<String>,
}

impl Section {
    /// Reads `ok(annotations(..), metadata(..))`, and `ret(..)` alike.
    pub(super) fn parse(arg: Arg, errors: &mut Errors) -> Option<Self> {
        let word = Ident::new(arg.key, arg.span);
        let grammar = if word == "ok" { &OK } else { &RET };
        let example = if word == "ok" {
            "ok(metadata(rows = ok.len()))"
        } else {
            "ret(metadata(failed = ret.is_err()))"
        };
        let list = arg.list(example, errors)?;
        let (mut fields, mut metadata) = (Vec::new(), Metadata::default());
        for arg in args::parse(list, grammar, errors) {
            let (key, place) = (arg.key, arg.span);
            let Some(list) = arg.list("metadata(rows = ok.len())", errors) else { continue };
            match key {
                "metadata" => metadata.add(place, list, errors),
                _ => fields = field::parse(list, &Mark::Annotation, errors),
            }
        }
        fields.extend(metadata.into_fields());
        Some(Self { word, fields, first: 0, parameters: Vec::new() })
    }

    /// The rules between the section and the function.
    pub(super) fn check(&mut self, function: &Function, errors: &mut Errors) {
        self.parameters = parameters::scope(&function.signature);
        let mut scope = self.parameters.clone();
        scope.push(self.word.to_string());
        field::check_scope(&self.fields, &scope, errors);
        body::check_result(&self.word, function, errors);
    }

    /// Adds the keys of the section to the callsite.
    pub(super) fn add_keys(&mut self, callsite: &mut Callsite) {
        self.first = callsite.add_keys(&self.fields);
    }

    /// The parameters that its fields use.
    pub(super) fn late(&self) -> Vec<Ident> {
        field::used(&self.fields, &self.parameters)
    }

    /// The statements of the section.
    pub(super) fn piece(&self, paths: &Paths) -> Option<ResultPiece> {
        let statements = field::record(&self.fields, &body::frame(), self.first, paths);
        let binding = Some(self.word.clone());
        (!self.fields.is_empty()).then_some(ResultPiece { binding, statements })
    }
}
