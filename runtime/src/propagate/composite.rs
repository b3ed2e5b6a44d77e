//! Several formats of headers as one.
//!
//! In: the names of formats, as settings hold them. Out: one propagator that applies each in turn.
//! Never: reads the environment; it is given the text.

use std::sync::Arc;

use super::{
    B3, BaggageHeader, Carrier, Context, Injector, Jaeger, Propagator, TraceContext, Xray, xray,
};
use crate::guard::guard;

/// The setting whose text [`Composite::from_setting`] takes.
///
/// Source: <https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#general-sdk-configuration>.
const SETTING: &str = "OTEL_PROPAGATORS";

/// The names known, in the order of the message.
const KNOWN: &str = "tracecontext, baggage, b3, b3multi, jaeger, xray, none";

/// Why a list of formats cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompositeError {
    /// A name in the list is not known.
    #[error("{SETTING}: unknown propagator {name:?}, expected a list of {KNOWN}")]
    Unknown {
        /// The name found.
        name: String,
    },
    /// `none` stands beside other names, so it is not clear what is meant.
    #[error("{SETTING}: {value:?} has none beside other names, expected none alone or without it")]
    NoneBesideOthers {
        /// The list found.
        value: String,
    },
}

/// Applies several propagators in order.
///
/// Each reads the same headers, so of several that find a span in them the last one counts, as
/// OpenTelemetry has it; one that finds nothing it can read changes nothing. But [`Xray`] is always
/// asked last, since it knows what to make of the span of another. Going out, each writes its
/// headers.
/// Source: <https://opentelemetry.io/docs/specs/otel/context/api-propagators/#composite-extract>.
///
/// ```
/// use spanwright::propagate::{Composite, Context, Propagator};
///
/// let headers = [("Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")];
/// let mut context = Context::default();
/// Composite::default().extract(&headers.as_slice(), &mut context);
/// assert!(context.span.is_valid() && context.span.flags.is_sampled());
/// ```
#[derive(Clone, Debug)]
pub struct Composite {
    propagators: Vec<Arc<dyn Propagator>>,
    fields: Vec<&'static str>,
    prefixes: Vec<&'static str>,
}

impl Composite {
    /// Applies `propagators` in this order, but [`Xray`] last; none at all is allowed.
    pub fn new(mut propagators: Vec<Arc<dyn Propagator>>) -> Self {
        propagators.sort_by_key(|propagator| propagator.fields().contains(&xray::HEADER));
        let mut fields = Vec::new();
        for field in propagators.iter().flat_map(|propagator| propagator.fields()) {
            if !fields.contains(field) {
                fields.push(*field);
            }
        }
        let prefixes = propagators.iter().flat_map(|it| it.prefixes()).copied().collect();
        Self { propagators, fields, prefixes }
    }

    /// Reads the text of `OTEL_PROPAGATORS`: names joined by commas, in any case. A name that comes
    /// twice counts once, at its first place; `none` alone propagates nothing; an empty text is the
    /// default, `tracecontext,baggage`.
    ///
    /// # Errors
    /// A name that is not known, and `none` beside others.
    pub fn from_setting(value: &str) -> Result<Self, CompositeError> {
        let mut names: Vec<String> = Vec::new();
        for name in value.split(',').map(|name| name.trim().to_ascii_lowercase()) {
            if !name.is_empty() && !names.contains(&name) {
                names.push(name);
            }
        }
        if names.is_empty() {
            return Ok(Self::default());
        }
        let mut propagators: Vec<Arc<dyn Propagator>> = Vec::new();
        for name in &names {
            match name.as_str() {
                "tracecontext" => propagators.push(Arc::new(TraceContext)),
                "baggage" => propagators.push(Arc::new(BaggageHeader)),
                "b3" => propagators.push(Arc::new(B3::single())),
                "b3multi" => propagators.push(Arc::new(B3::multi())),
                "jaeger" => propagators.push(Arc::new(Jaeger)),
                "xray" => propagators.push(Arc::new(Xray)),
                "none" if names.len() == 1 => {}
                "none" => return Err(CompositeError::NoneBesideOthers { value: value.to_owned() }),
                _ => return Err(CompositeError::Unknown { name: name.clone() }),
            }
        }
        Ok(Self::new(propagators))
    }
}

impl Composite {
    /// Sets the headers of `context`, and removes others of the same formats, which may come from another
    /// trace.
    pub(crate) fn replace(&self, context: &Context, headers: &mut dyn Injector) {
        let mut set = Vec::new();
        let mut written = Vec::new();
        for propagator in &self.propagators {
            let count = set.len();
            let mut add = |name: &str, value: &str| set.push((name.to_owned(), value.to_owned()));
            let injected = guarded(&**propagator, |it| {
                it.inject(context, &mut add);
                (it.fields(), it.prefixes())
            });
            match injected {
                Some(names) if set.len() > count => written.push(names),
                Some(_) => {}
                None => set.truncate(count),
            }
        }
        headers.retain(&|name| !written.iter().any(|names| is_of(names, name)));
        for (name, value) in &set {
            headers.set(name, value);
        }
    }

    /// The default and `xray`, for who sends segments.
    pub fn with_xray() -> Self {
        Self::new(vec![Arc::new(TraceContext), Arc::new(BaggageHeader), Arc::new(Xray)])
    }
}

/// Calls a propagator, which may panic.
fn guarded<'a, R>(
    propagator: &'a dyn Propagator,
    call: impl FnOnce(&'a dyn Propagator) -> R,
) -> Option<R> {
    guard(format_args!("propagator `{}`", propagator.type_name()), || call(propagator))
}

/// Returns true if a format uses a header of this name.
fn is_of((fields, prefixes): &(&[&str], &[&str]), name: &str) -> bool {
    let starts_name = |prefix: &&str| {
        name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    fields.iter().any(|field| field.eq_ignore_ascii_case(name)) || prefixes.iter().any(starts_name)
}

/// `tracecontext,baggage`, as OpenTelemetry has it.
impl Default for Composite {
    fn default() -> Self {
        Self::new(vec![Arc::new(TraceContext), Arc::new(BaggageHeader)])
    }
}

impl Propagator for Composite {
    fn fields(&self) -> &[&'static str] {
        &self.fields
    }

    fn prefixes(&self) -> &[&'static str] {
        &self.prefixes
    }

    fn extract(&self, carrier: &dyn Carrier, context: &mut Context) {
        for propagator in &self.propagators {
            // A trace state of another trace must not stay beside the span that this one finds.
            let trace_id = context.span.trace_id;
            let trace_state = context.trace_state.take();
            // A propagator that panics costs what it would have read from here on.
            guarded(&**propagator, |it| it.extract(carrier, context));
            if context.trace_state.is_none() && context.span.trace_id == trace_id {
                context.trace_state = trace_state;
            }
        }
    }

    fn inject(&self, context: &Context, set: &mut dyn FnMut(&str, &str)) {
        for propagator in &self.propagators {
            guarded(&**propagator, |it| it.inject(context, set));
        }
    }
}

#[cfg(test)]
mod tests;
