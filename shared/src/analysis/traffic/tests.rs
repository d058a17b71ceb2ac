//! What histograms tell, against the values themselves.

use alloc::vec::Vec;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn buckets_count_each_value_once_and_the_middle_one_is_in_the_median(
        values in vec(prop_oneof![0..5u64, 0..300u64, any::<u64>()], 0..40)
    ) {
        let mut histogram = Histogram::default();
        values.iter().for_each(|value| histogram.add(*value));
        let buckets: Vec<_> = histogram.buckets().collect();
        for (range, count) in &buckets {
            let inside = values.iter().filter(|value| range.contains(value));
            prop_assert_eq!(inside.count() as u64, *count);
            // From a power of two to the next, and 0 by itself.
            prop_assert!(range == &(0..=0) || range.start().is_power_of_two());
            prop_assert!(*range.end() == 0 || range.end().wrapping_add(1).is_power_of_two() || *range.end() == u64::MAX);
        }
        prop_assert_eq!(buckets.iter().map(|(_, count)| count).sum::<u64>(), histogram.total());
        prop_assert_eq!(histogram.total(), values.len() as u64);
        if let ([(_, lowest), ..], [.., (_, highest)]) = (&buckets[..], &buckets[..]) {
            prop_assert!(*lowest > 0 && *highest > 0);
        }
        let mut sorted = values;
        sorted.sort_unstable();
        let middle = sorted.get(sorted.len() / 2);
        match (histogram.median(), middle) {
            (Some(median), Some(middle)) => prop_assert!(median.contains(middle), "{median:?} of {sorted:?}"),
            (median, middle) => prop_assert!(median.is_none() && middle.is_none()),
        }
    }
}

#[test]
fn call_stacks_are_named_by_how_many_of_their_blocks_were_gone_at_once_and_only_those() {
    let mut traffic = Traffic::default();
    for (stack, temporary) in [(1, 1), (2, 0), (3, 3), (4, 0), (5, 1)] {
        traffic.freed(stack, 10, false);
        (0..temporary).for_each(|_| traffic.freed(stack, 10, true));
    }
    assert_eq!(traffic.most_temporary(9), [(3, 3), (1, 1), (5, 1)]);
    assert_eq!(traffic.most_temporary(2), [(3, 3), (1, 1)]);
    assert_eq!(traffic.temporary, 5);
}
