//! Keys and values: straight from the record to bytes where it counts, else as message types.
//!
//! A span has more attributes than anything else, so those of plain types do not pass through the
//! message types, which own their texts and compute each length twice.
//!
//! Wire format: <https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/common/v1/common.proto>.

use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, any_value};
use prost::Message;
use prost::encoding::{WireType, encode_varint, encoded_len_varint};

use crate::record::{Array, Attribute, Value};

// The fields of `KeyValue` and `AnyValue`.
const KEY_TAG: u8 = 1;
const VALUE_TAG: u8 = 2;
const STRING_TAG: u8 = 1;
const BOOL_TAG: u8 = 2;
const INT_TAG: u8 = 3;
const DOUBLE_TAG: u8 = 4;

/// The size of the attributes as a repeated field whose tag is below 16.
pub(super) fn len<'a>(
    attributes: impl Iterator<Item = &'a Attribute>,
    max_text_bytes: usize,
) -> usize {
    let len = |attribute: &Attribute| {
        let key = cut(&attribute.key, max_text_bytes);
        let value_len = value_len(&attribute.value, max_text_bytes);
        field_len(field_len(key.len()) + field_len(value_len))
    };
    attributes.map(len).sum()
}

/// Appends the attributes as the repeated field `tag`, which is below 16.
pub(super) fn encode<'a>(
    tag: u8,
    attributes: impl Iterator<Item = &'a Attribute>,
    max_text_bytes: usize,
    out: &mut Vec<u8>,
) {
    for attribute in attributes {
        let key = cut(&attribute.key, max_text_bytes);
        let value_len = value_len(&attribute.value, max_text_bytes);
        open_field(tag, field_len(key.len()) + field_len(value_len), out);
        encode_text(KEY_TAG, key, out);
        open_field(VALUE_TAG, value_len, out);
        encode_value(&attribute.value, max_text_bytes, out);
    }
}

/// The attributes as message types.
pub(super) fn messages(attributes: &[Attribute], max_text_bytes: usize) -> Vec<KeyValue> {
    let message = |attribute: &Attribute| {
        let key = cut(&attribute.key, max_text_bytes);
        message(key, value_message(&attribute.value, max_text_bytes))
    };
    attributes.iter().map(message).collect()
}

/// One attribute as a message type.
pub(super) fn message(key: &str, value: any_value::Value) -> KeyValue {
    let value = Some(AnyValue { value: Some(value) });
    KeyValue { key: key.to_owned(), value, ..KeyValue::default() }
}

/// The longest start of a text that fits.
pub(super) fn cut(text: &str, max_bytes: usize) -> &str {
    &text[..text.floor_char_boundary(max_bytes)]
}

fn value_len(value: &Value, max: usize) -> usize {
    match value {
        Value::Bool(_) => 1 + 1,
        Value::I64(value) => 1 + encoded_len_varint(value.cast_unsigned()),
        Value::F64(_) => 1 + size_of::<f64>(),
        Value::Str(text) => field_len(cut(text, max).len()),
        Value::Array(_) => AnyValue { value: Some(value_message(value, max)) }.encoded_len(),
    }
}

fn encode_value(value: &Value, max: usize, out: &mut Vec<u8>) {
    match value {
        Value::Bool(value) => {
            open(BOOL_TAG, WireType::Varint, out);
            out.push(u8::from(*value));
        }
        Value::I64(value) => {
            open(INT_TAG, WireType::Varint, out);
            encode_varint(value.cast_unsigned(), out);
        }
        Value::F64(value) => {
            open(DOUBLE_TAG, WireType::SixtyFourBit, out);
            out.extend_from_slice(&value.to_le_bytes());
        }
        Value::Str(text) => encode_text(STRING_TAG, cut(text, max), out),
        Value::Array(_) => AnyValue { value: Some(value_message(value, max)) }.encode_raw(out),
    }
}

fn encode_text(tag: u8, text: &str, out: &mut Vec<u8>) {
    open_field(tag, text.len(), out);
    out.extend_from_slice(text.as_bytes());
}

fn open_field(tag: u8, len: usize, out: &mut Vec<u8>) {
    open(tag, WireType::LengthDelimited, out);
    // Nearly all lengths are one byte, and a call for each is what attributes cost most.
    match u8::try_from(len) {
        Ok(len) if len < 0x80 => out.push(len),
        _ => encode_varint(len as u64, out),
    }
}

/// Begins a field; all tags here are below 16, so that one byte holds them.
fn open(tag: u8, wire_type: WireType, out: &mut Vec<u8>) {
    out.push(tag << 3 | wire_type as u8);
}

fn field_len(len: usize) -> usize {
    1 + encoded_len_varint(len as u64) + len
}

fn value_message(value: &Value, max: usize) -> any_value::Value {
    use any_value::Value as Wire;
    match value {
        Value::Bool(value) => Wire::BoolValue(*value),
        Value::I64(value) => Wire::IntValue(*value),
        Value::F64(value) => Wire::DoubleValue(*value),
        Value::Str(text) => Wire::StringValue(cut(text, max).to_owned()),
        Value::Array(Array::Bool(items)) => array(items, |item| Wire::BoolValue(*item)),
        Value::Array(Array::I64(items)) => array(items, |item| Wire::IntValue(*item)),
        Value::Array(Array::F64(items)) => array(items, |item| Wire::DoubleValue(*item)),
        Value::Array(Array::Str(items)) => {
            array(items, |item| Wire::StringValue(cut(item, max).to_owned()))
        }
    }
}

fn array<T>(items: &[T], wire: impl Fn(&T) -> any_value::Value) -> any_value::Value {
    let values = items.iter().map(|item| AnyValue { value: Some(wire(item)) }).collect();
    any_value::Value::ArrayValue(ArrayValue { values })
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::trace::v1::Span;

    use super::*;

    #[test]
    fn both_ways_write_the_same_bytes() {
        let long = "ü".repeat(200);
        let values = [
            Value::from(true),
            Value::from(false),
            Value::from(0),
            Value::from(i64::MAX),
            Value::from(i64::MIN),
            Value::from(0.0),
            Value::from(f64::NAN),
            Value::from(""),
            Value::from(long.clone()),
            Value::from(Array::Str(vec![String::new(), long])),
            Value::from(Array::I64(vec![-1, 0])),
            Value::from(Array::Bool(Vec::new())),
        ];
        let attributes: Vec<_> =
            values.into_iter().map(|value| Attribute::new("some.key", value)).collect();
        for max in [usize::MAX, 127, 5] {
            let mut direct = Vec::new();
            encode(9, attributes.iter(), max, &mut direct);
            let span = Span { attributes: messages(&attributes, max), ..Span::default() };
            assert_eq!(direct, span.encode_to_vec(), "{max}");
            assert_eq!(direct.len(), len(attributes.iter(), max), "{max}");
        }
    }
}
