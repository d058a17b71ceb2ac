//! A few blocks whose bytes rise by reallocation, as those of a vector do.

use super::evidence::Passed;
use crate::trace::Leak;

/// Most blocks.
const FEW_BLOCKS: u64 = 16;
/// Fewest times that their size rose.
const RISES: u32 = 4;
/// Fewest answers that saw no fall: the mean size of buffers that come and go rises by chance, too, and falls soon.
const ANSWERS: u32 = 12;
/// Percent of its size that it never falls below.
const KEPT_PERCENT: u64 = 75;
/// How much larger they have become at least, as a factor.
const GROWN: u64 = 4;
/// How many times the time until the last rise may pass until the next one: what doubles each time takes twice as long.
const PATIENCE: u64 = 3;

/// The mean size of a few blocks over time: more of them make it no larger.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct InPlace {
    first_us: u64,
    first_size: u64,
    size: u64,
    answers: u32,
    rises: u32,
    last_rise_us: u64,
}

impl InPlace {
    /// Takes what there is at a moment.
    pub(super) fn take(&mut self, leak: &Leak, passed: &Passed, time_us: u64) {
        let size = leak.bytes.checked_div(leak.count).unwrap_or(0);
        // While it is copied to a larger place, a block is there twice.
        let fell = size.saturating_mul(100) < self.size.saturating_mul(KEPT_PERCENT);
        self.answers += 1;
        if self.first_us == 0 || leak.count > FEW_BLOCKS || fell {
            *self = Self {
                first_us: time_us,
                first_size: size,
                size,
                answers: 1,
                ..Self::default()
            };
        } else if passed.frees > 0 && size > self.size {
            self.size = size;
            self.rises += 1;
            self.last_rise_us = time_us;
        }
    }

    /// Returns whether they grow at a moment.
    pub(super) fn grows(&self, now_us: u64) -> bool {
        let until_rise_us = self.last_rise_us.saturating_sub(self.first_us);
        self.answers >= ANSWERS
            && self.rises >= RISES
            && self.size >= self.first_size.saturating_mul(GROWN)
            && now_us.saturating_sub(self.first_us) <= until_rise_us.saturating_mul(PATIENCE)
    }
}

#[cfg(test)]
mod tests;
