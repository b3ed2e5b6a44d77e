//! Headers and sampling from outside: the W3C suite, the vectors of X-Ray's implementations,
//! properties, and agreement with another SDK.

mod hostile;
mod peers;
mod properties;
mod repeated;
mod suite;
mod xray;
mod xray_properties;
