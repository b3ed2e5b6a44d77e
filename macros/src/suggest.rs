//! The word that was probably meant.
//!
//! In: a misspelt word and the words that exist. Out: the nearest of them, or nothing.
//! Never: guesses when nothing is near.

/// The candidate that is at most a third of its letters away from `word`.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(steps, candidate)| *steps <= (candidate.chars().count() / 3).max(1))
        .min_by_key(|(steps, _)| *steps)
        .map(|(_, candidate)| candidate)
}

/// `; did you mean …?` when something is near, otherwise the whole list.
pub(crate) fn hint(word: &str, candidates: &[&str]) -> String {
    nearest(word, candidates.iter().copied()).map_or_else(
        || format!("; expected {}", list(candidates)),
        |near| format!("; did you mean `{near}`?"),
    )
}

/// The words in backticks, joined by commas.
pub(crate) fn list(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// How many letters must be inserted, removed, replaced or swapped with their neighbour.
fn distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=to.len()).collect()];
    for (i, letter) in from.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, other) in to.iter().enumerate() {
            let replaced = rows[i][j] + usize::from(letter != other);
            let mut best = replaced.min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *letter == to[j - 1] && from[i - 1] == *other {
                best = best.min(rows[i - 1][j - 1] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[from.len()][to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_word_and_a_stranger_finds_nothing() {
        let words = ["name", "level", "target", "fields", "parent"];
        for (word, expected) in [
            ("nmae", Some("name")),
            ("field", Some("fields")),
            ("levle", Some("level")),
            ("targets", Some("target")),
            ("colour", None),
            ("x", None),
        ] {
            assert_eq!(nearest(word, words), expected, "{word}");
        }
    }
}
