//! Which half of what is kept is the older one, to be forgotten first.
//!
//! In: numbers that count up with everything kept. Out: the one in the middle.
//! Never: forgets anything itself.

/// The number that half of all are not above; zero where there is none.
///
/// Takes time by the number of them, which forgetting half of them pays back.
pub(super) fn median(numbers: impl Iterator<Item = u64>) -> u64 {
    let mut numbers: Vec<u64> = numbers.collect();
    let middle = numbers.len().saturating_sub(1) / 2;
    if numbers.is_empty() { 0 } else { *numbers.select_nth_unstable(middle).1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_numbers_are_not_above_the_median() {
        for (numbers, expected) in
            [(vec![], 0), (vec![7], 7), (vec![9, 4], 4), (vec![5, 1, 3], 3), (vec![4, 2, 8, 6], 4)]
        {
            assert_eq!(median(numbers.into_iter()), expected);
        }
    }
}
