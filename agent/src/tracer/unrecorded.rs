//! Times in which no allocation was recorded.

use heapbeacon_shared::trace::{MAX_UNRECORDED, Unrecorded};
use heapless::Vec;

/// The pauses and stops of a trace, in order. Where there are too many, two with the least time between them count as one.
pub(super) struct Intervals(Vec<Unrecorded, MAX_UNRECORDED>);

impl Intervals {
    pub(super) const NONE: Self = Self(Vec::new());

    /// Notes that allocations are not recorded from a moment on, unless that was so already.
    pub(super) fn begin(&mut self, from_us: u64) {
        if self.is_open() {
            return;
        }
        if self.0.is_full() {
            self.join();
        }
        // There is room now.
        let _ = self.0.push(Unrecorded {
            from_us,
            until_us: None,
        });
    }

    /// Makes one of the two that have the least time between them, so that hardly any time that was recorded seems not to be.
    fn join(&mut self) {
        let between = |pair: &[Unrecorded]| {
            let until_us = pair[0].until_us.unwrap_or(pair[0].from_us);
            pair[1].from_us.saturating_sub(until_us)
        };
        let pairs = self.0.windows(2).enumerate();
        if let Some((index, _)) = pairs.min_by_key(|(_, pair)| between(pair)) {
            let joined = self.0.remove(index);
            self.0[index].from_us = joined.from_us;
        }
    }

    /// Notes that they are recorded again.
    pub(super) fn end(&mut self, until_us: u64) {
        if let Some(last) = self.0.last_mut().filter(|last| last.until_us.is_none()) {
            last.until_us = Some(until_us);
        }
    }

    pub(super) fn list(&self) -> Vec<Unrecorded, MAX_UNRECORDED> {
        self.0.clone()
    }

    fn is_open(&self) -> bool {
        self.0.last().is_some_and(|last| last.until_us.is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_too_many_those_that_are_next_to_each_other_count_as_one() {
        let mut intervals = Intervals::NONE;
        // The third begins right behind the second.
        let begins = |pause: u64| if pause == 2 { 16 } else { 10 * pause };
        for pause in 0..=MAX_UNRECORDED as u64 {
            let from_us = begins(pause);
            intervals.begin(from_us);
            intervals.begin(from_us + 1);
            assert!(intervals.is_open());
            intervals.end(from_us + 5);
            intervals.end(from_us + 6);
            assert!(!intervals.is_open());
        }
        let list = intervals.list();
        let ends = |interval: &Unrecorded| (interval.from_us, interval.until_us);
        assert_eq!(list.len(), MAX_UNRECORDED);
        let first: [_; 3] = core::array::from_fn(|index| ends(&list[index]));
        assert_eq!(first, [(0, Some(5)), (10, Some(21)), (30, Some(35))]);
    }
}
