//! The exporters against real servers on loopback.

mod exceptions;
mod faults;
mod flush;
mod http;
mod otlp;
mod reduce;
mod rig;
