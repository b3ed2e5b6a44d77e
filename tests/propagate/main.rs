//! Headers and sampling from outside: the W3C suite, properties, and agreement with another SDK.

mod peers;
mod properties;
mod suite;
