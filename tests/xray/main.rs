//! AWS X-Ray, from spans to what its daemon is sent.

mod captures;
mod documents;
mod judge;
mod normal_form;
mod properties;
mod ways;
