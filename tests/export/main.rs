//! The exporters against real servers on loopback.

mod certificates;
mod exceptions;
mod faults;
mod flush;
mod http;
mod otlp;
mod proxies;
mod reduce;
mod rig;
