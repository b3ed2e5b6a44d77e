//! What the cases fail with: errors of every kind, and an answer that is no `Result`.

use std::error::Error;
use std::fmt::{self, Display};

#[derive(Debug, PartialEq)]
pub(super) struct Failure(pub(super) &'static str);

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "failed: {}", self.0)
    }
}

impl Error for Failure {}

pub(super) fn fail(fails: bool, text: &'static str) -> Result<(), Failure> {
    if fails { Err(Failure(text)) } else { Ok(()) }
}

#[derive(Debug)]
pub(super) struct OnlyDebug;
pub(super) struct Nothing;

/// An error with a source; its text ends with that of its source or not.
#[derive(Debug)]
pub(super) struct Layer(pub(super) &'static str, pub(super) Option<Box<dyn Error + Send + Sync>>);

impl Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for Layer {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&**self.1.as_ref()?)
    }
}

pub(super) fn layer(text: &'static str, source: impl Error + Send + Sync + 'static) -> Layer {
    Layer(text, Some(Box::new(source)))
}

/// An answer that may be a failure although it is no `Result`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Answer {
    Found(u32),
    Missing,
    Broken,
}

impl spanwright::span::Fallible for Answer {
    type Ok = u32;
    type Err = Self;

    fn split(&self) -> spanwright::span::Split<'_, u32, Self> {
        use spanwright::span::Split;
        match self {
            Self::Found(n) => Split::Ok(n),
            Self::Missing => Split::None,
            Self::Broken => Split::Err(self),
        }
    }
}

#[derive(Clone, Copy)]
pub(super) struct Explosive;

impl Display for Explosive {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        std::panic::resume_unwind(Box::new("Display"))
    }
}
