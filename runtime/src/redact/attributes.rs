//! Attributes: their keys say how their values are searched.

use std::borrow::Cow;

use super::classes::{self, Class, Role};
use super::hidden::HIDDEN;
use super::{Redaction, database, is_cookie};
use crate::record::{Array, Attribute, Value};

/// Keys of the conventions that name no secret, although they end like one: ids of sessions that
/// authenticate nobody.
///
/// Sources: <https://opentelemetry.io/docs/specs/semconv/registry/attributes/session/>,
/// <https://opentelemetry.io/docs/specs/semconv/registry/attributes/mcp/>.
pub(super) const KEPT_KEYS: [&str; 2] = ["session.id", "mcp.session.id"];

/// Redacts attributes in place.
pub(super) fn all(redaction: &Redaction, attributes: &mut [Attribute]) {
    judged(redaction, attributes, |class, _| class.is_secret);
}

/// Redacts attributes of an annotated function in place: the names of its fields, and they alone, are part of
/// the program.
///
/// A field was judged when the function was compiled, and may have `#[allow_sensitive]` or `#[redact(hash)]`:
/// its key counts only if the application has added it to the rules.
pub(super) fn of_function(redaction: &Redaction, attributes: &mut [Attribute]) {
    judged(
        redaction,
        attributes,
        |class, key| {
            if is_static(key) { class.is_added } else { class.is_secret }
        },
    );
}

fn judged(
    redaction: &Redaction,
    attributes: &mut [Attribute],
    is_hidden: impl Fn(Class, &Cow<'static, str>) -> bool,
) {
    for at in 0..attributes.len() {
        let class = redaction.class(&attributes[at].key);
        if let Some(kind) = class.database {
            let dialect = (!redaction.keeps_literals).then(|| database::dialect(attributes));
            if let Some(value) = database::value_of(kind, &attributes[at].value, dialect) {
                attributes[at].value = value;
            }
        }
        let attribute = &mut attributes[at];
        let is_hidden = is_hidden(class, &attribute.key);
        one(redaction, attribute, class, is_hidden);
    }
}

/// Redacts one attribute in place, by its key.
fn one(redaction: &Redaction, attribute: &mut Attribute, class: Class, is_hidden: bool) {
    let Attribute { key, value } = attribute;
    match class.role {
        // Of a connection string only harmless parts are left.
        Role::Text if is_hidden && !class.is_connection() => hide(value),
        Role::Text => texts(value, |text| redaction.text(text)),
        Role::Query => texts(value, |text| redaction.url(text, 0)),
        Role::Url => texts(value, |text| {
            let query = text.find('?').map_or(text.len(), |at| at + 1);
            redaction.url(text, query);
        }),
        Role::Header => {
            // The conventions of some years ago wrote `_`.
            let name = classes::header(key).unwrap_or_default().replace('_', "-");
            if redaction.hides_header(&name) && !is_cookie(&name) {
                hide(value);
            } else {
                texts(value, |text| redaction.header_value(&name, text));
            }
        }
    }
    if !class.is_plain {
        cow(redaction, key);
    }
}

/// A text that is part of the program has no secret of its data.
pub(super) fn cow(redaction: &Redaction, text: &mut Cow<'static, str>) {
    if let Cow::Owned(text) = text {
        redaction.text(text);
    }
}

impl Redaction {
    /// True if a key of an attribute or of a JSON object names a secret.
    pub(super) fn hides_key(&self, key: &str) -> bool {
        self.keys.hit(key) && !self.kept_keys.iter().any(|kept| kept == key)
    }

    /// True if a key that came with a span of an annotated function names a secret. That of a field was
    /// judged when the function was compiled, and may have `#[allow_sensitive]` or `#[redact(hash)]`: it counts
    /// only if the application has added it to the rules.
    pub(super) fn hides_key_of_function(&self, key: &str, is_static: bool) -> bool {
        if is_static { self.added_keys.hit(key) } else { self.hides_key(key) }
    }
}

/// True if a text is part of the program.
#[expect(clippy::ptr_arg, reason = "the form of the text is the question")]
pub(super) const fn is_static(text: &Cow<'static, str>) -> bool {
    matches!(text, Cow::Borrowed(_))
}

/// A truth value tells that there is a secret, and not which.
fn hide(value: &mut Value) {
    if !matches!(value, Value::Bool(_) | Value::Array(Array::Bool(_))) {
        *value = Value::Str(Cow::Borrowed(HIDDEN));
    }
}

/// Calls back with every text of a value that is not part of the program.
pub(super) fn texts(value: &mut Value, mut redact: impl FnMut(&mut String)) {
    match value {
        Value::Str(Cow::Owned(text)) => redact(text),
        Value::Array(Array::Str(texts)) => texts.iter_mut().for_each(redact),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
