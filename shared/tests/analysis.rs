//! Verdicts on simulated call stacks: one poll per second unless a test says otherwise.

use heapbeacon_shared::analysis::*;

const SECOND: u64 = 1_000_000;
const BLOCK: u64 = 100;

/// A call stack whose blocks a test allocates and frees while the page polls.
struct Site {
    series: Series,
    now_us: u64,
    allocated_us: Vec<u64>,
    /// Blocks that are not known to be freed, though their records are gone.
    evicted: u64,
}

impl Site {
    fn new() -> Self {
        Self {
            series: Series::new(256),
            now_us: 1000 * SECOND,
            allocated_us: Vec::new(),
            evicted: 0,
        }
    }

    /// Gives up the oldest records beyond what the table has room for.
    fn evict_beyond(&mut self, room: usize) {
        let gone = self.allocated_us.len().saturating_sub(room);
        self.allocated_us.drain(..gone);
        self.evicted += gone as u64;
    }

    fn allocate(&mut self, blocks: usize) {
        self.allocated_us
            .extend(std::iter::repeat_n(self.now_us, blocks));
    }

    fn free_newest(&mut self, blocks: usize) {
        let left = self.allocated_us.len().saturating_sub(blocks);
        self.allocated_us.truncate(left);
    }

    fn count(&self) -> u64 {
        self.allocated_us.len() as u64 + self.evicted
    }

    fn poll(&mut self) {
        let count = self.count();
        self.series.push(Point {
            time_us: self.now_us,
            bytes: count * BLOCK,
            count,
        });
    }

    /// Polls once a second while `step` does what the firmware does in the second before.
    fn run(&mut self, seconds: u64, mut step: impl FnMut(&mut Self, u64)) {
        for second in 0..seconds {
            self.now_us += SECOND;
            step(self, second);
            self.poll();
        }
    }

    fn verdict(&self) -> Verdict {
        let blocks = Blocks {
            count: self.count(),
            evicted: self.evicted,
            oldest_us: self.allocated_us.iter().min().copied().unwrap_or_default(),
            newest_us: self.allocated_us.iter().max().copied().unwrap_or_default(),
            now_us: self.now_us,
        };
        verdict(&self.series, &blocks)
    }

    fn is_growing(&self) -> bool {
        matches!(self.verdict(), Verdict::Growing { .. })
    }
}

fn leak(site: &mut Site, _second: u64) {
    site.allocate(1);
}

fn idle(_: &mut Site, _: u64) {}

/// A small generator: tests must see the same noise every time.
struct Noise(u64);

impl Noise {
    fn below(&mut self, bound: u64) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % bound) as usize
    }
}

#[test]
fn first_seconds_of_a_leak_are_too_early() {
    let mut site = Site::new();
    site.run(10, leak);
    assert_eq!(site.verdict(), Verdict::TooEarly { seconds_of_data: 9 });
}

#[test]
fn empty_series_is_too_early() {
    let verdict = verdict(&Series::new(0), &Blocks::default());
    assert_eq!(verdict, Verdict::TooEarly { seconds_of_data: 0 });
}

#[test]
fn leak_is_growing_as_soon_as_there_is_data() {
    let mut site = Site::new();
    site.run(11, leak);
    let Verdict::Growing { bytes_per_minute } = site.verdict() else {
        panic!("{:?}", site.verdict());
    };
    assert!(
        (bytes_per_minute - 6000.0).abs() < 1.0,
        "{bytes_per_minute}"
    );
}

#[test]
fn leak_under_buffers_in_flight_is_growing() {
    let mut site = Site::new();
    let mut noise = Noise(1);
    site.run(20, |site, _| {
        site.allocate(1);
        let buffers = if noise.below(4) == 0 { 40 } else { 0 };
        site.allocate(buffers);
        site.poll();
        site.free_newest(buffers);
        site.now_us += SECOND / 2;
    });
    assert!(site.is_growing(), "{:?}", site.verdict());
}

#[test]
fn leak_never_stops_growing_over_an_hour() {
    let mut site = Site::new();
    site.run(11, leak);
    for second in 11..1000 {
        site.run(1, leak);
        assert!(site.is_growing(), "after {second} s: {:?}", site.verdict());
    }
}

#[test]
fn slow_leak_is_growing_in_a_longer_window() {
    let mut site = Site::new();
    site.run(900, |site, second| {
        if second % 60 == 0 {
            site.allocate(1);
        }
    });
    let Verdict::Growing { bytes_per_minute } = site.verdict() else {
        panic!("{:?}", site.verdict());
    };
    assert!(
        (bytes_per_minute - 100.0).abs() < 20.0,
        "{bytes_per_minute}"
    );
}

#[test]
fn leak_of_any_speed_keeps_growing_once_it_made_eight_blocks() {
    for interval in [1, 2, 3, 4, 5, 7, 11, 19, 30] {
        let mut site = Site::new();
        site.series = Series::new(64);
        site.run(600, |site, second| {
            let is_due = second >= 11.max(8 * interval);
            assert!(
                !is_due || site.is_growing(),
                "{interval} s, after {second} s"
            );
            if second.is_multiple_of(interval) {
                site.allocate(1);
            }
        });
    }
}

#[test]
fn leak_that_is_switched_off_leaves_growing_within_a_window() {
    for on in [11, 15, 20, 40, 80, 300, 2000] {
        for per_second in [1, 3, 50] {
            let mut site = Site::new();
            site.run(on, |site, _| site.allocate(per_second));
            assert!(site.is_growing());
            site.run(WINDOW_US / SECOND, idle);
            assert_eq!(
                site.verdict(),
                Verdict::Plateau,
                "{per_second}/s for {on} s"
            );
        }
    }
}

#[test]
fn slow_leak_that_is_switched_off_leaves_growing_when_its_next_blocks_are_overdue() {
    let mut site = Site::new();
    site.run(600, |site, second| {
        if second % 15 == 0 {
            site.allocate(1);
        }
    });
    assert!(site.is_growing());
    site.run(5 * 15, idle);
    assert_eq!(site.verdict(), Verdict::Plateau);
}

#[test]
fn leak_that_is_switched_off_never_comes_back_in_a_longer_window() {
    let mut site = Site::new();
    site.run(300, leak);
    site.run(WINDOW_US / SECOND, idle);
    for second in 0..1000 {
        site.run(1, idle);
        assert!(!site.is_growing(), "after {second} s");
    }
}

#[test]
fn leak_switched_off_under_traffic_leaves_growing_within_a_window() {
    let mut site = Site::new();
    site.allocate(2);
    let traffic = |site: &mut Site, leaked: usize| {
        site.free_newest(2);
        site.allocate(2 + leaked);
    };
    site.run(200, |site, _| traffic(site, 1));
    assert!(site.is_growing());
    site.run(WINDOW_US / SECOND, |site, _| traffic(site, 0));
    assert_eq!(site.verdict(), Verdict::Plateau);
}

#[test]
fn leak_stays_growing_however_few_of_its_records_are_kept() {
    for room in [0, 1, 5, 30] {
        let mut site = Site::new();
        site.run(11, leak);
        for second in 11..300 {
            site.run(1, |site, second| {
                leak(site, second);
                site.evict_beyond(room);
            });
            assert!(site.is_growing(), "{room} records, after {second} s");
        }
    }
}

#[test]
fn leak_that_is_switched_off_leaves_growing_within_a_window_though_its_records_were_evicted() {
    for room in [0, 30] {
        let mut site = Site::new();
        site.run(100, |site, second| {
            leak(site, second);
            site.evict_beyond(room);
        });
        site.run(WINDOW_US / SECOND, idle);
        assert_eq!(site.verdict(), Verdict::Plateau, "{room} records");
    }
}

#[test]
fn random_traffic_is_in_flight_and_hardly_ever_growing() {
    let mut site = Site::new();
    let mut noise = Noise(7);
    let mut growing = 0;
    site.run(5000, |site, _| {
        site.free_newest(usize::MAX);
        let buffers = noise.below(12);
        site.allocate(buffers);
        growing += u32::from(site.is_growing());
    });
    assert_eq!(growing, 0);
    assert_eq!(site.verdict(), Verdict::InFlight);
}

#[test]
fn random_traffic_above_old_blocks_is_hardly_ever_growing() {
    let mut site = Site::new();
    site.allocate(20);
    let mut noise = Noise(99);
    let mut growing = 0;
    site.run(5000, |site, _| {
        let many = site.allocated_us.len() - 20;
        site.free_newest(many);
        let buffers = noise.below(12);
        site.allocate(buffers);
        growing += u32::from(site.is_growing());
    });
    assert!(growing <= 5, "{growing} of 5000");
}

/// So many buffers that come and go each second, beside blocks that stay.
struct Traffic {
    noise: Noise,
    most: u64,
    kept: usize,
}

impl Traffic {
    /// Begins at a site of its own.
    fn new(seed: u64, most: u64) -> (Site, Self) {
        let mut site = Site::new();
        let kept = 20;
        site.allocate(kept);
        let noise = Noise(seed);
        (site, Self { noise, most, kept })
    }

    /// Replaces the buffers, and lets a block leak first if one is due.
    fn step(&mut self, site: &mut Site, leaks: bool) {
        site.allocated_us.truncate(self.kept);
        site.allocate(leaks.into());
        self.kept += usize::from(leaks);
        let buffers = self.noise.below(self.most + 1);
        site.allocate(buffers);
    }
}

#[test]
fn leak_under_heavy_traffic_is_growing_within_minutes_and_hardly_ever_missed_then() {
    for (most, within) in [(11, 80), (59, 240)] {
        for seed in 1..=2 {
            let (mut site, mut traffic) = Traffic::new(seed, most);
            let mut missed = 0;
            site.run(900, |site, second| {
                missed += u64::from(second > within && !site.is_growing());
                traffic.step(site, second.is_multiple_of(4));
            });
            assert!(missed < 900 / 10, "{most}, {seed}: {missed} of 900 s");
        }
    }
}

#[test]
fn leak_switched_off_under_heavy_traffic_leaves_growing_within_minutes() {
    for (most, within) in [(11, 150), (59, 360)] {
        for seed in 1..=2 {
            let (mut site, mut traffic) = Traffic::new(seed, most);
            site.run(900, |site, second| {
                traffic.step(site, second.is_multiple_of(4));
            });
            site.run(within, |site, _| traffic.step(site, false));
            let mut growing = 0;
            site.run(900, |site, _| {
                growing += u32::from(site.is_growing());
                traffic.step(site, false);
            });
            assert!(growing < 900 / 50, "{most}, {seed}: {growing} of 900 s");
        }
    }
}

#[test]
fn heavy_traffic_without_a_leak_is_hardly_ever_growing() {
    let mut growing = 0;
    for seed in 1..=2 {
        let (mut site, mut traffic) = Traffic::new(seed, 59);
        site.run(3_600, |site, _| {
            growing += u32::from(site.is_growing());
            traffic.step(site, false);
        });
    }
    assert!(growing <= 5, "{growing} s of 2 hours");
}

#[test]
fn buffer_that_is_replaced_at_every_poll_is_in_flight() {
    let mut site = Site::new();
    site.run(15, |site, _| {
        site.free_newest(1);
        site.allocate(1);
    });
    assert_eq!(site.verdict(), Verdict::InFlight);
}

#[test]
fn blocks_that_are_all_freed_were_in_flight() {
    let mut site = Site::new();
    site.run(11, leak);
    site.free_newest(usize::MAX);
    site.run(1, idle);
    assert_eq!(site.verdict(), Verdict::InFlight);
}

#[test]
fn old_block_that_never_changes_is_a_one_off() {
    let mut site = Site::new();
    site.allocate(1);
    site.run(30, idle);
    assert_eq!(site.verdict(), Verdict::OneOff);
}

#[test]
fn many_old_blocks_that_never_change_are_a_plateau() {
    let mut site = Site::new();
    site.allocate(100);
    site.run(30, idle);
    assert_eq!(site.verdict(), Verdict::Plateau);
}

#[test]
fn full_cache_that_replaces_its_entries_is_a_plateau() {
    let mut site = Site::new();
    site.allocate(100);
    site.run(60, |site, _| {
        site.free_newest(1);
        site.allocate(1);
    });
    assert_eq!(site.verdict(), Verdict::Plateau);
}
