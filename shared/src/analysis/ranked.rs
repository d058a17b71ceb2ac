//! Putting things in order, and finding them by their ids, with code that is compiled once for all types.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// Returns at most the first `most` items in an order; those that are equal stay as they were.
///
/// The lists are short, and each type of items that the standard library sorts takes as much room
/// in the bundle as a page does.
pub fn ranked<T>(
    items: impl IntoIterator<Item = T>,
    most: usize,
    comes_before: impl Fn(&T, &T) -> bool,
) -> Vec<T> {
    let mut ranked = Vec::new();
    for item in items {
        let place = ranked.partition_point(|other| !comes_before(&item, other));
        if place < most {
            ranked.truncate(most - 1);
            ranked.insert(place, item);
        }
    }
    ranked
}

/// Puts keys of three numbers in order: whatever is to be sorted has some.
pub fn sort_keys(keys: &mut [[u64; 3]]) {
    keys.sort_unstable();
}

/// Returns where in a list each id is.
pub fn places(ids: &mut dyn Iterator<Item = u32>) -> BTreeMap<u32, usize> {
    let mut places = BTreeMap::new();
    // Collecting would sort them first.
    places.extend(ids.enumerate().map(|(place, id)| (id, place)));
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_few_are_kept_in_order_and_equal_ones_stay() {
        let items = [(2, 'a'), (9, 'b'), (2, 'c'), (5, 'd'), (1, 'e')];
        let largest_first = |a: &(u32, char), b: &(u32, char)| a.0 > b.0;
        assert_eq!(
            ranked(items, 3, largest_first),
            [(9, 'b'), (5, 'd'), (2, 'a')]
        );
        assert_eq!(ranked(items, 9, largest_first).len(), 5);
    }
}
