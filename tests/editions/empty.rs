//! Nothing: the package exists for its tests in another edition.
