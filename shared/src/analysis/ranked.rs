//! The first few of many items, in order.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_few_are_kept_in_order_and_equal_ones_stay() {
        let items = [(2, 'a'), (9, 'b'), (2, 'c'), (5, 'd')];
        let largest_first = |a: &(u32, char), b: &(u32, char)| a.0 > b.0;
        assert_eq!(
            ranked(items, 3, largest_first),
            [(9, 'b'), (5, 'd'), (2, 'a')]
        );
        assert_eq!(ranked(items, 9, largest_first).len(), 4);
    }
}
