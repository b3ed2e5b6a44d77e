//! Secrets of every kind, planted in every place, and searched in what every destination gets.
//!
//! Kinds, places and destinations are tables; a failure names the cell. The program runs itself once
//! more with the telemetry, so that standard output, which the console writes, can be searched as well.

mod destinations;
mod kinds;
mod places;

use std::collections::BTreeSet;

use destinations::{Destination, Doubles};
use kinds::{KINDS, Kind};
use places::{PLACES, Place};

/// Asks the program to record the cells and to send them.
const SEND: &str = "send-every-cell";

/// One secret in one place.
struct Cell {
    kind: &'static Kind,
    place: &'static Place,
    value: String,
}

/// Every kind in every place where it can stand; each has a value of its own.
fn cells() -> Vec<Cell> {
    let all = KINDS.iter().enumerate().flat_map(|(row, kind)| {
        PLACES.iter().enumerate().map(move |(column, place)| (row, kind, column, place))
    });
    let all = all.filter(|(_, kind, _, place)| !kind.is_literal || place.is_statement);
    let cell = |(row, kind, column, place)| Cell { kind, place, value: kinds::value(row, column) };
    all.map(cell).collect()
}

fn main() {
    if std::env::args().any(|argument| argument == SEND) {
        return destinations::send(&cells());
    }
    let received = Doubles::start().received(SEND);
    let mut failures = Vec::new();
    for destination in &received {
        failures.extend(leaks(destination));
        failures.extend(missing(destination));
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

/// Cells whose secret a destination got, in any form.
fn leaks(destination: &Destination) -> Vec<String> {
    let text = String::from_utf8_lossy(&destination.bytes);
    let cells = cells();
    let forms: Vec<_> = cells.iter().map(|cell| kinds::forms(&cell.value)).collect();
    let mut leaking = BTreeSet::new();
    // One search for what all values begin with: there are megabytes, and a thousand values.
    for (number, begin) in kinds::forms(kinds::BEGIN).iter().enumerate() {
        for (at, _) in text.match_indices(begin) {
            let known = forms.iter().position(|forms| text[at..].starts_with(&forms[number]));
            let of = |cell: &Cell| format!("{} × {}", cell.kind.name, cell.place.name);
            let cell = known.map_or("a part of some value".to_owned(), |known| of(&cells[known]));
            leaking.insert(format!("{cell} × {}", destination.name));
        }
    }
    leaking.into_iter().collect()
}

/// Places that a destination should have got and did not: without them the test shows nothing.
fn missing(destination: &Destination) -> Vec<String> {
    let text = String::from_utf8_lossy(&destination.bytes);
    let expected: BTreeSet<&str> = destination.places.iter().copied().collect();
    let absent = expected.into_iter().filter(|place| !text.contains(&places::mark(place)));
    absent.map(|place| format!("nothing of `{place}` reached {}", destination.name)).collect()
}
