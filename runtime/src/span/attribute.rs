//! Which types are attribute values, and of what type.
//!
//! In: the standard types, and users' own through the trait. Out: one call on a sink.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use super::sink::Sink;
use crate::guard::{Caught, catch};
use crate::record::{Array, Value};

/// A value that can be recorded as an attribute and keeps its type.
///
/// `None` is left out. Implement it for your own types by calling one method of [`Sink`]:
///
/// ```
/// struct UserId(u64);
///
/// impl spanwright::ToAttribute for UserId {
///     fn to_attribute(&self, sink: spanwright::Sink<'_>) {
///         sink.u64(self.0);
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be recorded as an attribute",
    label = "not an attribute value",
    note = "record it with `?` (Debug) or `%` (Display) before the value, or implement `spanwright::ToAttribute` for it"
)]
pub trait ToAttribute {
    /// Hands the value to the sink; called on the application's thread, so it must be quick.
    fn to_attribute(&self, sink: Sink<'_>);

    /// True if [`to_attribute`](Self::to_attribute) cannot panic; known for the types of the standard
    /// library, so that recording them costs no guard.
    #[doc(hidden)]
    #[inline]
    fn cannot_panic(&self) -> bool {
        false
    }
}

/// Hands a value to a sink; a panic of the value's own code costs the value, and is an error for the
/// caller to explain.
#[inline]
pub(super) fn record<T: ToAttribute + ?Sized>(value: &T, sink: Sink<'_>) -> Result<(), Caught> {
    if value.cannot_panic() {
        value.to_attribute(sink);
        Ok(())
    } else {
        catch(|| value.to_attribute(sink))
    }
}

macro_rules! widened {
    ($($type:ty => $method:ident as $wide:ty),* $(,)?) => {$(
        impl ToAttribute for $type {
            #[inline]
            fn to_attribute(&self, sink: Sink<'_>) {
                sink.$method(<$wide>::from(*self));
            }

            #[inline]
            fn cannot_panic(&self) -> bool {
                true
            }
        }
    )*};
}

widened! {
    bool => bool as bool,
    i8 => i64 as i64, i16 => i64 as i64, i32 => i64 as i64, i64 => i64 as i64,
    u8 => u64 as u64, u16 => u64 as u64, u32 => u64 as u64, u64 => u64 as u64,
    f32 => f64 as f64, f64 => f64 as f64,
}

macro_rules! by_reference {
    ($($type:ty),* $(,)?) => {$(
        impl<T: ToAttribute + ?Sized> ToAttribute for $type {
            #[inline]
            fn to_attribute(&self, sink: Sink<'_>) {
                (**self).to_attribute(sink);
            }

            #[inline]
            fn cannot_panic(&self) -> bool {
                (**self).cannot_panic()
            }
        }
    )*};
}

by_reference! { &T, &mut T, Box<T>, Rc<T>, Arc<T> }

macro_rules! displayed {
    ($($type:ty),* $(,)?) => {$(
        impl ToAttribute for $type {
            fn to_attribute(&self, sink: Sink<'_>) {
                sink.display(self);
            }
        }
    )*};
}

// 128 bits fit no destination's integer, and a char is a text of one.
displayed! { i128, u128, char, std::fmt::Arguments<'_> }

impl ToAttribute for usize {
    #[inline]
    fn to_attribute(&self, sink: Sink<'_>) {
        sink.u64(*self as u64);
    }

    #[inline]
    fn cannot_panic(&self) -> bool {
        true
    }
}

impl ToAttribute for isize {
    #[inline]
    fn to_attribute(&self, sink: Sink<'_>) {
        sink.i64(*self as i64);
    }

    #[inline]
    fn cannot_panic(&self) -> bool {
        true
    }
}

impl ToAttribute for str {
    #[inline]
    fn to_attribute(&self, sink: Sink<'_>) {
        sink.str(self);
    }

    #[inline]
    fn cannot_panic(&self) -> bool {
        true
    }
}

impl ToAttribute for String {
    #[inline]
    fn to_attribute(&self, sink: Sink<'_>) {
        sink.str(self);
    }

    #[inline]
    fn cannot_panic(&self) -> bool {
        true
    }
}

impl<T: ToAttribute + ToOwned + ?Sized> ToAttribute for Cow<'_, T> {
    #[inline]
    fn to_attribute(&self, sink: Sink<'_>) {
        (**self).to_attribute(sink);
    }
}

impl<T: ToAttribute> ToAttribute for Option<T> {
    #[inline]
    fn to_attribute(&self, sink: Sink<'_>) {
        if let Some(value) = self {
            value.to_attribute(sink);
        }
    }

    #[inline]
    fn cannot_panic(&self) -> bool {
        self.as_ref().is_none_or(T::cannot_panic)
    }
}

/// An element of an array attribute.
///
/// A list of `u8` is one of numbers; bytes that are text are recorded as such by the caller.
#[diagnostic::on_unimplemented(
    message = "a list of `{Self}` cannot be recorded as an attribute",
    label = "not an element of an attribute",
    note = "record the list with `?` (Debug) before the value, or make it a list of texts or numbers"
)]
pub trait ToElement: Sized {
    /// Hands the whole list to the sink.
    fn elements_to_attribute(elements: &[Self], sink: Sink<'_>);
}

mod sealed {
    /// Keeps [`Text`](super::Text) to the types of this crate's choice.
    pub trait Sealed {}
}

/// An element of a list of texts.
///
/// Nobody else can implement it: a text is read once for its length and once for its bytes,
/// straight into the ring, so it must be the same text twice and run no code of its own.
pub trait Text: sealed::Sealed {
    /// The text.
    fn text(&self) -> &str;
}

macro_rules! text {
    ($($type:ty),* $(,)?) => {$(
        impl sealed::Sealed for $type {}

        impl Text for $type {
            fn text(&self) -> &str {
                self
            }
        }
    )*};
}

text! { String, &str, Cow<'_, str>, Box<str>, Rc<str>, Arc<str> }

macro_rules! element {
    ($($type:ty => $method:ident),* $(,)?) => {$(
        impl ToElement for $type {
            fn elements_to_attribute(elements: &[Self], sink: Sink<'_>) {
                sink.$method(elements);
            }
        }
    )*};
}

element! { bool => bools, i64 => i64s, f64 => f64s, String => strs, &str => strs, Cow<'_, str> => strs, Box<str> => strs, Rc<str> => strs, Arc<str> => strs }

macro_rules! widened_element {
    ($($type:ty => $method:ident as $wide:ty),* $(,)?) => {$(
        impl ToElement for $type {
            fn elements_to_attribute(elements: &[Self], sink: Sink<'_>) {
                let wide: Vec<$wide> = elements.iter().map(|&element| element.into()).collect();
                sink.$method(&wide);
            }
        }
    )*};
}

widened_element! {
    i8 => i64s as i64, i16 => i64s as i64, i32 => i64s as i64,
    u8 => i64s as i64, u16 => i64s as i64, u32 => i64s as i64, f32 => f64s as f64,
}

/// Numbers that may lie beyond `i64::MAX`: text from the first such number on would mix types, so
/// the whole list becomes text then.
impl ToElement for u64 {
    fn elements_to_attribute(elements: &[Self], sink: Sink<'_>) {
        let narrow: Result<Vec<i64>, _> =
            elements.iter().map(|&element| i64::try_from(element)).collect();
        match narrow {
            Ok(narrow) => sink.i64s(&narrow),
            Err(_) => sink.strs(&elements.iter().map(u64::to_string).collect::<Vec<_>>()),
        }
    }
}

impl ToElement for usize {
    fn elements_to_attribute(elements: &[Self], sink: Sink<'_>) {
        let wide: Vec<u64> = elements.iter().map(|&element| element as u64).collect();
        u64::elements_to_attribute(&wide, sink);
    }
}

impl ToElement for isize {
    fn elements_to_attribute(elements: &[Self], sink: Sink<'_>) {
        let wide: Vec<i64> = elements.iter().map(|&element| element as i64).collect();
        sink.i64s(&wide);
    }
}

impl<T: ToElement> ToAttribute for [T] {
    fn to_attribute(&self, sink: Sink<'_>) {
        T::elements_to_attribute(self, sink);
    }
}

impl<T: ToElement, const N: usize> ToAttribute for [T; N] {
    fn to_attribute(&self, sink: Sink<'_>) {
        T::elements_to_attribute(self, sink);
    }
}

impl<T: ToElement> ToAttribute for Vec<T> {
    fn to_attribute(&self, sink: Sink<'_>) {
        T::elements_to_attribute(self, sink);
    }
}

impl ToAttribute for Value {
    fn to_attribute(&self, sink: Sink<'_>) {
        match self {
            Self::Bool(value) => sink.bool(*value),
            Self::I64(value) => sink.i64(*value),
            Self::F64(value) => sink.f64(*value),
            Self::Str(value) => sink.str(value),
            Self::Array(Array::Bool(values)) => sink.bools(values),
            Self::Array(Array::I64(values)) => sink.i64s(values),
            Self::Array(Array::F64(values)) => sink.f64s(values),
            Self::Array(Array::Str(values)) => sink.strs(values),
        }
    }
}

macro_rules! displayed_number {
    ($($type:ty => $method:ident as $wide:ty),* $(,)?) => {$(
        impl ToAttribute for $type {
            fn to_attribute(&self, sink: Sink<'_>) {
                sink.$method(<$wide>::from(self.get()));
            }
        }
    )*};
}

displayed_number! {
    std::num::NonZeroU8 => u64 as u64, std::num::NonZeroU16 => u64 as u64,
    std::num::NonZeroU32 => u64 as u64, std::num::NonZeroU64 => u64 as u64,
    std::num::NonZeroI8 => i64 as i64, std::num::NonZeroI16 => i64 as i64,
    std::num::NonZeroI32 => i64 as i64, std::num::NonZeroI64 => i64 as i64,
}

impl ToAttribute for std::num::NonZeroUsize {
    fn to_attribute(&self, sink: Sink<'_>) {
        self.get().to_attribute(sink);
    }
}

impl ToAttribute for std::num::NonZeroIsize {
    fn to_attribute(&self, sink: Sink<'_>) {
        self.get().to_attribute(sink);
    }
}
