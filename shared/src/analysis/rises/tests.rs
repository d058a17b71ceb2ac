//! When rises have ended, said a second time and asked on both sides of that moment.

use alloc::vec::Vec;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

const SECOND: u64 = 1_000_000;

/// Returns after which time the rises have ended, of how many there were when; `None` where nothing tells.
fn expected_end(seen: &[(u64, u64)]) -> Option<u64> {
    let mut runs = alloc::vec![Vec::new()];
    for pair in seen.windows(2) {
        let ((before, _), (count, time_us)) = (pair[0], pair[1]);
        if count < before {
            runs.push(Vec::new());
        } else if count > before {
            runs.last_mut()?.push(time_us);
        }
    }
    let pauses =
        |run: &[u64]| -> Vec<u64> { run.windows(2).map(|pair| pair[1] - pair[0]).collect() };
    let ever = runs.iter().flat_map(|run| pauses(run)).max().unwrap_or(0);
    let run = runs.last()?;
    let latest = pauses(&run[run.len().saturating_sub(9)..]);
    if latest.len() < 4 {
        return None;
    }
    let usual = latest.iter().sum::<u64>() / latest.len() as u64;
    let longest = latest.iter().max()?;
    let waits = [
        7 * usual,
        2 * longest,
        (2 * ever).clamp(60 * SECOND, 3_600 * SECOND),
    ];
    Some(run.last()? + waits.into_iter().max()?)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn rises_have_ended_right_after_the_longest_wait_that_the_rules_ask_for(
        steps in vec((select(&[0, 1, 1, 1, 1, 5][..]), 1..4u64), 1..30),
        pace_us in select(&[1, SECOND, 7 * SECOND, 30 * SECOND, 400 * SECOND][..]),
        fall in prop_oneof![1 => Just(None), 1 => (0..30usize).prop_map(Some)],
        boot in select(&[0, 1_000 * SECOND][..]),
    ) {
        let (mut count, mut time_us) = (9, boot);
        let mut rises = Rises::default();
        // All there are at first came at once.
        let mut seen = alloc::vec![(0, boot)];
        for (index, (more, pauses)) in steps.into_iter().enumerate() {
            time_us += pauses * pace_us;
            count = if fall == Some(index) { count - 1 } else { count + more };
            rises.take(count, time_us);
            seen.push((count, time_us));
            match expected_end(&seen) {
                Some(end_us) => prop_assert!(!rises.has_ended(end_us) && rises.has_ended(end_us + 1)),
                None => prop_assert!(!rises.has_ended(u64::MAX)),
            }
        }
    }
}
