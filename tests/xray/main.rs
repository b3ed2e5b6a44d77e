//! AWS X-Ray, from spans to what its daemon is sent.

mod documents;
mod judge;
mod normal_form;
mod properties;
mod ways;
