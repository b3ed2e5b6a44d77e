//! What a double of a service does with its requests, one by one.

use std::collections::VecDeque;

use crate::http_server::Answer;

/// What a double does with a request.
#[derive(Clone, Debug, Default)]
pub enum Turn {
    /// What the service does.
    #[default]
    Judge,
    /// The same, but the connection breaks before the answer.
    JudgeUnheard,
    /// Answers this, and does nothing.
    Instead(Answer),
}

/// So many of these turns, chosen by a seed.
pub fn chosen(turns: &[Turn], seed: u64, count: usize) -> Vec<Turn> {
    let mut random = seed;
    let mut turn = || {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        turns[usize::try_from(random >> 33).unwrap_or_default() % turns.len()].clone()
    };
    (0..count).map(|_| turn()).collect()
}

/// These turns one by one, then the last one for ever.
#[derive(Debug, Default)]
pub(crate) struct Script {
    pub(crate) turns: VecDeque<Turn>,
    pub(crate) otherwise: Turn,
}

impl Turn {
    /// An answer of this status without a body.
    pub fn status(status: u16) -> Self {
        Self::Instead(Answer::status(status))
    }

    /// Takes the turn; `judge` does what the service does.
    pub(crate) fn take(self, judge: impl FnOnce() -> Answer) -> Answer {
        match self {
            Self::Judge => judge(),
            Self::JudgeUnheard => {
                judge();
                Answer::Reset
            }
            Self::Instead(answer) => answer,
        }
    }
}

impl Script {
    /// The next one.
    pub(crate) fn turn(&mut self) -> Turn {
        self.turns.pop_front().unwrap_or_else(|| self.otherwise.clone())
    }
}
