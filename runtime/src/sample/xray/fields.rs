//! The fields of one JSON object, each with what it may hold.
//!
//! In: an object and what it is called. Out: values, or an error that names object, field, what was
//! found and what was expected.
//! Never: takes a default for what is wrong.

use serde_json::{Map, Value};

/// The most characters of a value that a message quotes.
const MAX_QUOTED_CHARS: usize = 60;

/// A field of a rule is missing or holds what it must not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{owner}: {field} is {found}, expected {expected}")]
pub struct FieldError {
    /// The object, for example ``rule `cruddur` ``.
    pub owner: String,
    /// The name of the field.
    pub field: String,
    /// Its value as JSON, cut where it is long, or `missing`.
    pub found: String,
    /// What it may hold.
    pub expected: String,
}

/// An object and what messages call it.
pub(super) struct Fields<'a> {
    pub(super) object: &'a Map<String, Value>,
    pub(super) owner: String,
}

impl<'a> Fields<'a> {
    /// What the field holds; a `null` is nothing.
    pub(super) fn find(&self, field: &str) -> Option<&'a Value> {
        self.object.get(field).filter(|value| !value.is_null())
    }

    /// A text of at least `min_chars` and at most `max_chars`.
    pub(super) fn text(
        &self,
        field: &str,
        min_chars: usize,
        max_chars: usize,
    ) -> Result<&'a str, FieldError> {
        let fits = |text: &&str| (min_chars..=max_chars).contains(&text.chars().count());
        self.find(field).and_then(Value::as_str).filter(fits).ok_or_else(|| {
            self.wrong(field, &format!("a text of {min_chars} to {max_chars} characters"))
        })
    }

    /// A number from 0 to 1.
    pub(super) fn share(&self, field: &str) -> Result<f64, FieldError> {
        let is_share = |share: &f64| (0.0..=1.0).contains(share);
        let share = self.find(field).and_then(Value::as_f64).filter(is_share);
        share.ok_or_else(|| self.wrong(field, "a number from 0 to 1"))
    }

    /// A whole number of at least `min` and at most `max`.
    pub(super) fn whole(&self, field: &str, min: u32, max: u32) -> Result<u32, FieldError> {
        let number = self.find(field).and_then(as_whole);
        number
            .filter(|number| (min..=max).contains(number))
            .ok_or_else(|| self.wrong(field, &format!("a whole number from {min} to {max}")))
    }

    /// Refuses fields that nobody would read.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), FieldError> {
        match self.object.keys().find(|field| !known.contains(&field.as_str())) {
            Some(field) => Err(self.wrong(field, &format!("one of {}", known.join(", ")))),
            None => Ok(()),
        }
    }

    /// The error about a field.
    pub(super) fn wrong(&self, field: &str, expected: &str) -> FieldError {
        FieldError {
            owner: self.owner.clone(),
            field: field.to_owned(),
            found: self.object.get(field).map_or_else(|| "missing".to_owned(), quote),
            expected: expected.to_owned(),
        }
    }
}

/// A value as JSON, cut where it is long.
pub(super) fn quote(value: &Value) -> String {
    let mut text = value.to_string();
    if let Some((at, _)) = text.char_indices().nth(MAX_QUOTED_CHARS) {
        text.truncate(at);
        text.push('…');
    }
    text
}

/// A whole number, also one written as `5.0`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the number is whole and within the limits"
)]
fn as_whole(value: &Value) -> Option<u32> {
    let number = value.as_f64()?;
    let is_whole = number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number);
    is_whole.then_some(number as u32)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_message_names_object_field_value_and_what_was_expected() {
        let value = json!({ "a": 2, "b": "x".repeat(100), "c": 5.0, "d": null });
        let fields = Fields { object: value.as_object().unwrap(), owner: "rule 1".to_owned() };
        for (found, expected) in [
            (fields.share("a").unwrap_err(), "rule 1: a is 2, expected a number from 0 to 1"),
            (fields.share("d").unwrap_err(), "rule 1: d is null, expected a number from 0 to 1"),
            (
                fields.whole("z", 1, 9).unwrap_err(),
                "rule 1: z is missing, expected a whole number from 1 to 9",
            ),
            (
                fields.only(&["a", "c", "d"]).unwrap_err(),
                &format!("rule 1: b is \"{}…, expected one of a, c, d", "x".repeat(59)),
            ),
        ] {
            assert_eq!(found.to_string(), expected);
        }
        assert_eq!(fields.whole("c", 0, 5), Ok(5));
        assert_eq!(fields.text("b", 1, 100), Ok("x".repeat(100).as_str()));
        assert!(fields.text("b", 1, 99).is_err());
    }
}
