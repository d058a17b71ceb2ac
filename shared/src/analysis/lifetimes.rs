//! How long the blocks of each call stack live, as far as answers show it.

use alloc::collections::BTreeMap;

use super::snapshot::{Held, Snapshot};

/// Call stacks that are remembered.
const MOST: usize = 4096;

/// The longest lifetime of a freed block that was seen, by call stack.
///
/// The oldest block of a call stack that is gone in the next answer was freed, and was as old as it was before.
#[derive(Clone, Debug, Default)]
pub(super) struct Lifetimes {
    longest_us: BTreeMap<u32, u64>,
}

impl Lifetimes {
    /// Returns the longest lifetime of the blocks of some call stacks, in microseconds; 0 while none is known.
    pub(super) fn longest_us_of(&self, stacks: &[u32]) -> u64 {
        let known = stacks.iter().filter_map(|stack| self.longest_us.get(stack));
        known.copied().max().unwrap_or(0)
    }

    /// Takes two answers that follow each other.
    pub(super) fn follow(&mut self, before: &Snapshot, now: &Snapshot) {
        let places: BTreeMap<u32, &Held> = now.held.iter().map(|held| (held.stack, held)).collect();
        if self.longest_us.len() > MOST {
            self.longest_us
                .retain(|stack, _| places.contains_key(stack));
        }
        for held in before.held.iter().filter(|held| held.count > 0) {
            let is_freed = match places.get(&held.stack) {
                // A record that was evicted says nothing of its block.
                Some(now) if now.evicted > held.evicted => false,
                Some(now) => now.count == 0 || now.oldest_us > held.oldest_us,
                None => now.is_complete,
            };
            if is_freed {
                let lifetime_us = before.time_us.saturating_sub(held.oldest_us);
                let longest_us = self.longest_us.entry(held.stack).or_default();
                *longest_us = lifetime_us.max(*longest_us);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(time_us: u64, oldest_us: Option<u64>, evicted: u64) -> Snapshot {
        let held = oldest_us.map(|oldest_us| Held {
            stack: 1,
            count: 3,
            evicted,
            oldest_us,
            ..Held::default()
        });
        Snapshot {
            time_us,
            held: held.into_iter().collect(),
            is_complete: true,
            ..Snapshot::default()
        }
    }

    #[test]
    fn the_oldest_block_that_is_gone_was_as_old_as_it_was_when_last_seen() {
        let mut lifetimes = Lifetimes::default();
        lifetimes.follow(&snapshot(9, Some(5), 0), &snapshot(10, Some(5), 0));
        assert_eq!(lifetimes.longest_us_of(&[1]), 0);
        lifetimes.follow(&snapshot(10, Some(5), 0), &snapshot(11, Some(8), 0));
        assert_eq!(lifetimes.longest_us_of(&[1]), 5);
        // A shorter one, and one of another call stack.
        lifetimes.follow(&snapshot(11, Some(8), 0), &snapshot(12, None, 0));
        assert_eq!(
            (lifetimes.longest_us_of(&[1]), lifetimes.longest_us_of(&[2])),
            (5, 0)
        );
    }

    #[test]
    fn what_is_evicted_or_left_out_of_a_list_was_not_freed() {
        let mut lifetimes = Lifetimes::default();
        lifetimes.follow(&snapshot(10, Some(5), 0), &snapshot(11, Some(8), 1));
        let cut = Snapshot {
            is_complete: false,
            ..snapshot(12, None, 0)
        };
        lifetimes.follow(&snapshot(11, Some(5), 1), &cut);
        assert_eq!(lifetimes.longest_us_of(&[1]), 0);
    }
}
