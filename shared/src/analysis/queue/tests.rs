//! The rules of a queue that grows, each of them written down a second time, on numbers that stand on their borders.

use alloc::vec;
use alloc::vec::Vec;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

const SECOND: u64 = 1_000_000;

/// What is seen of a call stack over time.
#[derive(Clone, Debug)]
struct Watch {
    moments: Vec<Moment>,
    /// The first moment by which a block was freed.
    freed: usize,
    /// The last one, if that is later.
    last_freed: usize,
    longest_us: u64,
}

/// Live blocks at each moment: they rise at one pace and then at another, with noise above, or go up and down.
fn counts() -> impl Strategy<Value = Vec<u64>> {
    let pace = || {
        select(vec![
            (0, 1),
            (1, 8),
            (1, 5),
            (1, 3),
            (2, 5),
            (1, 2),
            (1, 1),
            (3, 2),
            (4, 1),
            (20, 1),
        ])
    };
    let noise = select(vec![1, 1, 1, 2, 5]);
    let base = select(vec![0, 0, 1, 3, 40]);
    let length = 8..80usize;
    let rising = (
        length,
        pace(),
        pace(),
        0..80usize,
        noise,
        base,
        vec(any::<u64>(), 80),
    );
    let rising = rising.prop_map(|(length, before, after, turn, noise, base, random)| {
        let risen = |steps: usize, (blocks, every): (usize, usize)| steps * blocks / every;
        let count =
            |at: usize| base + risen(at.min(turn), before) + risen(at.saturating_sub(turn), after);
        (0..length)
            .map(|at| count(at) as u64 + random[at] % noise)
            .collect()
    });
    prop_oneof![8 => rising, 1 => vec(0..9u64, 2..40)]
}

prop_compose! {
    fn watch()(
        counts in counts(),
        pause_us in select(vec![SECOND, 5 * SECOND, 15 * SECOND / 2, 8 * SECOND, 10 * SECOND, 90 * SECOND]),
        // Allocations at each moment, in each third.
        rates in [select(vec![0, 1, 4, 10]), select(vec![1, 4, 10]), select(vec![0, 1, 2, 4, 6, 10, 15])],
        freed in prop_oneof![3 => Just(0), 1 => 0..90usize],
        last_freed in prop_oneof![3 => Just(usize::MAX), 1 => 0..90usize],
        // The longest lifetime as a share of the time since the first moment, or since the first free.
        (share, of_whole, off) in (
            select(vec![(0, 1), (1, 20), (1, 6), (1, 4), (1, 3), (3, 5), (20, 21), (1, 1)]),
            any::<bool>(),
            select(vec![0, 0, 1]),
        ),
        // The most of some moment, by how much it is beyond the last count.
        spike in prop_oneof![1 => Just(None), 1 => (0..40usize, -9..3i64).prop_map(Some)],
        boot in select(vec![0, 1_000 * SECOND]),
    ) -> Watch {
        let steps = counts.len() as u64 - 1;
        let mut allocations = 100;
        let mut moments = Vec::new();
        for (at, count) in counts.iter().enumerate() {
let last = counts[counts.len() - 1];
            let peak = spike.filter(|(place, _)| *place == at);
            let peak = peak.map_or(0, |(_, beyond)| last.saturating_add_signed(beyond));
            allocations += rates[(at * 3 / counts.len()).min(2)];
            moments.push(Moment {
                time_us: boot + at as u64 * pause_us,
                count: *count,
                allocations,
                peak: peak.max(*count),
            });
        }
        let since = if of_whole { 0 } else { freed as u64 };
        let watched_us = steps.saturating_sub(since) * pause_us;
        Watch { moments, freed, last_freed, longest_us: watched_us * share.0 / share.1 + off }
    }
}

/// Returns the fewest blocks of each sixth of the time.
fn expected_lows(moments: &[Moment]) -> Option<Vec<u64>> {
    let (first, last) = (moments.first()?.time_us, moments.last()?.time_us);
    let sixth_us = (last - first) / 6 + 1;
    let low = |part: u64| {
        let begin_us = first + part * sixth_us;
        let part = begin_us..begin_us + sixth_us;
        let inside = moments
            .iter()
            .filter(|moment| part.contains(&moment.time_us));
        inside.map(|moment| moment.count).min()
    };
    (0..6).map(low).collect()
}

fn rises(lows: &[u64]) -> bool {
    (1..6).all(|part| lows[part - 1] < lows[part])
}

fn is_highest_last(lows: &[u64]) -> bool {
    lows.iter().all(|low| *low <= lows[5])
}

/// Whether what was gained in the later half is at least that part of what was gained in the earlier one.
fn keeps(lows: &[u64], percent: u64) -> bool {
    let gained = |from: usize, to: usize| lows[to].saturating_sub(lows[from]);
    gained(3, 5) * 100 >= gained(0, 2) * percent
}

/// Whether a gain is more than so many times the root of the squares of all steps, times two.
fn is_beyond_chance(gain: u64, moments: &[Moment], times_two: u64) -> bool {
    let squares =
        (1..moments.len()).map(|at| moments[at].count.abs_diff(moments[at - 1].count).pow(2));
    4 * gain.pow(2) > times_two.pow(2) * squares.sum::<u64>()
}

/// Whether at most a quarter of the moments have fewer blocks than the one before.
fn seldom_falls(watch: &[Moment]) -> bool {
    let falls = (1..watch.len()).filter(|at| watch[*at].count < watch[at - 1].count);
    4 * falls.count() <= watch.len()
}

/// Whether the gains of single parts are near to each other: six times the root of the squares of how far they are off the mean is
/// less than all of the gain. Five times each is a whole number.
fn is_even(lows: &[u64]) -> bool {
    let gained = |from: usize, to: usize| lows[to].cast_signed() - lows[from].cast_signed();
    let gain = gained(0, 5);
    let off = |part: usize| (5 * gained(part - 1, part) - gain).pow(2);
    gain > 0 && 25 * gain.pow(2) > 36 * (1..6).map(off).sum::<i64>()
}

/// Allocations in a microsecond.
fn pace(moments: &[Moment]) -> f64 {
    if moments.len() < 2 {
        return 0.0;
    }
    let (first, last) = (moments[0], moments[moments.len() - 1]);
    (last.allocations - first.allocations) as f64 / (last.time_us - first.time_us) as f64
}

fn expected_lately(watch: &[Moment], longest_us: u64, is_growing: bool) -> bool {
    let (Some(first), Some(last)) = (watch.first(), watch.last()) else {
        return false;
    };
    let watched_us = last.time_us - first.time_us;
    if watched_us < 30 * SECOND || longest_us * 5 > watched_us * 3 {
        return false;
    }
    let window_us = (3 * longest_us).max(30 * SECOND);
    let within = watch
        .iter()
        .filter(|moment| last.time_us - moment.time_us <= window_us);
    let length = within.count().max(12).min(watch.len());
    let (before, window) = watch.split_at(watch.len() - length);
    let Some(lows) = expected_lows(window) else {
        return false;
    };
    let gain = lows[5].saturating_sub(lows[0]);
    let [early, late] = outer_thirds(window);
    let (pace_before, pace_now) = (pace(&early), pace(&late));
    let by_traffic = match pace_before > 0.0 && pace_now > pace_before {
        true => ((pace_now / pace_before - 1.0) * lows[0] as f64) as u64,
        false => 0,
    };
    let outruns = gain / 2 > by_traffic;
    if is_growing {
        return gain > 0 && is_highest_last(&lows) && outruns;
    }
    rises(&lows)
        && gain >= 6
        && before.iter().all(|moment| moment.peak < lows[5])
        && is_beyond_chance(gain, window, 8)
        && keeps(&lows, 40)
        && outruns
}

/// Returns the moments of the first and of the last third of the time.
fn outer_thirds(watch: &[Moment]) -> [Vec<Moment>; 2] {
    let begin_us = watch[0].time_us;
    let third_us = (watch[watch.len() - 1].time_us - begin_us) / 3;
    let passed_us = |moment: &&Moment| moment.time_us - begin_us;
    let early = watch.iter().filter(|moment| passed_us(moment) < third_us);
    let late = watch
        .iter()
        .filter(|moment| passed_us(moment) >= 2 * third_us);
    [early.copied().collect(), late.copied().collect()]
}

fn expected_since(watch: &[Moment], last_freed: usize, longest_us: u64, is_growing: bool) -> bool {
    let (Some(first), Some(last)) = (watch.first(), watch.last()) else {
        return false;
    };
    let watched_us = last.time_us - first.time_us;
    let is_seen = watched_us >= 180 * SECOND && watched_us * 20 >= longest_us * 21;
    let consumed_us = watch[last_freed].time_us - first.time_us;
    if watch.len() < 24 || !(is_seen || is_growing) || consumed_us * 2 + 1 < watched_us {
        return false;
    }
    let Some(lows) = expected_lows(watch) else {
        return false;
    };
    let gain = lows[5].saturating_sub(lows[0]);
    if is_growing {
        return is_highest_last(&lows)
            && (is_beyond_chance(gain, watch, 3) || is_even(&lows))
            && keeps(&lows, 30);
    }
    let sixth_us = watched_us / 6 + 1;
    let ending = watch
        .iter()
        .filter(|moment| last.time_us - moment.time_us < sixth_us);
    let ending: Vec<_> = ending.map(|moment| moment.count).collect();
    let (earlier, later) = ending.split_at(ending.len() / 2);
    let [early, late] = outer_thirds(watch);
    let average = |moments: &[Moment]| {
        let sums = (1..moments.len()).map(|at| {
            (moments[at].time_us - moments[at - 1].time_us) as f64 * moments[at - 1].count as f64
        });
        match moments {
            [first, .., last] => sums.sum::<f64>() / (last.time_us - first.time_us) as f64,
            _ => 0.0,
        }
    };
    let (pace_early, pace_late) = (pace(&early), pace(&late));
    rises(&lows)
        && gain >= 6
        && gain.pow(2) >= 18 * lows[5]
        && (is_beyond_chance(gain, watch, 5) || (seldom_falls(watch) && is_even(&lows)))
        && keeps(&lows, 65)
        && later.iter().min() > earlier.iter().min()
        && pace_early > 0.0
        && average(&late) > 1.5 * average(&early) * (pace_late / pace_early).max(1.0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn a_queue_grows_exactly_where_the_rules_say_so(watch in watch()) {
        let Watch { moments, freed, last_freed, longest_us } = watch;
        let mut queue = Queue::default();
        let mut is_growing = false;
        for (at, moment) in moments.iter().enumerate() {
            let last_freed = at.min(last_freed).max(freed);
            queue.take(*moment, if at < freed { 0 } else { 1 + (last_freed - freed) as u64 });
            // Answers before that are only remembered.
            if at + 25 < moments.len() {
                continue;
            }
            let seen = &moments[..=at];
            is_growing = at >= freed
                && (expected_since(&seen[freed..], last_freed - freed, longest_us, is_growing)
                    || expected_lately(seen, longest_us, is_growing));
            prop_assert_eq!(queue.grows(longest_us), is_growing, "at {}", at);
        }
    }
}

#[test]
fn the_most_there_ever_was_is_remembered_when_moments_are_forgotten() {
    let mut queue = Queue::default();
    for second in 0..5_000 {
        let moment = Moment {
            time_us: second * SECOND,
            count: 1,
            allocations: second,
            peak: if second == 77 { 900 } else { 1 },
        };
        queue.take(moment, 1);
    }
    let points = queue.moments.points();
    assert!(points.len() <= MOMENTS && points.iter().all(|point| point.time_us != 77 * SECOND));
    // By the moment before it.
    let keeper = points.partition_point(|point| point.time_us < 77 * SECOND) - 1;
    assert_eq!(points[keeper].peak, 900);
    assert!(points.iter().filter(|point| point.peak > 1).count() == 1);
}

/// Returns moments a second apart with so many blocks each, and a block more allocated by each.
fn moments(counts: &[u64]) -> Vec<Moment> {
    let moment = |(second, count): (u64, &u64)| Moment {
        time_us: second * SECOND,
        count: *count,
        allocations: second,
        peak: *count,
    };
    (0..).zip(counts).map(moment).collect()
}

#[test]
fn a_queue_grows_to_more_than_it_ever_held_and_not_just_to_as_much() {
    let grows = |most| {
        let counts: Vec<_> = (0..90).collect();
        let mut queue = Queue::default();
        for mut moment in moments(&counts) {
            if moment.count == 10 {
                moment.peak = most;
            }
            queue.take(moment, 1);
        }
        queue.grows(0)
    };
    // The fewest of the last five seconds.
    assert!(grows(84) && !grows(85));
}

#[test]
fn what_chance_explains_just_so_is_no_growth() {
    // Steps of 3 and 4 blocks: by chance 5.
    let window = moments(&[10, 13, 9]);
    assert!(!exceeds_chance(10, &window, 2.0) && exceeds_chance(11, &window, 2.0));
}

#[test]
fn a_queue_that_is_emptied_in_batches_grows_after_five_of_them() {
    // A block a second; of the 60 of each minute 50 are given back.
    let mut queue = Queue::default();
    let mut grew = None;
    for (second, count) in (1..1_200u64).map(|second| (second, second - second / 60 * 50)) {
        let moment = Moment {
            time_us: second * SECOND,
            count,
            allocations: second,
            peak: count,
        };
        queue.take(moment, second / 60);
        let has_grown = queue.grows(90 * SECOND);
        assert!(has_grown || grew.is_none(), "it ends in second {second}");
        grew = grew.or(has_grown.then_some(second));
    }
    assert!(
        grew.is_some_and(|second| (300..420).contains(&second)),
        "{grew:?}"
    );
}

#[test]
fn what_is_emptied_now_and_then_is_no_queue_while_it_gathers() {
    let grows = |freed_meanwhile: bool| {
        let mut queue = Queue::default();
        let mut grew = false;
        for second in (0..6_000_u64).step_by(10) {
            // It is emptied after 2400 s, and not before 6000 s again.
            let count = second % 2_400 / 10 + second / 4_800 * 240;
            let allocations = second / 10 * 4;
            let moment = Moment {
                time_us: second * SECOND,
                count,
                allocations,
                peak: count,
            };
            let meanwhile = if freed_meanwhile {
                allocations - count
            } else {
                240
            };
            queue.take(moment, if second < 2_400 { 0 } else { meanwhile });
            grew |= queue.grows(2_400 * SECOND);
        }
        grew
    };
    assert!(!grows(false) && grows(true));
}

#[test]
fn what_holds_half_as_much_again_in_the_end_outruns_only_beyond_that() {
    let end = |count| moments(&[2, 2, 2, 2, 2, 2, count, count, count, count]);
    assert!(!outruns(&end(3)) && outruns(&end(4)));
    // With twice the traffic three times as much would.
    let busier = |count| {
        let mut moments = end(count);
        moments[8].allocations += 2;
        moments[9].allocations += 3;
        moments
    };
    assert!(!outruns(&busier(6)) && outruns(&busier(7)));
    // Where none was allocated at first, nothing tells what the traffic makes of it.
    let mut unknown = end(9);
    unknown[..5]
        .iter_mut()
        .for_each(|moment| moment.allocations = 0);
    assert!(!outruns(&unknown));
}
