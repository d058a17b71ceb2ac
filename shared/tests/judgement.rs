//! What is said of sites from one answer to the next, while the trace records and while it does not.

use std::collections::VecDeque;

use heapbeacon_shared::analysis::{
    Held, History, Judgement, Snapshot, Standing, Told, Watched, piles_up,
};
use heapbeacon_shared::api::{Leak, LeaksPage, Stack};
use heapbeacon_shared::trace::{Births, Kind, Period, State, Summary, Unrecorded};

const SECOND: u64 = 1_000_000;
const BLOCK: u64 = 100;

/// The blocks of a call stack.
#[derive(Clone, Default)]
struct Blocks {
    /// When those with a record were allocated, in seconds.
    born: VecDeque<u64>,
    allocations: u64,
    frees: u64,
    longest: u64,
    evicted: u64,
}

/// A device whose call stacks are sites of their own, and a page that watches it.
struct Device {
    second: u64,
    state: State,
    stacks: Vec<Blocks>,
    /// Records that there is room for, of each call stack.
    room: usize,
    unmatched_frees: u64,
    pauses: Vec<Unrecorded>,
    watched: Watched,
    snapshots: Vec<Snapshot>,
    before: Option<Summary>,
    page: LeaksPage,
}

impl Device {
    fn new(stacks: usize, room: usize) -> Self {
        Self {
            second: 0,
            state: State::Recording,
            stacks: vec![Blocks::default(); stacks],
            room,
            unmatched_frees: 0,
            pauses: Vec::new(),
            watched: Watched::default(),
            snapshots: Vec::new(),
            before: None,
            page: LeaksPage::default(),
        }
    }

    fn allocate(&mut self, stack: usize) {
        let blocks = &mut self.stacks[stack];
        blocks.allocations += 1;
        blocks.born.push_back(self.second);
        if blocks.born.len() > self.room {
            blocks.born.pop_front();
            blocks.evicted += 1;
        }
    }

    fn free_oldest(&mut self, stack: usize) {
        let blocks = &mut self.stacks[stack];
        if let Some(born) = blocks.born.pop_front() {
            blocks.frees += 1;
            blocks.longest = blocks.longest.max(self.second - born);
        }
    }

    /// Runs for so many seconds, and asks at the end of each.
    fn run(&mut self, seconds: u64, mut step: impl FnMut(&mut Self)) {
        for _ in 0..seconds {
            self.second += 1;
            step(self);
            self.ask();
        }
    }

    fn pause(&mut self, state: State) {
        self.state = state;
        self.pauses.push(Unrecorded {
            from_us: self.second * SECOND,
            until_us: None,
        });
    }

    fn resume(&mut self) {
        self.state = State::Recording;
        let pause = self.pauses.last_mut().expect("there was one");
        pause.until_us = Some(self.second * SECOND);
    }

    fn ask(&mut self) {
        let now = self.summary();
        if let Some(before) = &self.before {
            self.watched.follow(before, &now);
        }
        self.page = self.leaks();
        let snapshot = self.page.snapshot(&now);
        let LeaksPage {
            trace_id, period, ..
        } = &self.page;
        let complete = self.page.is_complete();
        self.watched
            .weigh(*trace_id, period, &self.page.evidence(), complete);
        self.watched.take(snapshot.clone(), &now);
        self.snapshots.push(snapshot);
        self.before = Some(now);
    }

    fn summary(&self) -> Summary {
        let live: usize = self.stacks.iter().map(|blocks| blocks.born.len()).sum();
        let evicted: u64 = self.stacks.iter().map(|blocks| blocks.evicted).sum();
        Summary {
            state: self.state,
            time_us: self.second * SECOND,
            live_count: live as u64,
            evicted_live: evicted,
            evicted_live_bytes: BLOCK * evicted,
            unmatched_frees: self.unmatched_frees,
            ..Summary::default()
        }
    }

    fn leaks(&self) -> LeaksPage {
        let now_us = self.second * SECOND;
        let leak = |(id, blocks): (usize, &Blocks)| {
            let mut leak = Leak {
                stack: Stack {
                    id: id as u32 + 1,
                    allocations: blocks.allocations,
                    frees: blocks.frees,
                    evicted: blocks.evicted,
                    longest_lifetime_us: blocks.longest * SECOND,
                    ..Stack::default()
                },
                oldest_us: u64::MAX,
                births: Births::new(blocks.born.front().unwrap_or(&0) * SECOND, now_us),
                ..Leak::default()
            };
            for second in &blocks.born {
                leak.add(second * SECOND, BLOCK);
                leak.weigh(second * SECOND, BLOCK, now_us);
            }
            leak
        };
        let live = self.stacks.iter().filter(|blocks| !blocks.born.is_empty());
        LeaksPage {
            trace_id: 1,
            period: Period {
                time_us: now_us,
                unrecorded: self.pauses.iter().copied().collect(),
                ..Period::default()
            },
            total: live.count() as u32,
            leaks: self.stacks.iter().enumerate().map(leak).collect(),
        }
    }

    /// Returns the history of each call stack, and what is said of it.
    fn sites(&self) -> Vec<(History, Judgement)> {
        let held: Vec<_> = self.page.leaks.iter().map(Leak::held).enumerate().collect();
        let histories = History::of_each(held.len(), &held, self.watched.snapshots());
        let judged = self.watched.judge(&histories);
        histories.into_iter().zip(judged).collect()
    }

    fn judgement(&self, stack: usize) -> Judgement {
        self.sites()[stack].1
    }
}

#[track_caller]
fn assert_near(actual: f64, expected: f64) {
    let error = (actual - expected).abs() / expected;
    assert!(error < 0.2, "{actual} instead of {expected}");
}

#[test]
fn a_site_that_gains_blocks_is_growing_and_one_that_does_not_is_not() {
    let mut device = Device::new(2, 10_000);
    (0..5).for_each(|_| device.allocate(1));
    device.run(80, |device| device.allocate(0));
    let (leak, held) = (device.judgement(0), device.judgement(1));
    assert_eq!(leak.standing(), Standing::Suspected);
    assert_near(leak.growth(), 6_000.0);
    assert_eq!(leak.gained, 7_900);
    assert_eq!((held.growth(), held.gained), (0.0, 0));
    assert_eq!(held.standing(), Standing::Quiet);
}

#[test]
fn a_leak_stays_growing_for_as_long_as_nothing_is_recorded_and_on_when_it_is_again() {
    for state in [State::Stopped, State::Paused] {
        for seconds in [1, 12, 600] {
            let mut device = Device::new(1, 10_000);
            device.run(90, |device| device.allocate(0));
            device.pause(state);
            device.run(seconds, |_| ());
            assert_near(device.judgement(0).growth(), 6_000.0);
            device.resume();
            for more in 1..40 {
                device.run(1, |device| device.allocate(0));
                let judged = device.judgement(0);
                assert_near(judged.growth(), 6_000.0);
                let watched = judged.watched_us / SECOND;
                assert!(watched <= 92 + more, "{watched} s of {more}");
            }
        }
    }
}

#[test]
fn what_was_freed_in_a_pause_and_comes_back_is_no_growth_of_what_was_watched_before() {
    let mut device = Device::new(1, 10_000);
    (0..50).for_each(|_| device.allocate(0));
    device.run(60, |_| ());
    device.pause(State::Paused);
    (0..47).for_each(|_| device.free_oldest(0));
    device.run(30, |_| ());
    device.resume();
    device.run(20, |device| device.allocate(0));
    let judged = device.judgement(0);
    assert_eq!(judged.standing(), Standing::Quiet);
    assert!(judged.watched_us < 20 * SECOND);
}

#[test]
fn a_site_that_held_nothing_is_watched_from_its_first_block_on() {
    let mut device = Device::new(1, 10_000);
    device.run(90, |_| ());
    device.run(15, |device| device.allocate(0));
    let judged = device.judgement(0);
    assert!(judged.only_rises(), "{judged:?}");
    let watched = judged.watched_us / SECOND;
    assert!((14..=16).contains(&watched), "{watched} s");
}

#[test]
fn a_site_that_a_cut_list_did_not_name_before_has_not_grown() {
    let mut device = Device::new(1, 10_000);
    (0..50).for_each(|_| device.allocate(0));
    device.run(1, |_| ());
    let full = device.snapshots.pop().expect("one answer");
    let mut watched = Watched::default();
    watched.push(Snapshot {
        held: Vec::new(),
        is_complete: false,
        ..full.clone()
    });
    watched.push(Snapshot {
        time_us: 20 * SECOND,
        ..full.clone()
    });
    let held = [(0, full.held[0])];
    let histories = History::of_each(1, &held, watched.snapshots());
    assert_eq!(histories[0].points().len(), 2);
    assert_eq!(watched.judge(&histories)[0].gained, 0);
}

/// A leak and a cache gain a block a second each, and there is room for ten records of each. Once the cache holds so many, it frees its
/// oldest one a second, which has no record any more.
fn overflow(device: &mut Device) {
    device.allocate(0);
    device.allocate(1);
    device.unmatched_frees += u64::from(device.second > 10);
}

#[test]
fn a_leak_keeps_growing_after_the_table_is_full_and_what_only_may_grow_is_in_doubt() {
    let mut device = Device::new(2, 10);
    device.run(80, overflow);
    for second in 80..120 {
        for (history, judged) in device.sites() {
            assert_eq!(
                judged.standing(),
                Standing::Suspected,
                "{second}: {judged:?}"
            );
            assert!(!judged.leaks() && !judged.is_known);
            assert_near(judged.growth(), 6_000.0);
            assert_eq!(history.in_doubt(), second - 10);
        }
        assert!(device.watched.piles_up(), "{second}");
        device.run(1, overflow);
    }
    // After so many blocks it is a leak, whichever it is.
    device.run(200, overflow);
    let sites = device.sites();
    assert!(
        sites
            .iter()
            .all(|(_, judged)| judged.standing() == Standing::Leaking)
    );
    assert!(sites.iter().all(|(_, judged)| !judged.leaks()));
}

#[test]
fn a_leak_that_alone_may_be_what_piles_up_is_one_for_certain_though_no_record_is_left() {
    let mut device = Device::new(1, 10);
    device.run(300, |device| device.allocate(0));
    assert!(device.judgement(0).leaks());
    let mut device = Device::new(1, 0);
    device.run(300, |device| device.allocate(0));
    let (history, judged) = device.sites().remove(0);
    assert!(judged.leaks(), "{judged:?}");
    assert_near(judged.growth(), 6_000.0);
    assert_eq!(history.in_doubt(), 299);
    // It has ended once nothing more is lost.
    device.run(200, |_| ());
    assert!(!device.judgement(0).is_growing());
}

#[test]
fn what_was_allocated_at_first_and_loses_its_records_to_a_leak_does_not_grow() {
    let mut device = Device::new(2, 40);
    (0..40).for_each(|_| device.allocate(1));
    device.run(30, |device| device.allocate(0));
    // The leak takes the room of a block a second.
    device.run(100, |device| {
        device.allocate(0);
        let blocks = &mut device.stacks[1];
        blocks.evicted += u64::from(blocks.born.pop_front().is_some());
    });
    assert!(device.judgement(0).is_growing());
    assert!(
        !device.judgement(1).is_growing(),
        "{:?}",
        device.judgement(1)
    );
}

#[test]
fn a_leak_of_a_block_now_and_then_is_found_though_no_record_is_left_and_what_it_held_before_does_not_count()
 {
    let mut device = Device::new(1, 0);
    device.run(600, |device| {
        if device.second.is_multiple_of(3) {
            device.allocate(0);
        }
    });
    let judged = device.judgement(0);
    assert!(judged.is_growing(), "{judged:?}");
    assert_near(judged.growth(), 2_000.0);
    // It is begun anew, and has lost nothing since.
    device.stacks[0].evicted = 0;
    device.run(5, |device| device.allocate(0));
    assert!(!device.judgement(0).is_growing());
}

#[test]
fn what_has_all_its_records_is_judged_by_them_where_others_pile_up_without() {
    let mut device = Device::new(2, 10_000);
    device.run(120, |device| {
        device.allocate(0);
        device.stacks[0].born.clear();
        device.stacks[0].evicted += 1;
        // It fills up, ever more slowly.
        if device.second.is_power_of_two() {
            (0..8).for_each(|_| device.allocate(1));
        }
    });
    assert!(device.watched.piles_up());
    assert!(device.judgement(0).is_growing());
    assert!(
        !device.judgement(1).is_growing(),
        "{:?}",
        device.judgement(1)
    );
}

#[test]
fn blocks_that_are_freed_after_their_records_do_not_pile_up() {
    let mut device = Device::new(1, 10);
    device.run(120, |device| {
        device.allocate(0);
        device.unmatched_frees += u64::from(device.second > 10);
    });
    let seen = &device.snapshots;
    assert!((1..=120).all(|end| !piles_up(&seen[..end])));
}

/// Returns the seconds of half an hour at which blocks are said to pile up, of the blocks that are live at each.
fn seconds_of_piling_up(live: impl Fn(u64) -> u64) -> Vec<u64> {
    let mut watched = Watched::default();
    let seconds = 0..1800;
    let piles_up_at = |second: &u64| {
        watched.push(Snapshot {
            time_us: second * SECOND,
            certain: live(*second).cast_signed(),
            ..Snapshot::default()
        });
        piles_up(watched.snapshots())
    };
    seconds.filter(piles_up_at).collect()
}

/// A number for each second that has nothing to do with the one before.
fn traffic(second: u64) -> u64 {
    let spread = (second + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (spread ^ (spread >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 32 & 0xff_ffff
}

#[test]
fn a_leak_among_blocks_that_come_and_go_piles_up_within_minutes() {
    let seconds = seconds_of_piling_up(|second| second / 4 + traffic(second) % 60);
    assert!(seconds[0] < 300, "after {} s", seconds[0]);
    let later = seconds.iter().filter(|second| **second >= 300);
    assert!(later.count() > 1500 * 9 / 10, "{} s", seconds.len());
}

#[test]
fn blocks_that_only_come_and_go_never_pile_up() {
    let none: [u64; 0] = [];
    assert_eq!(seconds_of_piling_up(|second| traffic(second) % 60), none);
    assert_eq!(seconds_of_piling_up(|second| traffic(second) % 12), none);
    // They are gathered, and freed all at once.
    assert_eq!(seconds_of_piling_up(|second| second % 60), none);
}

#[test]
fn a_leak_that_is_stopped_no_longer_piles_up_after_minutes() {
    let seconds = seconds_of_piling_up(|second| second.min(900) / 4 + traffic(second) % 60);
    let later = seconds.iter().filter(|second| **second >= 1260);
    assert!(later.count() < 1800 / 50, "{seconds:?}");
}

#[test]
fn after_a_few_seconds_it_is_too_early_to_say() {
    let mut device = Device::new(1, 10_000);
    device.run(4, |device| device.allocate(0));
    assert_eq!(device.judgement(0).kind(), Kind::TooEarly);
    assert!(device.judgement(0).is_new());
    assert_eq!(Judgement::default().kind(), Kind::TooEarly);
}

#[test]
fn a_pause_in_which_nothing_went_does_not_begin_the_history_anew() {
    let mut device = Device::new(1, 10_000);
    (0..50).for_each(|_| device.allocate(0));
    device.run(60, |_| ());
    device.pause(State::Paused);
    device.run(30, |_| ());
    device.resume();
    device.run(20, |_| ());
    let watched = device.judgement(0).watched_us / SECOND;
    assert!((75..=82).contains(&watched), "{watched} s");
}

#[test]
fn a_site_that_was_empty_in_between_is_watched_since_then_and_has_gained_since_the_first_moment() {
    let mut device = Device::new(1, 10_000);
    (0..5).for_each(|_| device.allocate(0));
    device.run(30, |_| ());
    (0..5).for_each(|_| device.free_oldest(0));
    device.run(10, |_| ());
    (0..7).for_each(|_| device.allocate(0));
    device.run(20, |_| ());
    let judged = device.judgement(0);
    let watched = judged.watched_us / SECOND;
    assert!((19..=21).contains(&watched), "{watched} s");
    assert_eq!(judged.gained, 200);
    // One that held nothing at first has gained all.
    let mut device = Device::new(1, 10_000);
    device.run(10, |_| ());
    (0..7).for_each(|_| device.allocate(0));
    device.run(10, |_| ());
    assert_eq!(device.judgement(0).gained, 700);
}

#[test]
fn a_site_that_cut_lists_name_gains_from_the_first_of_them_on() {
    let held = |count| Held {
        stack: 1,
        bytes: count * BLOCK,
        count,
        evicted: 0,
    };
    let mut watched = Watched::default();
    for (second, count) in [(1, 0), (2, 10), (3, 12)] {
        watched.push(Snapshot {
            time_us: second * SECOND,
            held: vec![held(count)],
            is_complete: false,
            ..Snapshot::default()
        });
    }
    let histories = History::of_each(1, &[(0, held(12))], watched.snapshots());
    assert_eq!(watched.judge(&histories)[0].gained, 200);
}

#[test]
fn a_young_site_with_all_its_records_only_fills_up_where_others_pile_up_without_theirs() {
    let mut device = Device::new(2, 10_000);
    device.run(100, |device| {
        device.allocate(0);
        device.stacks[0].born.clear();
        device.stacks[0].evicted += 1;
        device.allocate(1);
    });
    assert!(device.watched.piles_up());
    assert_eq!(device.judgement(0).kind(), Kind::Leaking);
    assert_eq!(device.judgement(1).kind(), Kind::Filling);
}

#[test]
fn a_leak_that_is_certain_by_its_records_is_told_by_them_where_blocks_pile_up() {
    let mut device = Device::new(1, 10_000);
    device.run(400, |device| device.allocate(0));
    assert!(device.watched.piles_up());
    let by_records = device.judgement(0).told;
    assert_eq!(
        by_records,
        device.watched.weighed(&device.sites()[0].0).told
    );
    assert!(device.judgement(0).leaks());
}

#[test]
fn when_a_leak_ended_is_until_when_it_was_certain() {
    let told = |leaked_until_us| Judgement {
        told: Some(Told {
            leaked_until_us,
            ..Told::default()
        }),
        ..Judgement::default()
    };
    assert_eq!(told(Some(7)).ended_us(), 7);
    assert_eq!(told(None).ended_us(), 0);
    assert_eq!(told(Some(7)).standing(), Standing::Stopped);
}
