//! Who a context of the API names as parent.
//!
//! In: a context. Out: a span of ours, or the context of somebody else's.
//! Never: keeps a table of spans; a span of ours is asked, and answers beside the API's back.

use std::cell::Cell;

use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt;

use super::follow;
use crate::record::SpanContext;
use crate::span::{Parent, SpanRef, current};

/// The parent that a context names: the span in it, or a span of ours that began below it on this
/// thread while it is attached; what is current where it holds no span.
///
/// A span of ours is recognised as such, whichever way its context came here, unless nothing but
/// its ids were carried; then it counts as one of another process.
impl From<&Context> for Parent {
    fn from(context: &Context) -> Self {
        let span = SpanContext::from(context.span().span_context());
        if !span.is_valid() {
            return Self::current();
        }
        match follow::deeper_than(span) {
            Some(deeper) => Self::Local(deeper),
            None => of_valid(context, span),
        }
    }
}

/// The span of ours that a context holds; names none when it holds none, or not one of ours.
///
/// For instance to make it current by hand: `span_of(&context).enter()`.
pub fn span_of(context: &Context) -> SpanRef {
    let span = SpanContext::from(context.span().span_context());
    match of_valid(context, span) {
        Parent::Local(span) => span,
        Parent::Remote(_) | Parent::Root => SpanRef::default(),
    }
}

/// Whose the span in a context is; `span` is its own context.
pub(super) fn of_valid(context: &Context, span: SpanContext) -> Parent {
    if let Some(ours) = ask(context) {
        return Parent::Local(ours);
    }
    let current = current();
    if !span.is_remote && !current.is_none() && follow::is(current, span) {
        return Parent::Local(current);
    }
    Parent::from(span)
}

/// What a span is asked beside the API, which hides its type.
#[derive(Clone, Copy)]
enum Question {
    None,
    WhoAreYou,
    Answered(SpanRef),
}

thread_local! {
    static QUESTION: Cell<Question> = const { Cell::new(Question::None) };
}

fn ask(context: &Context) -> Option<SpanRef> {
    QUESTION.set(Question::WhoAreYou);
    // Any call would do that reaches the span and changes nothing.
    let _ = context.span().is_recording();
    match QUESTION.replace(Question::None) {
        Question::Answered(span) => Some(span),
        Question::None | Question::WhoAreYou => None,
    }
}

/// Answers if the span was asked; every call of the API that may be the question ends here.
pub(super) fn answer(span: SpanRef) {
    if !span.is_none() && matches!(QUESTION.get(), Question::WhoAreYou) {
        QUESTION.set(Question::Answered(span));
    }
}
