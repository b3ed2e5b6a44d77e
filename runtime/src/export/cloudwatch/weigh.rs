//! Upper bounds of the size of an item, without encoding it: the collector thread asks.

use crate::record::{Array, LogRecord, Value};

/// What is the same in every item, and what has a fixed length.
const ITEM: usize = 640;

/// Signs of an attribute.
const ENTRY: usize = 8;

/// Returns the bytes that a record occupies, or its item if that takes more.
pub(super) fn weigh(record: &LogRecord) -> usize {
    record.weight_bytes().max(item_bytes(record))
}

fn item_bytes(record: &LogRecord) -> usize {
    let message = len(&record.message);
    let texts = [&*record.target];
    let texts = texts.into_iter().chain(record.file.as_deref()).chain(record.user.as_deref());
    let attributes = record.attributes.iter();
    ITEM + size_of::<LogRecord>()
        // Half of it again for what the parts repeat, where it is told in parts.
        + message + message / 2
        + texts.map(len).sum::<usize>()
        + attributes.map(|it| ENTRY + len(&it.key) + value(&it.value)).sum::<usize>()
}

fn value(value: &Value) -> usize {
    match value {
        Value::Bool(_) => 5,
        Value::I64(_) | Value::F64(_) => 24,
        Value::Str(text) => len(text),
        Value::Array(Array::Bool(items)) => items.len() * 6,
        Value::Array(Array::I64(items)) => items.len() * 21,
        Value::Array(Array::F64(items)) => items.len() * 25,
        Value::Array(Array::Str(items)) => items.iter().map(|text| 1 + len(text)).sum(),
    }
}

/// A text in quotes, which are escaped, with signs that are escaped twice.
fn len(text: &str) -> usize {
    let escapes = text.bytes().filter(|byte| *byte < 0x20 || matches!(byte, b'"' | b'\\'));
    text.len() + 6 * escapes.count() + 4
}

#[cfg(test)]
mod tests {
    use super::super::testing::{encoded, encoded_by, record};
    use super::super::{Oversize, item};
    use super::*;
    use crate::record::Attribute;

    #[test]
    fn an_item_is_never_larger_than_it_was_said_to_be() {
        let texts = ["", "plain", "\"\\\n\u{1}\u{1f}ü☃", "\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\""];
        for text in texts {
            let attributes = vec![
                Attribute::new(text, text),
                Attribute::new("n", Array::I64(vec![i64::MIN; 9])),
                Attribute::new("f", Array::F64(vec![f64::MIN_POSITIVE, f64::NEG_INFINITY])),
                Attribute::new("s", Array::Str(vec![text.to_owned(); 3])),
            ];
            let record = LogRecord {
                message: text.into(),
                target: text.into(),
                file: Some(text.into()),
                line: Some(u32::MAX),
                user: Some(text.into()),
                attributes,
                ..record(0)
            };
            let item = encoded(&record);
            assert!(item.len() <= weigh(&record), "{} > {}", item.len(), weigh(&record));
        }
    }

    #[test]
    fn an_event_in_parts_is_not_larger_either() {
        for max_bytes in [1_500, 4_096, 65_536] {
            for text in ["x", "\"", "ü\n"] {
                let message = text.repeat(100_000).into();
                let file = Some("src/services/home_activities.rs".into());
                let record = LogRecord { message, file, line: Some(7), ..record(0) };
                let item = encoded_by(Oversize::Split, max_bytes, &record);
                assert!(item::events(&item) > 1, "{max_bytes} {text}");
                assert!(item.len() <= weigh(&record), "{max_bytes} {text}: {}", item.len());
            }
        }
    }
}
