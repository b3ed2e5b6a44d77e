//! Which subtrees of a trace go as documents of their own.
//!
//! In: a tree and the size of each body. Out: the places that documents begin at.
//! Never: cuts more than it must; encodes anything.
//!
//! One nested document is what X-Ray likes best: it takes five times as much of a trace when that
//! comes together. Only what does not fit is cut off, largest first, and goes beside it.

/// A document of some size, in bytes, joins its bodies with so many more.
pub(super) const DOCUMENT_OVERHEAD: usize = 100;

/// What opens and closes a list of subsegments.
pub(super) const OPEN: &[u8] = b",\"subsegments\":[";
pub(super) const CLOSE: &[u8] = b"]}";

/// One subtree, as far as packing goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Body {
    /// The place of the parent, before this one.
    pub(super) parent: Option<usize>,
    /// The bytes of the body alone.
    pub(super) bytes: usize,
}

/// What one document may have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// The most bytes, except for a body that has more on its own.
    pub(super) bytes: usize,
    /// The most subsegments inside each other.
    pub(super) levels: usize,
}

/// A body with all that is still nested in it.
#[derive(Clone, Copy, Debug)]
struct Nested {
    bytes: usize,
    levels: usize,
    children: usize,
    is_top: bool,
}

/// Whether a document begins at each place.
///
/// With bounds to prefer: these, if they need no more documents.
pub(super) fn pack(bodies: &[Body], bounds: Bounds, preferred: Bounds) -> Vec<bool> {
    let tops = pack_within(bodies, bounds);
    let count = |tops: &[bool]| tops.iter().filter(|is_top| **is_top).count();
    if count(&tops) == bodies.iter().filter(|body| body.parent.is_none()).count() {
        return tops;
    }
    let smaller = pack_within(bodies, preferred);
    if count(&smaller) <= count(&tops) { smaller } else { tops }
}

fn pack_within(bodies: &[Body], bounds: Bounds) -> Vec<bool> {
    let nested = |body: &Body| Nested {
        bytes: body.bytes,
        levels: 1,
        children: 0,
        is_top: body.parent.is_none(),
    };
    let mut nested: Vec<_> = bodies.iter().map(nested).collect();
    // All children of a place are next to each other in this order, and before it.
    let mut by_parent: Vec<_> =
        (0..bodies.len()).filter(|at| bodies[*at].parent.is_some()).collect();
    by_parent.sort_by_key(|at| bodies[*at].parent);
    let mut end = by_parent.len();
    for place in (0..bodies.len()).rev() {
        let siblings = by_parent[..end].iter().rev();
        let count = siblings.take_while(|at| bodies[**at].parent == Some(place)).count();
        let children = &mut by_parent[end - count..end];
        end -= count;
        join(place, children, &mut nested, bounds);
    }
    nested.iter().map(|nested| nested.is_top).collect()
}

/// Nests the children in their parent, as far as they fit.
fn join(parent: usize, children: &mut [usize], nested: &mut [Nested], bounds: Bounds) {
    if children.is_empty() {
        return;
    }
    let mut all = nested[parent];
    for &mut child in children.iter_mut() {
        if nested[child].levels >= bounds.levels {
            nested[child].is_top = true;
        } else {
            all.bytes += nested[child].bytes;
            all.children += 1;
            all.levels = all.levels.max(nested[child].levels + 1);
        }
    }
    let fits = |all: Nested| all.bytes + joints(all.children) + DOCUMENT_OVERHEAD <= bounds.bytes;
    if !fits(all) {
        children.sort_by_key(|child| nested[*child].bytes);
        for &child in
            children.iter().rev().filter(|child| !nested[**child].is_top).collect::<Vec<_>>()
        {
            if fits(all) {
                break;
            }
            nested[child].is_top = true;
            all.bytes -= nested[child].bytes;
            all.children -= 1;
        }
        let left = children.iter().filter(|child| !nested[**child].is_top);
        all.levels = left.map(|child| nested[*child].levels + 1).max().unwrap_or(1);
    }
    all.bytes += joints(all.children);
    nested[parent] = all;
}

/// The bytes that nesting so many children costs: one closing brace moves to the end.
const fn joints(children: usize) -> usize {
    if children == 0 { 0 } else { OPEN.len() + CLOSE.len() - 1 + children - 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PREFERRED: Bounds = Bounds { bytes: 32_000, levels: 40 };
    const BOUNDS: Bounds = Bounds { bytes: 60_000, levels: 40 };

    fn check(bodies: &[(Option<usize>, usize)], expected: &[usize]) {
        let bodies: Vec<_> = bodies.iter().map(|&(parent, bytes)| Body { parent, bytes }).collect();
        let tops = pack(&bodies, BOUNDS, PREFERRED);
        let tops: Vec<_> = (0..bodies.len()).filter(|at| tops[*at]).collect();
        assert_eq!(tops, expected, "{bodies:?}");
    }

    #[test]
    fn what_fits_is_one_document() {
        check(&[(None, 1_000), (Some(0), 20_000), (Some(1), 20_000), (Some(0), 18_000)], &[0]);
        check(&[(None, 59_900)], &[0]);
        check(&[(None, 1), (Some(0), 59_882)], &[0]);
        check(&[(None, 1), (Some(0), 59_883)], &[0, 1]);
    }

    #[test]
    fn the_largest_subtree_is_cut_off_first() {
        check(&[(None, 1_000), (Some(0), 10_000), (Some(0), 40_000), (Some(0), 20_000)], &[0, 2]);
        // Nested ones count with all below them.
        check(&[(None, 1_000), (Some(0), 30_000), (Some(0), 5_000), (Some(2), 29_000)], &[0, 2]);
    }

    #[test]
    fn every_level_is_cut_where_it_must_be() {
        check(
            &[(None, 100), (Some(0), 100), (Some(1), 50_000), (Some(1), 40_000), (Some(0), 59_000)],
            &[0, 2, 4],
        );
    }

    #[test]
    fn smaller_documents_are_preferred_when_they_are_no_more() {
        // 40,000 with 25,000 beside it, or 31,000 and 34,000: the second costs nothing.
        check(&[(None, 15_000), (Some(0), 25_000), (Some(0), 24_000)], &[0, 1]);
        let bodies = [(None, 1_000), (Some(0), 30_500), (Some(1), 1_000), (Some(0), 30_000)];
        check(&bodies, &[0, 1]);
    }

    #[test]
    fn a_chain_is_cut_every_so_many_levels() {
        let chain: Vec<_> =
            (0..10_000_usize).map(|at| Body { parent: at.checked_sub(1), bytes: 100 }).collect();
        let tops = pack(&chain, BOUNDS, PREFERRED);
        assert_eq!(tops.iter().filter(|is_top| **is_top).count(), 250);
    }

    #[test]
    fn a_body_that_is_too_large_alone_goes_alone() {
        check(&[(None, 70_000), (Some(0), 10)], &[0, 1]);
    }
}
