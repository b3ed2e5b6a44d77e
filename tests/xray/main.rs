//! X-Ray, over real sockets.

mod transport;
