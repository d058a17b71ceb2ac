//! The rules of what one answer says, each of them written down a second time, on numbers that stand on their borders.

use heapbeacon_shared::analysis::{Passed, judge};
use heapbeacon_shared::trace::{Births, Kind, Leak, Outlived, Period, Unrecorded, Verdict};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

const SECOND: u64 = 1_000_000;
/// When the first block was allocated.
const FIRST: u64 = 5_000 * SECOND;

/// The numbers of one answer, and what was said before.
#[derive(Clone, Debug)]
struct Case {
    leak: Leak,
    passed: Passed,
    period: Period,
    before: Kind,
}

/// Births by slices: anything, a block now and then, or as many as make one quarter of the time differ from another.
fn births() -> impl Strategy<Value = Vec<u32>> {
    let any = vec(select(vec![0, 0, 1, 1, 2, 4, 5, 8, 40]), 1..64);
    let regular = (1..9usize, 1..16usize, select(vec![1, 2, 16, 60])).prop_map(
        |(pause, slices, blocks): (_, _, u32)| {
            let births = (0..=pause * slices).map(|slice| match slice.is_multiple_of(pause) {
                true => blocks,
                false => 0,
            });
            births.take(64).collect()
        },
    );
    let near = |values: Vec<u32>| select(values);
    let earlier = near(vec![3, 4, 5, 6, 7, 10, 13, 14, 20, 25, 50]);
    let later = near(vec![0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 15, 17, 20, 40]);
    let quarters = (earlier.clone(), earlier, later.clone(), later, 1..16usize).prop_map(
        |(first, second, third, last, slices)| {
            let quarters = [first, second, third, last].into_iter();
            quarters
                .flat_map(|blocks| {
                    let share = move |slice| {
                        let [before, behind] = [slice, slice + 1];
                        let until =
                            |slices_until: usize| blocks * slices_until as u32 / slices as u32;
                        until(behind) - until(before)
                    };
                    (0..slices).map(share)
                })
                .collect()
        },
    );
    prop_oneof![any, regular, quarters]
}

prop_compose! {
    fn case()(
        births in births(),
        slice_s in select(vec![1, 4, 5, 13, 15, 20, 60]),
        // How far behind the last slice the horizon is, and by how many microseconds it is off.
        (slices, off) in (-3..9i64, select(vec![-1, 0, 0, 0, 1, 700_000])),
        lifetime in select(vec![None, None, Some(-1), Some(0), Some(1)]),
        lifetime_us in select(vec![0, 1, SECOND, 30 * SECOND, 900 * SECOND]),
        silent_slices in prop_oneof![3 => Just(0), 1 => 0..20u64],
        frees in select(vec![0, 1, 6, 50, 5_000]),
        evicted in select(vec![0, 0, 0, 1, 210]),
        is_shared in prop_oneof![4 => Just(false), 1 => Just(true)],
        outlived in select(vec![0, 3, 8, 1_000]),
        size in select(vec![0, 7, 64, u64::MAX >> 20]),
        younger in select(vec![0, 0, 0, 5]),
        // What is known begins so many slices before the first block.
        known in select(vec![-3, -1, 0, 0, 1, 5, 40, 160]),
        pause_s in prop_oneof![Just(0), 1..40u64],
        // Of all that was allocated, 60 in 100 are live, or there is one more, or one less; or what was freed was all of the rest.
        all in select(vec![None, Some(0), Some(1), Some(9)]),
        before in select(vec![Kind::TooEarly, Kind::Leaking, Kind::Filling, Kind::Plateau]),
    ) -> Case {
        let slice_us = slice_s * SECOND;
        let behind = |slices: i64| FIRST.saturating_add_signed(slices * slice_us.cast_signed());
        let horizon_us = behind(births.len() as i64 + slices).saturating_add_signed(off).max(FIRST);
        let span_us = horizon_us.saturating_sub(FIRST);
        let longest_lifetime_us = match lifetime {
            Some(off) => (span_us / 3).saturating_add_signed(off),
            None => lifetime_us,
        };
        let now_us = horizon_us + 2 * longest_lifetime_us;
        let count = births.iter().map(|count| u64::from(*count)).sum::<u64>() + younger;
        let from_us = FIRST + 3 * SECOND;
        let pause = Unrecorded { from_us, until_us: Some(from_us + pause_s * SECOND) };
        let is_paused = pause_s > 0 && now_us > from_us + pause_s * SECOND;
        let births = Births { from_us: FIRST, slice_us, counts: births.into_iter().collect() };
        Case {
            leak: Leak {
                stack: 1,
                count,
                bytes: count * size,
                oldest_us: FIRST,
                newest_us: now_us.saturating_sub(silent_slices * slice_us).max(FIRST),
                outlived: Outlived { count: outlived, bytes: outlived * size },
                births,
            },
            passed: Passed { allocations: all.map_or(count + frees, |off| count * 5 / 3 + off), frees, evicted, longest_lifetime_us, is_shared },
            period: Period {
                started_us: behind(-known),
                time_us: now_us,
                doubtful_until_us: 0,
                unrecorded: is_paused.then_some(pause).into_iter().collect(),
            },
            before,
        }
    }
}

/// Slices with old blocks: its number, when it begins, and how many there are.
fn old_slices(case: &Case, horizon_us: u64) -> Vec<(usize, u64, u64)> {
    let Case { leak, period, .. } = case;
    let births = &leak.births;
    let known_from_us = period.recorded_us(period.started_us.max(period.doubtful_until_us));
    let slice = |index: usize| {
        let begin_us = period.recorded_us(births.begin_us(index));
        let earlier = births.counts[..index].iter();
        let earlier: u64 = earlier.map(|count| u64::from(*count)).sum();
        let all = u64::from(births.counts[index]);
        let old = if begin_us >= horizon_us {
            0
        } else if begin_us + births.slice_us <= horizon_us {
            all
        } else {
            all.min(leak.outlived.count.saturating_sub(earlier))
        };
        (index, begin_us, old)
    };
    let slices = (0..births.counts.len()).map(slice);
    slices
        .filter(|(_, begin_us, old)| *old > 0 && *begin_us >= known_from_us)
        .collect()
}

/// Returns births by quarters of the time from the first slice to the horizon, no slice counting for more than four usual ones
/// where those that are not more are at least 16.
fn quarters(slices: &[(usize, u64, u64)], slice_us: u64, horizon_us: u64) -> [u64; 4] {
    let mut sizes: Vec<u64> = slices.iter().map(|(_, _, old)| *old).collect();
    sizes.sort_unstable();
    let four_usual = 4 * sizes[sizes.len() / 2];
    let usual: u64 = sizes.iter().filter(|size| **size <= four_usual).sum();
    let most = if usual >= 16 { four_usual } else { u64::MAX };
    let first_us = slices[0].1;
    let mut quarters = [0; 4];
    for (_, begin_us, old) in slices {
        let middle_us = begin_us + slice_us / 2 - first_us;
        let quarter =
            (0..3).find(|quarter| middle_us * 4 < (horizon_us - first_us) * (quarter + 1));
        quarters[quarter.unwrap_or(3) as usize] += old.min(&most);
    }
    quarters
}

fn slows_down([first, second, third, last]: [u64; 4], before: Kind) -> bool {
    let (earlier, later) = (first + second, third + last);
    let percent = if before == Kind::Leaking { 30 } else { 40 };
    let is_kept = |next: u64, one: u64| next * 20 >= one * 17;
    let is_shown = before == Kind::Leaking || later >= 48 || is_kept(third, second);
    let keeps_on = later >= 16 && is_kept(last, third) && is_shown;
    let falls_behind = later * 100 < earlier * percent;
    let by_chance = earlier < later || (earlier - later).pow(2) <= 9 * (earlier + later);
    earlier >= 8 && falls_behind && !by_chance && !keeps_on
}

/// Whether after an hour most blocks are live, and the oldest one is from when not half of the freed ones could have been
/// allocated, and no two slices have as many.
fn few_were_freed(
    Case {
        leak,
        passed,
        period,
        ..
    }: &Case,
) -> bool {
    let since_us = |us: u64| {
        period
            .recorded_us(period.time_us)
            .saturating_sub(period.recorded_us(us))
    };
    let begun_us = since_us(period.started_us.max(period.doubtful_until_us));
    let lived_us = since_us(leak.oldest_us);
    let [all, freed, live] = [passed.allocations, passed.frees, leak.count].map(u128::from);
    let without_us = u128::from(begun_us.saturating_sub(lived_us));
    let mut at_once = leak.births.counts.iter().map(|count| u128::from(*count));
    lived_us >= 3_600 * SECOND
        && live >= 20
        && live * 10 >= all * 6
        && 2 * without_us * all < u128::from(begun_us) * freed
        && at_once.all(|at_once| freed > 2 * at_once)
}

fn expected(case: &Case) -> Verdict {
    let few_were_freed = few_were_freed(case);
    let Case {
        leak,
        passed,
        period,
        before,
    } = case;
    // Then those say nothing of the others.
    let passed = &match few_were_freed {
        true => Passed {
            frees: 0,
            longest_lifetime_us: 0,
            ..*passed
        },
        false => *passed,
    };
    let now_us = period.recorded_us(period.time_us);
    let horizon_us = now_us.saturating_sub(2 * passed.longest_lifetime_us);
    let plain = |kind| Verdict {
        kind,
        certain: passed.evicted == 0,
        ..Verdict::default()
    };
    let lived_us = now_us - period.recorded_us(leak.oldest_us);
    if leak.count == 0 {
        return plain(Kind::InFlight);
    } else if period.known_us() < 10 * SECOND {
        return plain(Kind::TooEarly);
    } else if passed.frees > 0 && lived_us <= 2 * passed.longest_lifetime_us {
        return plain(Kind::InFlight);
    }
    // What is in flight beside them is no part of a one-off.
    let kept = match passed.frees {
        0 => leak.count,
        _ => leak.count.min(leak.outlived.count),
    };
    let rest = plain(if kept <= 4 {
        Kind::OneOff
    } else {
        Kind::Plateau
    });
    let slices = old_slices(case, horizon_us);
    let ([first, ..], [.., last]) = (&slices[..], &slices[..]) else {
        return rest;
    };
    let count: u64 = slices.iter().map(|(_, _, old)| old).sum();
    let tail = &slices[slices.len().saturating_sub(9)..];
    let gaps: Vec<u64> = (1..tail.len())
        .map(|at| tail[at].1 - tail[at - 1].1)
        .collect();
    let (sum, longest) = (
        gaps.iter().sum::<u64>(),
        gaps.iter().max().copied().unwrap_or(0),
    );
    // The one pause between two bursts is none that is usual.
    let pause_us = match gaps.len() as u64 {
        0 => 0,
        number @ 3.. if longest > 8 * ((sum - longest) / (number - 1)) => {
            (sum - longest) / (number - 1)
        }
        number => sum / number,
    };
    let pauses = if matches!(before, Kind::Leaking | Kind::Filling) {
        7
    } else {
        4
    };
    let patience_us = leak.births.slice_us + pauses * pause_us;
    let silence_us = now_us.saturating_sub(period.recorded_us(leak.newest_us));
    let span_us = horizon_us - first.1;
    let goes_on = horizon_us - last.1 <= patience_us && silence_us <= patience_us;
    if count < 5 || slices.len() < 4 || !goes_on {
        return rest;
    }
    // The longer nothing was left, the longer it takes until that is no matter of a moment.
    let known_from_us = period.recorded_us(period.started_us.max(period.doubtful_until_us));
    let behaved_us = first.1 - known_from_us;
    let is_left = passed.frees > 0
        && 2 * passed.frees >= count
        && span_us >= 20 * SECOND
        && span_us >= 3 * passed.longest_lifetime_us;
    let is_no_moment = span_us >= (behaved_us / 8).min(600 * SECOND) || 2 * count >= passed.frees;
    let are_many = count + passed.evicted >= 257 && span_us >= 65 * SECOND;
    let quarters = quarters(&slices, leak.births.slice_us, horizon_us);
    let slows_down = slows_down(quarters, *before);
    let [first_quarter, _, third, last_quarter] = quarters;
    let most_came_first = 2 * first_quarter > quarters.iter().sum();
    let keeps_coming = *before == Kind::Leaking || third + last_quarter >= 3 || !most_came_first;
    let is_told = is_no_moment && (is_left || are_many) || span_us >= 900 * SECOND;
    let leaks = is_told && keeps_coming && !slows_down;
    let rate = u128::from(leak.bytes) * u128::from(count) * 60_000_000;
    let rate = rate / (u128::from(leak.count) * u128::from(span_us.max(1)));
    Verdict {
        kind: if leaks { Kind::Leaking } else { Kind::Filling },
        certain: (leaks || slows_down) && passed.evicted == 0 && !passed.is_shared,
        bytes_per_minute: match span_us >= 20 * SECOND {
            true => rate.try_into().unwrap_or(u64::MAX),
            false => 0,
        },
        since_us: leak.births.begin_us(first.0),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn each_verdict_is_what_the_rules_say_of_the_blocks_of_each_slice(case in case()) {
        let Case { leak, passed, period, before } = &case;
        prop_assert_eq!(judge(leak, passed, period, *before), expected(&case));
    }
}
