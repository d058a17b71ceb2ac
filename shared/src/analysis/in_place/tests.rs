//! The borders of growth in place.

use super::*;

const SECOND: u64 = 1_000_000;

/// Answers of the first size before those that are given.
const BEFORE: u64 = 7;

/// A few blocks of so many bytes each second, the first ones of which were allocated in second 100.
fn after(blocks: u64, sizes: &[u64], frees: u64) -> InPlace {
    after_resting(BEFORE, blocks, sizes, frees)
}

/// The same, of the first size for so many answers before.
fn after_resting(before: u64, blocks: u64, sizes: &[u64], frees: u64) -> InPlace {
    let mut in_place = InPlace::default();
    let before = (0..before).map(|_| &sizes[0]);
    for (second, size) in (100..).zip(before.chain(sizes)) {
        let leak = Leak {
            count: blocks,
            bytes: blocks * size,
            ..Leak::default()
        };
        let passed = Passed {
            frees,
            ..Passed::default()
        };
        in_place.take(&leak, &passed, second * SECOND);
    }
    in_place
}

fn grows(blocks: u64, sizes: &[u64], frees: u64) -> bool {
    let now = 100 + BEFORE + sizes.len() as u64 - 1;
    after(blocks, sizes, frees).grows(now * SECOND)
}

#[test]
fn a_few_blocks_that_rise_four_times_to_four_times_their_size_grow_and_no_fewer() {
    assert!(grows(1, &[64, 96, 128, 192, 256], 1));
    assert!(!grows(1, &[64, 96, 128, 192, 255], 1));
    assert!(!grows(1, &[64, 96, 128, 256, 256], 1));
    assert!(!grows(1, &[64, 64, 96, 128, 256], 1));
    assert!(grows(16, &[64, 96, 128, 192, 256], 1));
    assert!(!grows(17, &[64, 96, 128, 192, 256], 1));
    // What was never freed was not reallocated.
    assert!(!grows(1, &[64, 96, 128, 192, 256], 0));
}

#[test]
fn blocks_that_lose_more_than_a_quarter_of_their_size_begin_anew() {
    // While it is copied to a larger place, a block is there twice.
    assert!(grows(1, &[64, 128, 256, 192, 512, 1_024], 1));
    assert!(!grows(1, &[64, 128, 256, 191, 512, 1_024], 1));
    let anew = [
        64, 128, 256, 191, 200, 210, 220, 512, 1_024, 1_100, 1_100, 1_100, 1_100, 1_100,
    ];
    assert!(!grows(1, &anew, 1));
    assert!(grows(1, &[&anew[..], &[1_100]].concat(), 1));
    // So do those that became too many, and those of which none was left.
    assert!(!grows(1, &[64, 128, 256, 0, 512, 1_024], 1));
}

#[test]
fn what_rises_in_a_few_answers_may_be_chance() {
    let grows = |before| {
        let in_place = after_resting(before, 1, &[64, 96, 128, 192, 256], 1);
        in_place.grows(100 * SECOND)
    };
    assert!(!grows(6) && grows(7));
}

#[test]
fn growth_is_over_after_three_times_the_time_that_it_took() {
    let in_place = after(1, &[64, 96, 128, 192, 256], 1);
    let end = 100 + 3 * (BEFORE + 4);
    assert!(in_place.grows(end * SECOND) && !in_place.grows(end * SECOND + 1));
    // What is no larger again does not prolong it.
    let in_place = after(1, &[64, 96, 128, 192, 256, 256, 200], 1);
    assert!(in_place.grows(end * SECOND) && !in_place.grows(end * SECOND + 1));
}
