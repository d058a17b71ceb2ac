//! The fewest free bytes since a moment that a reader names.
//!
//! Readers name the moment of an earlier answer, so it is answers that begin a new slice of time. Each slice keeps its
//! minimum; what a reader asks for is the minimum of the slices since then. Nothing that is read changes what another
//! reader sees, except that slices of the past grow together when there is no room for more.

/// Slices of time that are kept apart, the present one included.
const SLICES: usize = 10;
/// Microseconds between two slices, at least: who reads more often shares them.
const APART_US: u64 = 100_000;

/// The fewest free bytes of a region, in slices of time.
#[derive(Clone, Debug)]
pub struct Minima {
    /// Since boot.
    lowest: usize,
    /// Since the last slice began.
    current: usize,
    /// Oldest first; the minimum of the last one is `current`.
    slices: heapless::Vec<Slice, SLICES>,
}

#[derive(Clone, Copy, Debug)]
struct Slice {
    start_us: u64,
    lowest: usize,
}

impl Minima {
    /// Begins with that many bytes free.
    pub const fn new(free: usize) -> Self {
        Self {
            lowest: free,
            current: free,
            slices: heapless::Vec::new(),
        }
    }

    /// Notes how many bytes are free now.
    #[inline(always)]
    pub fn note(&mut self, free: usize) {
        self.lowest = self.lowest.min(free);
        self.current = self.current.min(free);
    }

    /// Returns the fewest free bytes since boot.
    pub fn lowest(&self) -> usize {
        self.lowest
    }

    /// Returns the fewest free bytes since `since_us`, and the moment from which they count: that one, or an earlier one
    /// where slices have grown together. Zero is the boot.
    pub fn since(&self, since_us: u64) -> (usize, u64) {
        let before = |slice: &&Slice| slice.start_us <= since_us;
        let known = self.slices.iter().take_while(before).count();
        match known.checked_sub(1) {
            None => (self.lowest, 0),
            Some(first) => {
                // The last one is still open.
                let closed = self.slices[first..self.slices.len() - 1].iter();
                let lowest = closed.map(|slice| slice.lowest).min();
                let lowest = lowest.map_or(self.current, |lowest| lowest.min(self.current));
                (lowest, self.slices[first].start_us)
            }
        }
    }

    /// Begins a new slice at `now_us`, with that many bytes free, unless one began just before.
    pub fn begin(&mut self, now_us: u64, free: usize) {
        self.note(free);
        match self.slices.last_mut() {
            Some(last) if now_us.saturating_sub(last.start_us) < APART_US => return,
            Some(last) => last.lowest = self.current,
            None => {}
        }
        if self.slices.is_full() {
            self.join(now_us);
        }
        let slice = Slice {
            start_us: now_us,
            lowest: free,
        };
        // There is room: two have just become one.
        let _ = self.slices.push(slice);
        self.current = free;
    }

    /// Makes one slice of two, where that is the least loss: the older the moment between them, the less.
    fn join(&mut self, now_us: u64) {
        let loss = |index: usize| {
            let before = match index.checked_sub(1) {
                Some(index) => self.slices[index].start_us,
                None => 0,
            };
            let after = self
                .slices
                .get(index + 1)
                .map_or(now_us, |slice| slice.start_us);
            let age = now_us.saturating_sub(before).max(1);
            after.saturating_sub(before).saturating_mul(1024) / age
        };
        let Some(least) = (0..self.slices.len()).min_by_key(|index| loss(*index)) else {
            return;
        };
        let joined = self.slices.remove(least);
        if let Some(before) = least.checked_sub(1) {
            let before = &mut self.slices[before];
            before.lowest = before.lowest.min(joined.lowest);
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use std::vec::Vec;

    const SECOND: u64 = 1_000_000;

    #[test]
    fn each_reader_sees_the_minimum_since_its_own_last_answer() {
        let mut minima = Minima::new(1000);
        minima.note(400);
        minima.note(900);
        minima.begin(10 * SECOND, 900);
        minima.note(700);
        minima.begin(20 * SECOND, 800);
        minima.note(750);
        assert_eq!(minima.since(20 * SECOND), (750, 20 * SECOND));
        assert_eq!(minima.since(10 * SECOND), (700, 10 * SECOND));
        assert_eq!(minima.since(0), (400, 0));
        assert_eq!(minima.lowest(), 400);
    }

    #[test]
    fn asking_changes_no_answer() {
        let mut minima = Minima::new(1000);
        minima.begin(SECOND, 1000);
        minima.note(300);
        let before = minima.since(SECOND);
        for _ in 0..100 {
            assert_eq!(minima.since(SECOND), before);
        }
        minima.begin(2 * SECOND, 900);
        assert_eq!(minima.since(SECOND), before);
    }

    #[test]
    fn a_moment_between_two_answers_counts_from_the_earlier_one() {
        let mut minima = Minima::new(1000);
        minima.begin(SECOND, 500);
        minima.begin(3 * SECOND, 600);
        assert_eq!(minima.since(2 * SECOND), (500, SECOND));
        assert_eq!(minima.since(u64::MAX), (600, 3 * SECOND));
        assert_eq!(minima.since(SECOND - 1), (500, 0));
    }

    #[test]
    fn a_clock_that_steps_back_begins_no_slice() {
        let mut minima = Minima::new(1000);
        minima.begin(5 * SECOND, 1000);
        minima.note(100);
        minima.begin(SECOND, 1000);
        assert_eq!(minima.since(5 * SECOND), (100, 5 * SECOND));
    }

    /// Against every value that was ever noted: never more than the truth, and exact for what it says it counts from.
    #[test]
    fn however_often_it_is_read_an_answer_is_the_minimum_from_the_moment_that_it_names() {
        let mut minima = Minima::new(10_000);
        let mut noted = Vec::from([(0, 10_000)]);
        let (mut random, mut now_us) = (1_u64, 0);
        for _ in 0..3000 {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            now_us += (random >> 40) % 300_000;
            let free = (random >> 33) as usize % 10_000;
            minima.note(free);
            noted.push((now_us, free));
            if random >> 62 == 0 {
                now_us += 1;
                minima.begin(now_us, free);
                noted.push((now_us, free));
            }
            let asked = (random >> 20) % (now_us + 1);
            let (lowest, since_us) = minima.since(asked);
            assert!(since_us <= asked);
            let counted = noted.iter().filter(|(time_us, _)| *time_us >= since_us);
            assert_eq!(Some(lowest), counted.map(|(_, free)| *free).min());
        }
    }

    #[test]
    fn however_often_others_read_a_window_is_at_most_five_times_as_long_as_was_asked() {
        let mut minima = Minima::new(1000);
        for third in 1..9000 {
            let now_us = third * SECOND / 3;
            minima.begin(now_us, 1000);
            for seconds in [1, 5, 30, 100] {
                let Some(asked) = now_us.checked_sub(seconds * SECOND) else {
                    continue;
                };
                let (_, since_us) = minima.since(asked);
                assert!(
                    now_us - since_us <= 5 * seconds * SECOND,
                    "{seconds} s at {third}"
                );
            }
        }
    }
}
