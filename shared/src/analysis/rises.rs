//! How the number of blocks that are held rises, and when that has ended.

/// Latest rises of the number of outlived blocks that are remembered, and how many of them tell a usual pause.
const RISES: usize = 9;
const ENOUGH_RISES: usize = 5;
/// Usual pauses after which a leak has ended, and how many times the longest of them.
const USUAL_PAUSES: u64 = 7;
const LONGEST_PAUSES: u64 = 2;
/// Shortest time in microseconds in which it may end, and longest one that earlier pauses ask for.
const ENDS_US: u64 = 60_000_000;
const WAITS_US: u64 = 3_600_000_000;
/// Bursts after which the next one is waited for: then it was said twice that there would be none, and it came.
const BURSTS: usize = 3;

/// When the number of some blocks rose.
#[derive(Clone, Debug, Default)]
pub(super) struct Rises {
    count: u64,
    /// The latest rises, the newest last.
    rises_us: heapless::Deque<u64, RISES>,
    /// Longest pause between two rises.
    longest_us: u64,
    /// When the latest bursts began: each with a rise that came when the one before it had ended.
    bursts_us: heapless::Deque<u64, BURSTS>,
}

impl Rises {
    /// Takes how many there are at a time.
    pub(super) fn take(&mut self, count: u64, time_us: u64) {
        if count < self.count {
            self.rises_us.clear();
            self.bursts_us.clear();
        } else if count > self.count {
            if self.bursts_us.is_empty() || self.has_ended(time_us) {
                push(&mut self.bursts_us, time_us);
            }
            let pause_us = self
                .rises_us
                .back()
                .map_or(0, |last| time_us.saturating_sub(*last));
            self.longest_us = self.longest_us.max(pause_us);
            push(&mut self.rises_us, time_us);
        }
        self.count = count;
    }

    /// Returns whether the next rise is overdue for so long that there will be none.
    pub(super) fn has_ended(&self, now_us: u64) -> bool {
        let (Some(first), Some(last)) = (self.rises_us.front(), self.rises_us.back()) else {
            return false;
        };
        if self.rises_us.len() < ENOUGH_RISES {
            return false;
        }
        let longest_us = longest_pause_us(&self.rises_us);
        let usual_us = (last - first) / (self.rises_us.len() as u64 - 1);
        let patience_us = (usual_us * USUAL_PAUSES).max(longest_us * LONGEST_PAUSES);
        let ever_us = (self.longest_us * LONGEST_PAUSES).clamp(ENDS_US, WAITS_US);
        let apart_us = match self.bursts_us.is_full() {
            true => longest_pause_us(&self.bursts_us) * LONGEST_PAUSES,
            false => 0,
        };
        // The clock of recorded time runs back where pauses are joined.
        now_us.saturating_sub(*last) > patience_us.max(ever_us).max(apart_us)
    }
}

/// Appends a time; where there is no room, the oldest one is forgotten.
fn push<const N: usize>(times_us: &mut heapless::Deque<u64, N>, time_us: u64) {
    if times_us.is_full() {
        times_us.pop_front();
    }
    // There is room.
    let _ = times_us.push_back(time_us);
}

fn longest_pause_us<const N: usize>(times_us: &heapless::Deque<u64, N>) -> u64 {
    let later = times_us.iter().skip(1);
    let pauses = times_us.iter().zip(later);
    pauses.map(|(from, to)| to - from).max().unwrap_or(0)
}

#[cfg(test)]
mod tests;
