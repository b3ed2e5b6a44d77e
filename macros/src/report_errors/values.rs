//! `person(..)`, `custom(..)` and what else of a report is worked out at run time.
//!
//! In: fields, and what a report uses each for. Out: those for the call, those for the error.
//! Never: invents a field of a person.

use proc_macro2::{Ident, TokenStream};

use super::scope::{self, Scope};
use crate::args::Arg;
use crate::callsite::{Words, variant};
use crate::errors::Errors;
use crate::field::{self, Field, Mark};
use crate::suggest;

/// What a person has.
const PERSON: Words =
    &[("id", "PersonId"), ("username", "PersonUsername"), ("email", "PersonEmail")];

/// What a report uses a value for: a variant of the runtime's type.
#[derive(Clone, Copy, Debug)]
pub(super) struct Use(&'static str);

/// The values of a report.
#[derive(Default)]
pub(super) struct Values {
    entry: Part,
    late: Part,
}

/// Values that are worked out together.
#[derive(Default)]
struct Part {
    fields: Vec<Field>,
    uses: Vec<Use>,
}

impl Part {
    fn each(&self) -> impl Iterator<Item = (&Field, Use)> {
        self.fields.iter().zip(self.uses.iter().copied())
    }
}

impl Use {
    const CUSTOM: Self = Self("Custom");
    pub(super) const TITLE: Self = Self("Title");
    pub(super) const FINGERPRINT: Self = Self("Fingerprint");
    pub(super) const CONTEXT: Self = Self("Context");

    pub(super) fn tokens(self, private: &TokenStream) -> TokenStream {
        variant(private, "Use", self.0)
    }
}

impl Values {
    /// Takes `person(id = user.id)`.
    pub(super) fn add_person(&mut self, arg: Arg, errors: &mut Errors) {
        let Some(list) = arg.list("person(id = user.id)", errors) else { return };
        let fields = field::parse(list, &Mark::Reported, errors);
        field::check_repeated(&fields, errors);
        let fields = fields.into_iter().filter_map(|it| Some((person(&it, errors)?, it)));
        let fields: Vec<_> = fields.map(|(usage, field)| (field, usage)).collect();
        self.extend(fields);
    }

    /// Takes `custom(order.id = order.id)`.
    pub(super) fn add_custom(&mut self, arg: Arg, errors: &mut Errors) {
        let Some(list) = arg.list("custom(order.id = order.id)", errors) else { return };
        let fields = field::parse(list, &Mark::Reported, errors);
        field::check_repeated(&fields, errors);
        self.extend(fields.into_iter().map(|field| (field, Use::CUSTOM)).collect());
    }

    /// Adds values, each to those that are worked out when it can be.
    pub(super) fn extend(&mut self, values: Vec<(Field, Use)>) {
        for (field, usage) in values {
            let is_late = scope::named(&field.expressions()).is_some();
            let part = if is_late { &mut self.late } else { &mut self.entry };
            part.fields.push(field);
            part.uses.push(usage);
        }
    }

    /// Each value names what is there when it is worked out.
    pub(super) fn check(&self, scope: &Scope, errors: &mut Errors) {
        field::check_scope(self.entry(), &scope.names(), errors);
        for field in self.late() {
            scope.check_late(&field.expressions(), &[], errors);
        }
    }

    /// What is worked out at the call.
    pub(super) fn entry(&self) -> &[Field] {
        &self.entry.fields
    }

    /// What is worked out when the call has failed.
    pub(super) fn late(&self) -> &[Field] {
        &self.late.fields
    }

    /// The first mention of the error, as the variable that it names.
    pub(super) fn error(&self) -> Option<Ident> {
        let place = self.late().iter().find_map(|field| scope::named(&field.expressions()));
        place.map(|place| Ident::new(scope::ERR, place))
    }

    /// Every value and its use, by index.
    pub(super) fn each(&self) -> impl Iterator<Item = (&Field, Use)> {
        [&self.entry, &self.late].into_iter().flat_map(Part::each)
    }

    pub(super) fn count(&self) -> usize {
        self.entry().len() + self.late().len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count() == 0
    }
}

/// What a field of a person is; reports any other.
fn person(field: &Field, errors: &mut Errors) -> Option<Use> {
    let Some(key) = field.key.text() else {
        errors.on(field.key.place(), "the keys of a person are words: `id`, `username`, `email`");
        return None;
    };
    if let Some((_, usage)) = PERSON.iter().find(|(word, _)| *word == key) {
        return Some(Use(usage));
    }
    let words: Vec<&str> = PERSON.iter().map(|(word, _)| *word).collect();
    let last = key.rsplit('.').next().filter(|last| words.contains(last));
    let hint = match last {
        Some(last) if field.shorthand.is_some() => format!("; did you mean `{last} = {key}`?"),
        _ => suggest::hint(key, &words),
    };
    errors.on(field.key.place(), format!("a person has no `{key}`{hint}"));
    None
}
