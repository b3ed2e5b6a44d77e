//! The report of a flush or a shutdown as one line of text.

use std::fmt;

use super::{Delivery, Report};
use crate::loss::{LossReason, Tally};

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pace = if self.in_time { "in time" } else { "not in time" };
        let Self { spans, amendments, logs, errors, .. } = self;
        write!(f, "{pace}; spans collected {}, {}", spans.accepted, Losses(spans))?;
        if amendments.lost() > 0 {
            write!(f, "; amendments of spans {}", Losses(amendments))?;
        }
        if logs.accepted > 0 {
            write!(f, "; log {}, {}", logs.accepted, Losses(logs))?;
        }
        if errors.accepted > 0 {
            write!(f, "; errors {}, {}", errors.accepted, Losses(errors))?;
        }
        for Delivery { destination, tally, .. } in &self.destinations {
            let Tally { accepted, delivered, sent, rejected, .. } = tally;
            write!(f, "; {destination}: accepted {accepted}, delivered {delivered}, ")?;
            if *sent > 0 {
                write!(f, "sent {sent}, ")?;
            }
            write!(f, "rejected {rejected}, {}", Losses(tally))?;
        }
        for (at, (kind, count)) in self.changes.iter().enumerate() {
            let separator = if at == 0 { "; changed or refused: " } else { ", " };
            write!(f, "{separator}{kind} {count}")?;
        }
        if self.missing_segments > 0 {
            write!(f, "; subsegments without a segment {}", self.missing_segments)?;
        }
        if self.unwritten_lines > 0 {
            write!(f, "; diagnostic lines not written {}", self.unwritten_lines)?;
        }
        Ok(())
    }
}

/// Lost records by reason.
struct Losses<'a>(&'a Tally);

impl fmt::Display for Losses<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "lost {}", self.0.lost())?;
        let reasons = LossReason::ALL.map(|reason| (reason, self.0.lost_to(reason)));
        let mut separator = " (";
        for (reason, count) in reasons.into_iter().filter(|(_, count)| *count > 0) {
            write!(f, "{separator}{reason} {count}")?;
            separator = ", ";
        }
        if self.0.lost() > 0 { f.write_str(")") } else { Ok(()) }
    }
}
