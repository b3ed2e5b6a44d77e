//! Who sends: the attributes of the process as a whole.

use super::{Attribute, Value};

/// The attributes of the sending process; every destination gets them once per request.
///
/// Source: <https://opentelemetry.io/docs/specs/semconv/resource/>.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resource {
    attributes: Vec<Attribute>,
}

impl Resource {
    /// Sets an attribute; a later value of the same key replaces the earlier.
    pub fn set(&mut self, attribute: Attribute) {
        match self.attributes.iter_mut().find(|known| known.key == attribute.key) {
            Some(known) => known.value = attribute.value,
            None => self.attributes.push(attribute),
        }
    }

    /// The attributes in the order they were first set.
    pub fn attributes(&self) -> &[Attribute] {
        &self.attributes
    }

    /// The attributes, to be redacted.
    pub(crate) fn attributes_mut(&mut self) -> &mut [Attribute] {
        &mut self.attributes
    }

    /// The text of `service.name`, or `unknown_service`.
    pub fn service_name(&self) -> &str {
        self.attributes
            .iter()
            .find(|attribute| attribute.key == "service.name")
            .and_then(|attribute| match &attribute.value {
                Value::Str(name) => Some(name.as_ref()),
                _ => None,
            })
            .unwrap_or("unknown_service")
    }
}
