//! The attribute macros of spanwright; users reach them through the `spanwright` crate.
