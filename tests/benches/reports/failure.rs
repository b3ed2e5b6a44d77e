//! What fails: an error with two sources, whoever reports it.

use std::error::Error;
use std::fmt;
use std::num::ParseIntError;

/// What a request fails with.
#[derive(Debug)]
pub(crate) struct Failure(Refused);

/// What it came from; its source is of the standard library.
#[derive(Debug)]
struct Refused(ParseIntError);

impl Failure {
    #[cold]
    pub(crate) fn new() -> Self {
        Self(Refused("seven".parse::<u64>().expect_err("it has no digit")))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the order cannot be paid")
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the answer of the bank has no amount")
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

impl Error for Refused {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}
