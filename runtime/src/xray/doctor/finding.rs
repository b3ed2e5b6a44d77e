//! What was found, as data and as text.
//!
//! In: what was looked at, how it is, what to do about it. Out: the same, line by line.
//! Never: holds a secret.

use std::fmt;

/// How a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// It works, though perhaps not as it was meant.
    Warning,
    /// Something does not arrive because of it.
    Problem,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at, in a word or two.
    pub what: &'static str,
    /// How it is.
    pub verdict: Verdict,
    /// What was seen; may have several lines.
    pub detail: String,
    /// What to do about it; there is some wherever the verdict is not [`Verdict::Ok`].
    pub advice: Option<String>,
}

/// A setting in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The variable, or the field of [`Settings`](crate::xray::Settings) where there is none.
    pub name: &'static str,
    /// Its value as the variable would have it.
    pub value: String,
    /// Whether it is what holds without the variable.
    pub is_default: bool,
}

/// Everything that was looked at. As text it is a page for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnosis {
    /// The settings in force; none where a running process was looked at.
    pub settings: Vec<Setting>,
    /// What was found, in the order in which things depend on each other.
    pub findings: Vec<Finding>,
}

impl Verdict {
    /// The verdict as a lower-case word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

impl Finding {
    pub(super) fn ok(what: &'static str, detail: impl Into<String>) -> Self {
        Self { what, verdict: Verdict::Ok, detail: detail.into(), advice: None }
    }

    pub(super) fn warning(
        what: &'static str,
        detail: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        let (detail, advice) = (detail.into(), Some(advice.into()));
        Self { what, verdict: Verdict::Warning, detail, advice }
    }

    pub(super) fn problem(
        what: &'static str,
        detail: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self { verdict: Verdict::Problem, ..Self::warning(what, detail, advice) }
    }
}

impl Diagnosis {
    /// The worst verdict; [`Verdict::Ok`] where nothing was found.
    pub fn verdict(&self) -> Verdict {
        self.findings.iter().map(|finding| finding.verdict).max().unwrap_or(Verdict::Ok)
    }

    /// The first finding about a thing.
    pub fn about(&self, what: &str) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.what == what)
    }

    fn count(&self, verdict: Verdict) -> usize {
        self.findings.iter().filter(|finding| finding.verdict == verdict).count()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Where texts begin that go on below each other.
const INDENT: usize = 22;

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.settings.iter().map(|setting| setting.name.len()).max().unwrap_or(0);
        for Setting { name, value, is_default } in &self.settings {
            let mark = if *is_default { " (default)" } else { "" };
            writeln!(f, "{name:width$}  {value}{mark}")?;
        }
        if !self.settings.is_empty() {
            writeln!(f)?;
        }
        self.findings.iter().try_for_each(|finding| writeln!(f, "{finding}"))?;
        let (problems, warnings) = (self.count(Verdict::Problem), self.count(Verdict::Warning));
        writeln!(f, "\nproblems: {problems}, warnings: {warnings}")
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, verdict, detail, advice } = self;
        let mut lines = detail.lines();
        write!(f, "{verdict:7}  {what:11}  {}", lines.next().unwrap_or_default())?;
        lines.try_for_each(|line| write!(f, "\n{:INDENT$}{line}", ""))?;
        match advice {
            Some(advice) => write!(f, "\n{:INDENT$}→ {advice}", ""),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diagnosis_reads_as_a_page_and_is_as_bad_as_its_worst_finding() {
        let setting =
            |name, value: &str, is_default| Setting { name, value: value.to_owned(), is_default };
        let mut diagnosis = Diagnosis {
            settings: vec![setting("A", "1", false), setting("LONGER", "off", true)],
            findings: vec![Finding::ok("name", "is an address")],
        };
        assert_eq!(diagnosis.verdict(), Verdict::Ok);
        diagnosis.findings.push(Finding::warning("rules", "one\ntwo", "change them"));
        assert_eq!(diagnosis.verdict(), Verdict::Warning);
        diagnosis.findings.push(Finding::problem("tcp", "refused", "start it"));
        assert_eq!(diagnosis.verdict(), Verdict::Problem);
        let expected = "\
A       1
LONGER  off (default)

ok       name         is an address
warning  rules        one
                      two
                      → change them
problem  tcp          refused
                      → start it

problems: 1, warnings: 1
";
        assert_eq!(diagnosis.to_string(), expected);
    }
}
