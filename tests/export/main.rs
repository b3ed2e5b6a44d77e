//! The exporters against real servers on loopback.

mod exceptions;
mod faults;
mod flush;
mod otlp;
mod rig;
