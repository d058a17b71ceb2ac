//! What passes through the heap, as it is shown: how large blocks are, how long they live, and which are gone at once.

use core::ops::RangeInclusive;
use std::sync::Arc;

use heapbeacon_shared::analysis::{Histogram, Lived, Traffic, ranked};

use crate::format;

/// Ranges of a histogram that are shown; what is beyond them, at the ends with few, is added to the outermost.
const ROWS: usize = 14;

/// Call sites of temporary blocks that are named.
const NAMED: usize = 3;
/// Call stacks that those are looked for among.
pub const LOOKED_AT: usize = 32;

/// What passed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Passing {
    /// How large blocks were.
    pub sizes: Vec<Bar>,
    /// How long those lived that were freed.
    pub lifetimes: Vec<Bar>,
    /// How old those are that are live, where that is known.
    pub ages: Vec<Bar>,
    /// What that comes to, in a sentence or two.
    pub words: String,
}

/// What the page knows by events.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Following {
    /// How many there were.
    pub events: u64,
    /// How many were dropped, because this page or the network was too slow.
    pub dropped: u64,
    /// Whether all live blocks are known.
    pub is_complete: bool,
    /// Whether the connection is open.
    pub is_open: bool,
    /// What passed meanwhile.
    pub passing: Arc<Passing>,
}

/// A range of values, and how many of them were in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bar {
    /// What the range begins with.
    pub label: String,
    /// How many there were.
    pub count: u64,
    /// Percent of what the longest bar has.
    pub percent: u64,
}

impl Passing {
    /// Describes what passed; `temporary` has the name of each call stack with most temporary blocks, and how many.
    pub fn of(traffic: &Traffic, temporary: Vec<(String, u64)>) -> Self {
        Self {
            sizes: bars(&traffic.sizes, &format::whole_bytes),
            lifetimes: bars(&traffic.lifetimes, &format::lifetime),
            ages: Vec::new(),
            words: words(traffic, &by_name(temporary)),
        }
    }

    /// Describes blocks that somebody has picked, as of a moment, with what is said of all.
    pub fn of_blocks<'b>(
        blocks: impl Iterator<Item = &'b Lived>,
        now_us: u64,
        words: String,
    ) -> Self {
        let [mut sizes, mut lifetimes, mut ages] = [(); 3].map(|()| Histogram::default());
        for block in blocks {
            sizes.add(block.size);
            match block.freed_us {
                Some(freed_us) => lifetimes.add(freed_us.saturating_sub(block.time_us)),
                None => ages.add(now_us.saturating_sub(block.time_us)),
            }
        }
        Self {
            sizes: bars(&sizes, &format::whole_bytes),
            lifetimes: bars(&lifetimes, &format::lifetime),
            ages: bars(&ages, &format::lifetime),
            words,
        }
    }

    /// Returns whether nothing passed.
    pub fn is_empty(&self) -> bool {
        self.sizes.is_empty()
    }
}

fn bars(histogram: &Histogram, label: &dyn Fn(u64) -> String) -> Vec<Bar> {
    let mut buckets: Vec<_> = histogram.buckets().collect();
    while buckets.len() > ROWS {
        add_outermost(&mut buckets);
    }
    let most = buckets.iter().map(|(_, count)| *count).max().unwrap_or(0);
    let bar = |(range, count): (RangeInclusive<u64>, u64)| Bar {
        label: label(*range.start()),
        count,
        percent: (u128::from(count) * 100 / u128::from(most.max(1))) as u64,
    };
    buckets.into_iter().map(bar).collect()
}

/// Adds the one of the outermost ranges that has less to the range beside it.
fn add_outermost(buckets: &mut Vec<(RangeInclusive<u64>, u64)>) {
    let is_first_less = match buckets.as_slice() {
        [(_, first), .., (_, last)] => first < last,
        _ => return,
    };
    let (range, count) = match is_first_less {
        true => buckets.remove(0),
        false => buckets.remove(buckets.len() - 1),
    };
    let last = buckets.len() - 1;
    let beside = &mut buckets[if is_first_less { 0 } else { last }];
    let (low, high) = (beside.0.start(), beside.0.end());
    beside.0 = *low.min(range.start())..=*high.max(range.end());
    beside.1 += count;
}

/// Adds up what has one name, and returns the first few.
fn by_name(each: Vec<(String, u64)>) -> Vec<(String, u64)> {
    let mut sums: Vec<(String, u64)> = Vec::new();
    for (name, count) in each {
        match sums.iter_mut().find(|(known, _)| *known == name) {
            Some((_, sum)) => *sum += count,
            None => sums.push((name, count)),
        }
    }
    ranked(sums, NAMED, |a, b| a.1 > b.1)
}

fn words(traffic: &Traffic, temporary: &[(String, u64)]) -> String {
    let freed = traffic.lifetimes.total();
    let Some(size) = traffic.sizes.median() else {
        return String::new();
    };
    let mut words = format!(
        "Half of the blocks have at most {}",
        format::whole_bytes(*size.end())
    );
    if let Some(lifetime) = traffic.lifetimes.median() {
        let most = format::lifetime(lifetime.end().saturating_add(1));
        words += &format!(", and half of those that were freed lived for less than {most}");
    }
    words += ".";
    if traffic.temporary > 0 {
        let share = traffic.temporary * 100 / freed.max(1);
        words += &format!(
            " {share} % of them were temporary, freed within one further allocation: they could be on the stack, or used again."
        );
        let named = temporary.iter();
        let named = named.map(|(name, count)| format!("{name} ({})", format::count(*count)));
        let named: Vec<_> = named.collect();
        if !named.is_empty() {
            words += &format!(" Most are of {}.", named.join(", "));
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traffic() -> Traffic {
        let mut traffic = Traffic::default();
        for index in 0..100 {
            traffic.allocated(1, 24);
            traffic.freed(1, 1_500, index < 40);
        }
        traffic.allocated(2, 4_000);
        traffic
    }

    #[test]
    fn what_passes_is_said_with_who_is_gone_at_once() {
        let temporary = ["json::parse", "log::write", "json::parse"].map(str::to_owned);
        let passing = Passing::of(&traffic(), temporary.into_iter().zip([19, 15, 6]).collect());
        assert_eq!(
            passing.words,
            "Half of the blocks have at most 31 B, and half of those that were freed lived for less than 2 ms. 40 % of them were \
             temporary, freed within one further allocation: they could be on the stack, or used again. Most are of json::parse (25), log::write (15)."
        );
        assert_eq!(passing.sizes.len(), 8);
        assert_eq!(
            (passing.sizes[0].count, passing.sizes[0].percent),
            (100, 100)
        );
        assert_eq!((passing.sizes[7].count, passing.sizes[7].percent), (1, 1));
        assert_eq!(passing.lifetimes.len(), 1);
    }

    #[test]
    fn of_nothing_nothing_is_said() {
        let passing = Passing::of(&Traffic::default(), Vec::new());
        assert!(passing.is_empty() && passing.words.is_empty());
        assert_eq!(passing, Passing::default());
    }

    #[test]
    fn what_is_beyond_the_bars_is_in_the_outermost() {
        let mut traffic = Traffic::default();
        (0..64).for_each(|power| traffic.allocated(1, 1 << power));
        let passing = Passing::of(&traffic, Vec::new());
        assert_eq!(passing.sizes.len(), ROWS);
        let all: u64 = passing.sizes.iter().map(|bar| bar.count).sum();
        assert_eq!(all, 64);
    }

    #[test]
    fn of_picked_blocks_the_live_ones_have_an_age_and_the_others_a_lifetime() {
        let block = |size, freed_us| Lived {
            size,
            time_us: 100,
            freed_us,
            ..Lived::default()
        };
        let blocks = [block(8, None), block(9, Some(102)), block(64, None)];
        let told = Passing::of_blocks(blocks.iter(), 108, String::new());
        let counts = |bars: &[Bar]| bars.iter().map(|bar| bar.count).collect::<Vec<_>>();
        assert_eq!(counts(&told.sizes), [2, 0, 0, 1]);
        assert_eq!(
            (counts(&told.lifetimes), counts(&told.ages)),
            (vec![1], vec![2])
        );
        assert_eq!(told.lifetimes[0].label, "2 µs");
        let nothing = Passing::of_blocks([].iter(), 108, String::new());
        assert!(nothing.is_empty());
    }
}
