//! Times in which no allocation was recorded.

use heapbeacon_shared::trace::{MAX_UNRECORDED, Unrecorded};
use heapless::Vec;

/// The pauses and stops of a trace, in order. Where there are too many, the oldest two count as one.
pub(super) struct Intervals(Vec<Unrecorded, MAX_UNRECORDED>);

impl Intervals {
    pub(super) const NONE: Self = Self(Vec::new());

    /// Notes that allocations are not recorded from a moment on, unless that was so already.
    pub(super) fn begin(&mut self, from_us: u64) {
        if self.is_open() {
            return;
        }
        if self.0.is_full() {
            let oldest = self.0.remove(0);
            self.0[0].from_us = oldest.from_us;
        }
        // There is room now.
        let _ = self.0.push(Unrecorded {
            from_us,
            until_us: None,
        });
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
    fn of_too_many_the_oldest_count_as_one() {
        let mut intervals = Intervals::NONE;
        for pause in 0..=MAX_UNRECORDED as u64 {
            intervals.begin(10 * pause);
            intervals.begin(10 * pause + 1);
            assert!(intervals.is_open());
            intervals.end(10 * pause + 5);
            intervals.end(10 * pause + 6);
            assert!(!intervals.is_open());
        }
        let list = intervals.list();
        let ends = |interval: &Unrecorded| (interval.from_us, interval.until_us);
        assert_eq!(list.len(), MAX_UNRECORDED);
        assert_eq!(
            (ends(&list[0]), ends(&list[1])),
            ((0, Some(15)), (20, Some(25)))
        );
    }
}
