//! How much of a span is told when all of it is too much.
//!
//! In: a body that is too long. Out: the next, stricter diet for it.
//! Never: gives up: the last diet always fits.

use crate::notes::Notes;

/// The most bytes of a namespace's name where it is missing.
pub(super) const MAX_NAMED_BYTES: usize = 64;

/// What a body may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Diet {
    /// The most bytes of one value of the metadata, or of a link, encoded.
    pub(super) value_bytes: usize,
    /// The most bytes of a statement.
    pub(super) query_bytes: usize,
    /// The most frames of a stack, and the most bytes of what an error says.
    pub(super) frames: usize,
    pub(super) message_bytes: usize,
    /// The most bytes of the attributes of a link, encoded; those beyond it are left out.
    pub(super) link_bytes: usize,
    /// The namespaces of metadata that are left out, with their sizes.
    pub(super) without: Vec<(String, usize)>,
    /// The most annotations, and the most characters of each.
    pub(super) annotations: usize,
    pub(super) annotation_chars: usize,
    /// Only what the tree needs.
    pub(super) is_skeleton: bool,
    /// How often it became stricter.
    pub(super) step: u8,
}

impl Default for Diet {
    fn default() -> Self {
        Self {
            value_bytes: usize::MAX,
            query_bytes: usize::MAX,
            frames: 32,
            message_bytes: 4 * 1024,
            link_bytes: usize::MAX,
            without: Vec::new(),
            annotations: usize::MAX,
            annotation_chars: super::MAX_ANNOTATION_CHARS,
            is_skeleton: false,
            step: 0,
        }
    }
}

impl Diet {
    /// Whether namespaces are to be measured, because some will have to go.
    pub(super) fn is_measured(&self) -> bool {
        self.step == 3
    }

    /// The next diet for a body that has so many bytes too many, of which each namespace has some.
    pub(super) fn stricter(
        &mut self,
        excess: usize,
        mut sizes: Vec<(String, usize)>,
        notes: &Notes,
    ) {
        self.step += 1;
        match self.step {
            1 => self.value_bytes = 2 * 1024,
            2 => self.query_bytes = 4 * 1024,
            3 => (self.frames, self.message_bytes, self.link_bytes) = (10, 512, 512),
            4 => {
                sizes.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
                let mut freed = 0;
                self.without = sizes;
                self.without.retain(|(namespace, bytes)| {
                    let is_needed = freed < excess;
                    // The name stays, to say what is missing.
                    freed += bytes.saturating_sub(namespace.len().min(MAX_NAMED_BYTES) * 6 + 32);
                    is_needed
                });
            }
            5 => (self.annotations, self.annotation_chars) = (50, 100),
            _ => self.is_skeleton = true,
        }
        notes.add(STEPS[usize::from(self.step.min(6)) - 1], 1);
    }
}

/// What each step is called among the notes.
const STEPS: [&str; 6] = [
    "metadata values shortened",
    "statements shortened",
    "causes and links shortened",
    "metadata namespaces dropped",
    "annotations shortened",
    "reduced to a skeleton",
];
