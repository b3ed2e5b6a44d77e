//! The exporters against real servers on loopback.

mod faults;
mod flush;
mod otlp;
mod rig;
