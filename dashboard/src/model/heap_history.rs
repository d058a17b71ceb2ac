//! The heap since the page opened, what the device remembers of the time before, how it grows, and when it is full.

use heapbeacon_shared::analysis::{
    Growth, Point, SHORTEST_US, Series, Timed, growths, seconds_until_full,
};

use super::earlier::Earlier;
use super::events::Event;
use super::heap_sample::{HeapSample, REGIONS};

/// Events that are noted at most.
const NOTED: usize = 32;
/// Samples kept.
const SAMPLES: usize = 600;
/// Microseconds before there is a growth to tell.
const SOME_DATA_US: u64 = 10_000_000;
/// Microseconds over which growth is taken that does not stand out from what comes and goes.
const USUAL_WINDOW_US: u64 = 300_000_000;

/// How the heap grows, and when it is full if it goes on so.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Outlook {
    /// Bytes a minute that the low-water line of all regions rises by, what falls below zero.
    pub bytes_per_minute: f64,
    /// Microseconds that this was taken over; 0 while there is too little to tell.
    pub window_us: u64,
    /// Whether it stands out from what comes and goes.
    pub lasts: bool,
    /// Seconds until all regions are full.
    pub seconds: Option<u64>,
    /// The region that is full before that, by its index, and in how many seconds.
    pub first: Option<(usize, u64)>,
}

/// The heap since the page opened, and before.
#[derive(Clone, Debug)]
pub struct HeapHistory {
    /// What the device remembers.
    past: Vec<HeapSample>,
    seen: Series<HeapSample>,
    /// What this page has seen to be changed, and the device does not remember.
    noted: Vec<Event>,
    earlier: Earlier,
}

impl Default for HeapHistory {
    fn default() -> Self {
        Self {
            past: Vec::new(),
            seen: Series::new(SAMPLES),
            noted: Vec::new(),
            earlier: Earlier::default(),
        }
    }
}

impl HeapHistory {
    /// Appends the newest sample; while the clock stands still it takes the place of the last one.
    pub fn push(&mut self, sample: HeapSample) {
        let last_us = self.seen.last().map(HeapSample::time_us);
        match last_us {
            Some(last_us) if sample.time_us < last_us + SHORTEST_US => {
                self.seen.replace_last(HeapSample {
                    time_us: last_us,
                    ..sample
                });
            }
            _ => self.seen.push(sample),
        }
    }

    /// Takes what the device remembers of the time before the page opened, oldest first. Of more than there is room for, as a file may
    /// have, as many parts are kept, each at its end and as it was at worst.
    pub fn set_past(&mut self, past: Vec<HeapSample>) {
        let part = past.len().div_ceil(SAMPLES).max(1);
        self.past = past.chunks(part).filter_map(worst).collect();
    }

    /// Returns what is known of a window of time that ends with the newest sample, oldest first: what the device remembers, and
    /// behind it what was seen. One that is longer than all that is known is that.
    pub fn within(&self, window_us: u64) -> Vec<HeapSample> {
        let first_seen_us = self.seen.points().first().map(HeapSample::time_us);
        let is_before = |sample: &&HeapSample| first_seen_us.is_none_or(|us| sample.time_us < us);
        let past = self.past.iter().filter(is_before);
        cut(past.chain(self.seen.points()).copied().collect(), window_us)
    }

    /// Returns the same with earlier boots before it, on the line of [`Earlier`].
    pub fn timeline(&self, window_us: u64) -> Vec<HeapSample> {
        let mut known = self.earlier.samples.clone();
        for mut sample in self.within(u64::MAX) {
            sample.time_us += self.earlier.boot_us;
            known.push(sample);
        }
        cut(known, window_us)
    }

    /// Returns what was seen of boots before this one.
    pub fn earlier(&self) -> &Earlier {
        &self.earlier
    }

    /// Takes it that the device has started anew, after so many microseconds without it: what happened until then is kept with its samples.
    pub fn restarted(&mut self, events: Vec<Event>, down_us: u64) {
        let known = self.within(u64::MAX);
        self.earlier.ended(known, events, down_us);
        self.past.clear();
        self.seen.clear();
        self.noted.clear();
    }

    /// Notes something that the device does not remember.
    pub fn note(&mut self, event: Event) {
        if self.noted.len() == NOTED {
            self.noted.remove(0);
        }
        self.noted.push(event);
    }

    /// Returns what was noted since boot, oldest first.
    pub fn noted(&self) -> &[Event] {
        &self.noted
    }

    /// Returns for how many microseconds it is known, restarts included.
    pub fn known_us(&self) -> u64 {
        let known = self.timeline(u64::MAX);
        let time_us = |sample: Option<&HeapSample>| sample.map_or(0, HeapSample::time_us);
        time_us(known.last()) - time_us(known.first())
    }

    /// Returns when the heap has grown by what it still holds, oldest first.
    pub fn growths(&self) -> Vec<Growth> {
        let known = self.within(u64::MAX).into_iter();
        let readings: Vec<_> = known
            .map(|sample| Point {
                time_us: sample.time_us,
                bytes: sample.used,
                count: 0,
            })
            .collect();
        growths(&readings)
    }

    /// Returns when what is known begins.
    pub fn since_us(&self) -> Option<u64> {
        let first = self.past.first().or_else(|| self.seen.points().first());
        first.map(HeapSample::time_us)
    }

    /// Returns whether there is more than one moment.
    pub fn has_past(&self) -> bool {
        self.since_us() < self.seen.last().map(HeapSample::time_us)
    }

    /// Returns the samples since the page opened, oldest first.
    pub fn items(&self) -> &[HeapSample] {
        self.seen.points()
    }

    /// Returns how the heap grows and when it is full, by what the allocator has handed out: that includes what it rounds
    /// up, and what no trace sees.
    pub fn outlook(&self) -> Outlook {
        let Some(now) = self.seen.last() else {
            return Outlook::default();
        };
        let all = self.used(|sample| sample.used);
        if all.span_us() < SOME_DATA_US {
            return Outlook::default();
        }
        let lasting = all.lasting_growth();
        let (bytes_per_minute, window_us) = lasting.unwrap_or_else(|| {
            let window_us = all.span_us().min(USUAL_WINDOW_US);
            (all.growth_per_minute(window_us), window_us)
        });
        let full = |free, growth: Option<(f64, u64)>| seconds_until_full(free, growth?.0);
        let seconds = full(now.free, lasting);
        let region = |index: usize| {
            let used = self.used(|sample| sample.regions[index].0);
            // One that is full already is no news.
            let free = Some(now.regions[index].1).filter(|free| *free > 0)?;
            Some((index, full(free, used.lasting_growth())?))
        };
        let first = (0..REGIONS)
            .filter_map(region)
            .min_by_key(|(_, seconds)| *seconds);
        Outlook {
            bytes_per_minute,
            window_us,
            lasts: lasting.is_some(),
            seconds,
            first: first.filter(|(_, first)| seconds.is_none_or(|all| *first < all)),
        }
    }

    fn used(&self, used: impl Fn(&HeapSample) -> u64) -> Series {
        let mut series = Series::new(SAMPLES);
        for sample in self.seen.points() {
            series.push(Point {
                time_us: sample.time_us,
                bytes: used(sample),
                count: 0,
            });
        }
        series
    }
}

/// Returns one sample for several: at the end of them, and as it was at worst.
fn worst(samples: &[HeapSample]) -> Option<HeapSample> {
    let fullest = samples.iter().max_by_key(|sample| sample.used)?;
    let largest = samples.iter().map(|sample| sample.largest_free_block);
    Some(HeapSample {
        time_us: samples.last()?.time_us,
        largest_free_block: largest.min()?,
        ..*fullest
    })
}

/// Cuts samples to a window that ends with the last one. The line begins outside of it.
fn cut(mut known: Vec<HeapSample>, window_us: u64) -> Vec<HeapSample> {
    let last_us = known.last().map_or(0, HeapSample::time_us);
    let from_us = last_us.saturating_sub(window_us);
    let outside = known.partition_point(|sample| sample.time_us < from_us);
    known.drain(..outside.saturating_sub(1));
    known
}

#[cfg(test)]
mod tests {
    use heapbeacon_shared::api::Heap;
    use heapbeacon_shared::trace::Region;

    use super::*;

    const SECOND: u64 = 1_000_000;

    /// Polls once a second what each of two regions has handed out, of 100,000 bytes each.
    fn polled(seconds: u64, used: impl Fn(u64) -> [u64; 2]) -> Outlook {
        let mut history = HeapHistory::default();
        for second in 0..seconds {
            let mut heap = Heap {
                time_us: second * SECOND,
                ..Heap::default()
            };
            for used in used(second) {
                let region = Region {
                    size: 100_000,
                    used,
                    free: 100_000 - used,
                    ..Region::default()
                };
                heap.regions.push(region).expect("room");
            }
            history.push(HeapSample::of(&heap));
        }
        history.outlook()
    }

    #[test]
    fn the_heap_is_full_when_all_that_is_free_is_handed_out_at_its_own_pace() {
        let outlook = polled(120, |second| [50 * second, 0]);
        assert!(
            (outlook.bytes_per_minute - 3_000.0).abs() < 1.0,
            "{outlook:?}"
        );
        assert!(outlook.lasts);
        // 194,050 bytes at 50 a second, 94,050 of them where the growth is.
        assert_eq!(outlook.seconds, Some(3_881));
        assert_eq!(outlook.first, Some((0, 1_881)));
    }

    #[test]
    fn a_region_that_is_full_is_not_told_of_and_growth_goes_on_in_the_next() {
        let outlook = polled(120, |second| [100_000, 50 * second]);
        assert_eq!(outlook.seconds, Some(1_881));
        assert_eq!(outlook.first, None);
    }

    #[test]
    fn what_comes_and_goes_or_shrinks_never_fills_a_heap() {
        let traffic = polled(300, |second| [second * 7_919 % 30_000, 0]);
        assert!(!traffic.lasts && traffic.seconds.is_none() && traffic.first.is_none());
        let shrinking = polled(300, |second| [90_000 - 100 * second, 0]);
        assert!(shrinking.bytes_per_minute < -5_000.0, "{shrinking:?}");
        assert_eq!(shrinking.seconds, None);
    }

    #[test]
    fn growth_of_a_block_in_minutes_is_taken_over_hours() {
        let outlook = polled(4 * 3_600, |second| [second / 600 * 512, 0]);
        assert!(
            (outlook.bytes_per_minute - 51.2).abs() < 10.0,
            "{outlook:?}"
        );
        assert!(outlook.window_us > 3_600 * SECOND);
    }

    #[test]
    fn after_growth_that_ended_the_last_minute_counts() {
        let outlook = polled(400, |second| [50 * second.min(200), 0]);
        assert_eq!(outlook.seconds, None, "{outlook:?}");
        let faster = polled(400, |second| {
            [10 * second + 90 * second.saturating_sub(300), 0]
        });
        assert!(
            (faster.bytes_per_minute - 6_000.0).abs() < 300.0,
            "{faster:?}"
        );
    }

    #[test]
    fn what_the_device_remembers_stands_before_what_was_seen() {
        let sample = |second: u64| HeapSample {
            time_us: second * SECOND,
            ..HeapSample::default()
        };
        let mut history = HeapHistory::default();
        assert_eq!(history.within(u64::MAX), []);
        history.push(sample(100));
        // It was asked a moment later.
        history.set_past([10, 50, 99, 101].map(sample).to_vec());
        history.push(sample(102));
        let seconds = |window_us| {
            let samples = history.within(window_us).into_iter();
            samples
                .map(|sample| sample.time_us / SECOND)
                .collect::<Vec<_>>()
        };
        assert_eq!(seconds(u64::MAX), [10, 50, 99, 100, 102]);
        // One before the window, for the line to come from somewhere.
        assert_eq!(seconds(10 * SECOND), [50, 99, 100, 102]);
        assert_eq!(history.since_us(), Some(10 * SECOND));
        assert_eq!(history.items().len(), 2);
        assert_eq!(history.known_us(), 92 * SECOND);
        // A restart takes nothing of that, and five seconds later the next boot goes on behind it.
        history.restarted(Vec::new(), 5 * SECOND);
        assert_eq!(history.since_us(), None);
        history.push(sample(1));
        assert_eq!(history.within(u64::MAX).len(), 1);
        let line = history.timeline(10 * SECOND);
        let seconds: Vec<_> = line.iter().map(|it| it.time_us / SECOND).collect();
        assert_eq!(seconds, [50, 99, 100, 102, 108]);
        assert_eq!(history.known_us(), 98 * SECOND);
    }

    #[test]
    fn of_a_day_that_was_saved_a_bounded_number_is_kept_with_its_peak_and_its_smallest_block() {
        let mut history = HeapHistory::default();
        let sample = |half: u64| HeapSample {
            time_us: half * SECOND / 2,
            used: if half == 100_000 { 9 } else { 3 },
            largest_free_block: if half == 100_001 { 1 } else { 7 },
            ..HeapSample::default()
        };
        history.set_past((1..=172_800).map(sample).collect());
        let known = history.within(u64::MAX);
        assert!(known.len() <= SAMPLES, "{}", known.len());
        assert!(known.is_sorted_by_key(HeapSample::time_us));
        assert_eq!(known.last().map(HeapSample::time_us), Some(86_400 * SECOND));
        assert_eq!(known.iter().map(|it| it.used).max(), Some(9));
        let least = known.iter().map(|it| it.largest_free_block).min();
        assert_eq!(least, Some(1));
    }

    #[test]
    fn a_clock_that_stands_still_leaves_the_newest_numbers_in_the_last_moment() {
        let mut history = HeapHistory::default();
        for (time_us, used) in [(SECOND, 1), (2 * SECOND, 2), (2 * SECOND, 3), (SECOND, 4)] {
            history.push(HeapSample {
                time_us,
                used,
                ..HeapSample::default()
            });
        }
        let seen: Vec<_> = history
            .items()
            .iter()
            .map(|sample| (sample.time_us, sample.used))
            .collect();
        assert_eq!(seen, [(SECOND, 1), (2 * SECOND, 4)]);
    }
}
