//! JSON bodies whose every field may be missing or of the wrong type.
//!
//! In: the payload of a request. Out: a struct of [`Field`]s, which the rules judge one by one.
//! Never: answers for a field; only a body that is no JSON object is refused here.

use std::pin::Pin;

use actix_web::{FromRequest, HttpRequest, dev::Payload, error::JsonPayloadError, web};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use crate::error::AppError;

/// The JSON object of a request, read into `T`.
pub(crate) struct Body<T>(pub(crate) T);

/// A text as the caller sent it.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "Value")]
pub(crate) enum Field {
    /// Missing, null or empty.
    #[default]
    Blank,
    /// Another JSON type, or a text that PostgreSQL cannot store because it holds a NUL.
    NotText,
    /// At least one character.
    Text(String),
}

impl From<Value> for Field {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Blank,
            Value::String(text) => text.into(),
            _ => Self::NotText,
        }
    }
}

impl From<String> for Field {
    fn from(text: String) -> Self {
        if text.is_empty() {
            Self::Blank
        } else if text.contains('\0') {
            Self::NotText
        } else {
            Self::Text(text)
        }
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for Body<T> {
    type Error = AppError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, AppError>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let json = web::Json::<Value>::from_request(req, payload);
        Box::pin(async move {
            let value = json.await.map_err(|error| refusal(&error))?.into_inner();
            if !value.is_object() {
                return Err(AppError::Invalid("json_not_object"));
            }
            let fields = serde_json::from_value(value);
            fields.map(Self).map_err(|_| AppError::Malformed("json_malformed"))
        })
    }
}

fn refusal(error: &actix_web::Error) -> AppError {
    match error.as_error() {
        Some(JsonPayloadError::ContentType) => AppError::NotJson,
        Some(JsonPayloadError::Overflow { .. } | JsonPayloadError::OverflowKnownLength { .. }) => {
            AppError::BodyTooLarge
        }
        _ => AppError::Malformed("json_malformed"),
    }
}
