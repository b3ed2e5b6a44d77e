//! How much detail a span or a message carries.

use std::fmt;
use std::str::FromStr;

/// Detail, from what must be seen to what is rarely wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Level {
    /// A failure.
    Error = 1,
    /// Something that may become a failure.
    Warn = 2,
    /// What an operator wants to see; the default of spans.
    Info = 3,
    /// What a developer wants to see.
    Debug = 4,
    /// Everything.
    Trace = 5,
}

/// Why a text is not a level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseLevelError(String);

impl Level {
    /// The name in lower case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Level {
    type Err = ParseLevelError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Error, Self::Warn, Self::Info, Self::Debug, Self::Trace]
            .into_iter()
            .find(|level| text.eq_ignore_ascii_case(level.as_str()))
            .ok_or_else(|| ParseLevelError(text.to_owned()))
    }
}

impl fmt::Display for ParseLevelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not one of error, warn, info, debug, trace", self.0)
    }
}

impl std::error::Error for ParseLevelError {}
