//! How full the heap was since boot: dense now, coarse long ago, in 2 KiB.
//!
//! Time is cut into points that follow one another without a gap. Each sample makes a new one; where there is no room for it,
//! two neighbours become one, those that are shortest for their age. So the oldest point always begins at boot, and how long a
//! point is depends on how long ago it was. A point keeps the worst of its time, so no low is lost.

use core::cell::RefCell;

use embassy_sync::blocking_mutex::Mutex;
use embassy_sync::blocking_mutex::raw::RawMutex;
use heapbeacon_shared::trace::{Level, Point, Region};

/// Microseconds from one sample to the next.
pub const PERIOD_US: u64 = 2_000_000;

/// Most regions of a heap.
const REGIONS: usize = 4;
/// Words that points are kept in.
const WORDS: usize = 990;
/// Words that a point has for its end.
const TIME_WORDS: usize = 2;
/// Words that a point has for each region.
const LEVEL_WORDS: usize = 3;
/// Microseconds that times are counted in: they last 13 years.
const TICK_US: u64 = 100_000;
/// Pairs of points that are compared in one hold of the lock.
const STEP: usize = 16;

/// How full the heap was since boot.
pub struct History<M: RawMutex> {
    kept: Mutex<M, RefCell<Kept>>,
}

/// Points in the order of time.
struct Kept {
    /// Bytes of each region.
    sizes: [usize; REGIONS],
    regions: usize,
    /// When the first point begins.
    begin: u32,
    points: usize,
    words: [u16; WORDS],
}

const _: () = assert!(size_of::<Kept>() <= 2048);

/// Two neighbours, by the place of the older one, and how long they are for their age.
#[derive(Clone, Copy)]
struct Pair {
    place: usize,
    span: u32,
    age: u32,
}

impl<M: RawMutex> History<M> {
    /// Makes a history that begins at boot.
    pub const fn new() -> Self {
        Self {
            kept: Mutex::new(RefCell::new(Kept {
                sizes: [0; REGIONS],
                regions: 0,
                begin: 0,
                points: 0,
                words: [0; WORDS],
            })),
        }
    }

    /// Notes how full the regions are now, and were at worst since the note before; where there are others than before, the
    /// history begins anew.
    pub fn note(&self, now_us: u64, regions: &[Region]) {
        let now = ticks(now_us);
        let is_full = self.with(|kept| {
            kept.fit(regions);
            kept.is_full()
        });
        if is_full && let Some(place) = self.shortest_pair(now) {
            self.with(|kept| kept.join(place));
        }
        self.with(|kept| kept.push(now, regions));
    }

    /// Returns the first point that ends behind a moment, in microseconds since boot, from there on.
    pub fn after(&self, moment_us: u64) -> Option<Point> {
        let point = self.with(|kept| kept.after(moment_us))?;
        Some(Point {
            from_us: point.from_us.max(moment_us),
            ..point
        })
    }

    /// Returns how far it reaches, in microseconds since boot.
    pub fn until_us(&self) -> u64 {
        self.with(|kept| u64::from(kept.end(kept.points)) * TICK_US)
    }

    /// Finds the neighbours that are shortest for their age, some in each hold of the lock.
    fn shortest_pair(&self, now: u32) -> Option<usize> {
        let mut shortest: Option<Pair> = None;
        let mut next = 0;
        while let Some(pair) = self.with(|kept| kept.shortest_pair(next, now)) {
            if shortest.is_none_or(|shortest| pair.is_shorter(shortest)) {
                shortest = Some(pair);
            }
            next += STEP;
        }
        shortest.map(|pair| pair.place)
    }

    fn with<R>(&self, work: impl FnOnce(&mut Kept) -> R) -> R {
        self.kept.lock(|kept| work(&mut kept.borrow_mut()))
    }
}

impl<M: RawMutex> Default for History<M> {
    fn default() -> Self {
        Self::new()
    }
}

impl Pair {
    fn is_shorter(self, other: Self) -> bool {
        u64::from(self.span) * u64::from(other.age) < u64::from(other.span) * u64::from(self.age)
    }
}

impl Kept {
    /// Begins anew if the regions are others than before.
    fn fit(&mut self, regions: &[Region]) {
        let sizes = regions
            .iter()
            .take(REGIONS)
            .map(|region| region.size as usize);
        let known = &self.sizes[..self.regions];
        if known.iter().copied().eq(sizes.clone()) {
            return;
        }
        self.begin = self.end(self.points);
        self.points = 0;
        self.regions = 0;
        for size in sizes {
            self.sizes[self.regions] = size;
            self.regions += 1;
        }
    }

    /// Returns the words of a point.
    fn stride(&self) -> usize {
        TIME_WORDS + LEVEL_WORDS * self.regions
    }

    fn is_full(&self) -> bool {
        self.words.len() < (self.points + 1) * self.stride()
    }

    /// Returns when as many points as that are over.
    fn end(&self, points: usize) -> u32 {
        match points.checked_sub(1).map(|last| last * self.stride()) {
            None => self.begin,
            Some(first) => u32::from(self.words[first]) << 16 | u32::from(self.words[first + 1]),
        }
    }

    /// Adds a point until now. One that would take no time, or finds no room, is put into the one before.
    fn push(&mut self, now: u32, regions: &[Region]) {
        let end = self.end(self.points);
        let is_apart = self.points == 0 || now > end;
        let place = match is_apart && !self.is_full() {
            true => self.points,
            false => self.points.saturating_sub(1),
        };
        let is_new = place == self.points;
        let now = now.max(end);
        let first = place * self.stride();
        self.words[first] = (now >> 16) as u16;
        self.words[first + 1] = now as u16;
        for (index, region) in regions.iter().take(self.regions).enumerate() {
            let unit = unit(self.sizes[index]);
            let used = region.used as usize;
            let passed = region.free.saturating_sub(region.window_minimum_free) as usize;
            let most = used.saturating_add(passed).min(self.sizes[index]);
            let level = [
                most.div_ceil(unit) as u16,
                (used / unit) as u16,
                (region.largest_free_block as usize / unit) as u16,
            ];
            let first = first + TIME_WORDS + LEVEL_WORDS * index;
            let words = &mut self.words[first..first + LEVEL_WORDS];
            match is_new {
                true => words.copy_from_slice(&level),
                false => worsen(words, &level),
            }
        }
        self.points = place + 1;
    }

    /// Returns the pair that is shortest for its age among a step of them; `None` behind the last.
    fn shortest_pair(&self, first: usize, now: u32) -> Option<Pair> {
        let last = self.points.saturating_sub(1).min(first + STEP);
        let mut shortest: Option<Pair> = None;
        let mut from = self.end(first.min(self.points));
        for place in first..last {
            let pair = Pair {
                place,
                span: self.end(place + 2) - from,
                age: now.saturating_sub(from).max(1),
            };
            if shortest.is_none_or(|shortest| pair.is_shorter(shortest)) {
                shortest = Some(pair);
            }
            from = self.end(place + 1);
        }
        shortest
    }

    /// Makes one point of the one at a place and the one behind it, if there are both.
    fn join(&mut self, place: usize) {
        if place + 1 >= self.points {
            return;
        }
        let stride = self.stride();
        let (first, second) = (place * stride, (place + 1) * stride);
        let words = &mut self.words[first..];
        let (older, newer) = words.split_at_mut(stride);
        for word in (TIME_WORDS..stride).step_by(LEVEL_WORDS) {
            worsen(&mut newer[word..], &older[word..word + LEVEL_WORDS]);
        }
        self.words.copy_within(second..self.points * stride, first);
        self.points -= 1;
    }

    fn after(&self, moment_us: u64) -> Option<Point> {
        let is_over = |place: usize| u64::from(self.end(place + 1)) * TICK_US <= moment_us;
        let (mut place, mut behind) = (0, self.points);
        while place < behind {
            let middle = place.midpoint(behind);
            match is_over(middle) {
                true => place = middle + 1,
                false => behind = middle,
            }
        }
        (place < self.points).then(|| self.point(place))
    }

    fn point(&self, place: usize) -> Point {
        let first = place * self.stride() + TIME_WORDS;
        let levels = (0..self.regions).map(|index| {
            let (size, unit) = (self.sizes[index], unit(self.sizes[index]));
            let first = first + LEVEL_WORDS * index;
            let bytes = |word| {
                usize::from(self.words[first + word])
                    .saturating_mul(unit)
                    .min(size) as u64
            };
            Level {
                used: bytes(0),
                least_used: bytes(1),
                free: size as u64 - bytes(0),
                largest_free_block: bytes(2),
            }
        });
        Point {
            from_us: u64::from(self.end(place)) * TICK_US,
            until_us: u64::from(self.end(place + 1)) * TICK_US,
            regions: levels.collect(),
        }
    }
}

/// Adds a level to another one that is kept: the most and the least that were used, and the smallest of the largest blocks.
fn worsen(kept: &mut [u16], other: &[u16]) {
    kept[0] = kept[0].max(other[0]);
    kept[1] = kept[1].min(other[1]);
    kept[2] = kept[2].min(other[2]);
}

/// Returns the bytes that a region is measured in, for a word to hold them all.
fn unit(size: usize) -> usize {
    size / usize::from(u16::MAX) + 1
}

/// Returns a time as points keep it.
fn ticks(time_us: u64) -> u32 {
    u32::try_from(time_us / TICK_US).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use embassy_sync::blocking_mutex::raw::NoopRawMutex;

    use super::*;

    type Heap = History<NoopRawMutex>;

    const SECOND: u64 = 1_000_000;
    const DAY: u64 = 24 * 3600 * SECOND;

    fn region(size: u64, used: u64, most_used: u64) -> Region {
        Region {
            size,
            used,
            free: size - used,
            window_minimum_free: size - most_used,
            largest_free_block: (size - used) / 2,
            ..Region::default()
        }
    }

    fn points(history: &Heap) -> Vec<Point> {
        let mut moment_us = 0;
        core::iter::from_fn(|| {
            let point = history.after(moment_us)?;
            moment_us = point.until_us;
            Some(point)
        })
        .collect()
    }

    /// Checks that points follow one another from boot until now.
    fn check_whole(points: &[Point], now_us: u64) {
        assert_eq!(points.first().map(|point| point.from_us), Some(0));
        assert_eq!(points.last().map(|point| point.until_us), Some(now_us));
        let mut pairs = points.windows(2);
        assert!(pairs.all(|pair| pair[0].until_us == pair[1].from_us));
        assert!(points.iter().all(|point| point.from_us < point.until_us));
    }

    #[test]
    fn a_sample_is_what_was_since_the_one_before() {
        let history = Heap::new();
        history.note(2 * SECOND, &[region(1000, 300, 500), region(70_000, 0, 0)]);
        history.note(
            4 * SECOND,
            &[region(1000, 200, 200), region(70_000, 69_999, 69_999)],
        );
        let read = points(&history);
        check_whole(&read, 4 * SECOND);
        let first = Level {
            used: 500,
            least_used: 300,
            free: 500,
            largest_free_block: 350,
        };
        assert_eq!(read[0].regions[0], first);
        assert_eq!(
            (read[1].regions[0].used, read[1].regions[0].free),
            (200, 800)
        );
        // A large region is measured in more than a byte: never less full than it was at worst.
        let large = read[1].regions[1];
        assert_eq!(
            (large.used, large.free, large.least_used),
            (70_000, 0, 69_998)
        );
    }

    #[test]
    fn for_weeks_it_reaches_back_to_boot_and_is_the_finer_the_newer() {
        // More seldom than it is done: the shape is the same, and the test is done sooner.
        let period_us = 16 * PERIOD_US;
        for regions in 1..=REGIONS {
            let history = Heap::new();
            let heap = [(); REGIONS].map(|()| region(300_000, 1000, 1000));
            let mut now_us = 0;
            let mut checked_us = 10 * period_us;
            while now_us < 28 * DAY {
                now_us += period_us;
                history.note(now_us, &heap[..regions]);
                if now_us >= checked_us {
                    checked_us *= 2;
                    let read = points(&history);
                    check_whole(&read, now_us);
                    for point in &read {
                        let age_us = now_us - point.from_us;
                        let span_us = point.until_us - point.from_us;
                        let most_us = (age_us / 3).max(2 * period_us);
                        assert!(span_us <= most_us, "{regions}: {span_us} at {age_us}");
                    }
                    let is_full = read.len() >= WORDS / (TIME_WORDS + LEVEL_WORDS * regions) - 1;
                    assert!(is_full || read.len() as u64 == now_us / period_us);
                }
            }
        }
    }

    /// Against every sample that was ever noted.
    #[test]
    fn no_worst_moment_is_lost() {
        let history = Heap::new();
        let (mut random, mut now_us) = (1_u64, 0);
        let mut noted = Vec::new();
        for _ in 0..5000 {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            now_us += TICK_US * (1 + (random >> 60));
            let most = (random >> 33) % 50_000;
            let used = most - (random >> 20) % (most + 1);
            history.note(now_us, &[region(50_000, used, most)]);
            noted.push((now_us, most, used));
        }
        let read = points(&history);
        check_whole(&read, now_us);
        for point in read {
            let within = |(time_us, ..): &&(u64, u64, u64)| {
                point.from_us < *time_us && *time_us <= point.until_us
            };
            let within: Vec<_> = noted.iter().filter(within).collect();
            let level = point.regions[0];
            assert_eq!(Some(level.used), within.iter().map(|note| note.1).max());
            assert_eq!(
                Some(level.least_used),
                within.iter().map(|note| note.2).min()
            );
            let largest = within.iter().map(|note| (50_000 - note.2) / 2).min();
            assert_eq!(Some(level.largest_free_block), largest);
        }
    }

    #[test]
    fn a_clock_that_stands_still_or_steps_back_makes_no_point() {
        let history = Heap::new();
        for now_us in [4 * SECOND, 4 * SECOND, SECOND, 6 * SECOND] {
            history.note(now_us, &[region(1000, now_us / SECOND, 10)]);
        }
        let read = points(&history);
        check_whole(&read, 6 * SECOND);
        assert_eq!((read.len(), read[0].regions[0].least_used), (2, 1));
    }

    #[test]
    fn other_regions_begin_it_anew() {
        let history = Heap::new();
        for second in 1..400 {
            history.note(second * SECOND, &[region(1000, 10, 10)]);
        }
        history.note(400 * SECOND, &[region(1000, 10, 10), region(2000, 20, 20)]);
        let read = points(&history);
        assert_eq!(read.len(), 1);
        assert_eq!(
            (read[0].from_us, read[0].until_us),
            (399 * SECOND, 400 * SECOND)
        );
        assert_eq!(read[0].regions.len(), 2);
        history.note(401 * SECOND, &[]);
        assert_eq!(
            points(&history).last().map(|point| point.regions.len()),
            Some(0)
        );
    }

    #[test]
    fn nothing_was_noted_yet() {
        let history = Heap::new();
        assert_eq!((history.after(0), history.until_us()), (None, 0));
    }

    #[test]
    fn extreme_sizes_and_times_fit() {
        let history = Heap::new();
        let huge = region(usize::MAX as u64, usize::MAX as u64, usize::MAX as u64);
        history.note(u64::MAX, core::slice::from_ref(&huge));
        history.note(u64::MAX, core::slice::from_ref(&huge));
        let read = points(&history);
        assert_eq!(read.len(), 1);
        assert_eq!(read[0].regions[0].used, usize::MAX as u64);
    }

    #[test]
    fn a_reader_is_not_told_of_a_moment_twice_when_points_are_joined_meanwhile() {
        let history = Heap::new();
        let mut now_us = 0;
        let mut moment_us = 0;
        for _ in 0..2000 {
            now_us += PERIOD_US;
            history.note(now_us, &[region(1000, 1, 1)]);
            if let Some(point) = history.after(moment_us) {
                assert_eq!(point.from_us, moment_us);
                moment_us = point.until_us;
            }
        }
        assert!(moment_us > 0);
    }
}
