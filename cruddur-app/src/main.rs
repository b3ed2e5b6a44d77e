//! Cruddur, a micro-blog backend instrumented with spanwright.
fn main() {}
