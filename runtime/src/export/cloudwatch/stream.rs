//! What a log stream is called.
//!
//! In: a template, what is known of the process, the time of an event. Out: a name that the service
//! takes.
//! Never: asks the machine or the clock.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogStream.html>:
//! 1 to 512 characters, neither `:` nor `*`.

use std::fmt::{self, Write as _};

use super::MAX_NAME_CHARS;
use super::settings::SettingsError;
use crate::utc::Time;

/// A text with placeholders:
///
/// | placeholder | stands for |
/// |---|---|
/// | `{machine}` | the name of the machine |
/// | `{program}` | the name of the program |
/// | `{process_id}` | the number of the process |
/// | `{date}` | the day of the event in UTC, as `2026-11-20` |
/// | `{strftime:%Y-%m-%d-%H}` | the same by its parts: year, month, day, hour |
///
/// `{machine_name}` and `{program_name}` are understood, too.
#[derive(Clone, PartialEq, Eq)]
pub struct Template {
    text: String,
    pieces: Vec<Piece>,
}

/// What is known of the process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Process {
    /// The name of the machine.
    pub machine: Option<String>,
    /// The name of the program.
    pub program: Option<String>,
    /// The number of the process.
    pub process_id: Option<u32>,
}

/// A part of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Machine,
    Program,
    ProcessId,
    Year,
    Month,
    Day,
    Hour,
}

/// Characters that no name has.
const FORBIDDEN: [char; 2] = [':', '*'];

/// Stands for what is not known, or may not be in a name.
const UNKNOWN: &str = "unknown";

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// [`SettingsError::Template`] for a placeholder that is not known, a character that no name
    /// has, or a name that is always too long.
    pub fn new(text: &str) -> Result<Self, SettingsError> {
        Self::checked("the log stream", text)
    }

    pub(super) fn checked(variable: &'static str, text: &str) -> Result<Self, SettingsError> {
        let pieces = pieces(text).and_then(|pieces| {
            let fixed = pieces.iter().map(|piece| match piece {
                Piece::Text(text) => text.chars().count(),
                _ => 0,
            });
            match fixed.sum::<usize>() {
                0 if pieces.is_empty() => Err("a name has at least one character".to_owned()),
                0..=MAX_NAME_CHARS => Ok(pieces),
                _ => Err("a name has at most 512 characters".to_owned()),
            }
        });
        match pieces {
            Ok(pieces) => Ok(Self { text: text.to_owned(), pieces }),
            Err(problem) => {
                Err(SettingsError::Template { variable, found: text.to_owned(), problem })
            }
        }
    }

    /// The names that it makes in a process.
    pub(super) fn names(&self, process: &Process) -> Names {
        let known = |text: Option<&String>| {
            let text = text.map_or(UNKNOWN, String::as_str);
            Piece::Text(text.replace(FORBIDDEN, "-"))
        };
        let pieces = self.pieces.iter().map(|piece| match piece {
            Piece::Machine => known(process.machine.as_ref()),
            Piece::Program => known(process.program.as_ref()),
            Piece::ProcessId => known(process.process_id.map(|id| id.to_string()).as_ref()),
            piece => piece.clone(),
        });
        Names { pieces: pieces.collect() }
    }
}

impl Default for Template {
    /// `{machine}/{program}/{process_id}`: one writer a stream, and who it is.
    fn default() -> Self {
        let slash = || Piece::Text("/".to_owned());
        Self {
            text: "{machine}/{program}/{process_id}".to_owned(),
            pieces: vec![Piece::Machine, slash(), Piece::Program, slash(), Piece::ProcessId],
        }
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Template({self})")
    }
}

fn pieces(text: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (before, behind) = rest.split_once('{').unwrap_or((rest, ""));
        literal(before, &mut pieces)?;
        if before.len() == rest.len() {
            break;
        }
        let (name, after) = behind.split_once('}').ok_or("a `{` has no `}`")?;
        placeholder(name, &mut pieces)?;
        rest = after;
    }
    Ok(pieces)
}

fn literal(text: &str, pieces: &mut Vec<Piece>) -> Result<(), String> {
    if let Some(bad) = text.chars().find(|char| FORBIDDEN.contains(char) || char.is_control()) {
        return Err(format!("a name has no {bad:?}"));
    }
    if text.contains('}') {
        return Err("a `}` has no `{`".to_owned());
    }
    if !text.is_empty() {
        pieces.push(Piece::Text(text.to_owned()));
    }
    Ok(())
}

fn placeholder(name: &str, pieces: &mut Vec<Piece>) -> Result<(), String> {
    match name {
        "machine" | "machine_name" => pieces.push(Piece::Machine),
        "program" | "program_name" => pieces.push(Piece::Program),
        "process_id" => pieces.push(Piece::ProcessId),
        "date" => return strftime("%Y-%m-%d", pieces),
        _ => match name.strip_prefix("strftime:") {
            Some(format) => return strftime(format, pieces),
            None => {
                return Err(format!(
                    "`{{{name}}}` is not known, expected {{machine}}, {{program}}, {{process_id}}, \
                     {{date}} or {{strftime:%Y-%m-%d}}"
                ));
            }
        },
    }
    Ok(())
}

fn strftime(format: &str, pieces: &mut Vec<Piece>) -> Result<(), String> {
    let mut parts = format.split('%');
    literal(parts.next().unwrap_or_default(), pieces)?;
    for part in parts {
        let mut chars = part.chars();
        pieces.push(match chars.next() {
            Some('Y') => Piece::Year,
            Some('m') => Piece::Month,
            Some('d') => Piece::Day,
            Some('H') => Piece::Hour,
            _ => return Err(format!("`%{part}` is not known, expected %Y, %m, %d or %H")),
        });
        literal(chars.as_str(), pieces)?;
    }
    Ok(())
}

/// The names that a template makes in one process.
#[derive(Clone, Debug)]
pub(super) struct Names {
    /// Texts and times.
    pieces: Vec<Piece>,
}

impl Names {
    /// The name for an event of this time.
    pub(super) fn at(&self, unix_ms: u64) -> String {
        let Time { year, month, day, hour, .. } = Time::of(unix_ms.saturating_mul(1_000_000));
        let mut name = String::new();
        for piece in &self.pieces {
            // Writing to a text cannot fail.
            let _ = match piece {
                Piece::Text(text) => name.write_str(text),
                Piece::Year => write!(name, "{year:04}"),
                Piece::Month => write!(name, "{month:02}"),
                Piece::Day => write!(name, "{day:02}"),
                Piece::Hour => write!(name, "{hour:02}"),
                // There is nothing else once the process is known.
                Piece::Machine | Piece::Program | Piece::ProcessId => name.write_str(UNKNOWN),
            };
        }
        if let Some((end, _)) = name.char_indices().nth(MAX_NAME_CHARS) {
            name.truncate(end);
        }
        if name.is_empty() { UNKNOWN.to_owned() } else { name }
    }

    /// Whether events of these times have one name, however the times lie within their hours.
    pub(super) fn are_same(&self, unix_ms: u64, other_unix_ms: u64) -> bool {
        const MS_PER_HOUR: u64 = 3_600_000;
        let has = |wanted: &[Piece]| self.pieces.iter().any(|piece| wanted.contains(piece));
        let is_same = |period_ms: u64| unix_ms / period_ms == other_unix_ms / period_ms;
        if has(&[Piece::Hour]) {
            is_same(MS_PER_HOUR)
        } else if has(&[Piece::Year, Piece::Month, Piece::Day]) {
            is_same(24 * MS_PER_HOUR)
        } else {
            true
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-20T10:00:00Z.
    const UNIX_MS: u64 = 1_795_168_800_000;
    const HOUR_MS: u64 = 3_600_000;

    fn process() -> Process {
        Process {
            machine: Some("web-1".to_owned()),
            program: Some("cruddur".to_owned()),
            process_id: Some(77),
        }
    }

    fn name(template: &str) -> String {
        Template::new(template).unwrap().names(&process()).at(UNIX_MS)
    }

    #[test]
    fn placeholders_are_filled_in() {
        for (template, expected) in [
            ("{machine}/{program}/{process_id}", "web-1/cruddur/77"),
            ("{machine_name}.{program_name}", "web-1.cruddur"),
            ("api-{date}", "api-2026-11-20"),
            ("{strftime:%Y/%m/%d}-{strftime:%H}h", "2026/11/20-10h"),
            ("plain", "plain"),
        ] {
            assert_eq!(name(template), expected);
        }
        assert_eq!(Template::default(), Template::new("{machine}/{program}/{process_id}").unwrap());
        let long = "x".repeat(512);
        assert_eq!(name(&long), long);
    }

    #[test]
    fn what_makes_no_name_is_refused_with_what_is_wrong() {
        let long = "x".repeat(513);
        for (template, problem) in [
            ("{host}", "`{host}` is not known, expected {machine}, {program}"),
            ("{logger_name}", "`{logger_name}` is not known"),
            ("a:b", "a name has no ':'"),
            ("{strftime:%H:%M}", "a name has no ':'"),
            ("{strftime:%M}", "`%M` is not known, expected %Y, %m, %d or %H"),
            ("{strftime:%}", "`%` is not known"),
            ("a*", "a name has no '*'"),
            ("a\nb", "a name has no '\\n'"),
            ("{machine", "a `{` has no `}`"),
            ("machine}", "a `}` has no `{`"),
            ("", "a name has at least one character"),
            (&long, "a name has at most 512 characters"),
        ] {
            let message = Template::new(template).unwrap_err().to_string();
            let expected = format!("the log stream is `{template}`: {problem}");
            assert!(message.starts_with(&expected), "{message}");
        }
    }

    #[test]
    fn what_the_machine_is_called_may_not_spoil_the_name() {
        let odd = Process {
            machine: Some("a:b*c".to_owned()),
            program: Some("ü".repeat(600)),
            process_id: None,
        };
        let template = Template::default();
        assert_eq!(template.names(&odd).at(0).chars().count(), 512);
        assert!(template.names(&odd).at(0).starts_with("a-b-c/üü"));
        assert_eq!(template.names(&Process::default()).at(0), "unknown/unknown/unknown");
        let empty = Process { machine: Some(String::new()), ..odd };
        assert_eq!(Template::new("{machine}").unwrap().names(&empty).at(0), "unknown");
    }

    #[test]
    fn only_a_name_with_a_time_in_it_changes() {
        let are_same = |template: &str, distance_ms| {
            let names = Template::new(template).unwrap().names(&process());
            names.are_same(UNIX_MS, UNIX_MS + distance_ms)
        };
        assert!(are_same("{machine}", 100 * HOUR_MS));
        assert!(are_same("{date}", 14 * HOUR_MS - 1) && !are_same("{date}", 14 * HOUR_MS));
        assert!(are_same("{strftime:%H}", HOUR_MS - 1) && !are_same("{strftime:%H}", HOUR_MS));
        assert!(!are_same("{strftime:%H}", 24 * HOUR_MS));
    }
}
