//! What the numbers of one answer say of a site, in sentences.

use heapbeacon_shared::api::Leak;
use heapbeacon_shared::trace::Births;

use crate::format;

/// What passed through the call stacks of a site, and when their live blocks were allocated.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evidence {
    /// Allocations since the trace began.
    pub allocations: u64,
    /// Frees of them.
    pub frees: u64,
    /// Longest lifetime of a freed block, in microseconds.
    pub longest_lifetime_us: u64,
    /// Live blocks that are older than twice that, each compared with those of its own call stack.
    pub outlived: u64,
    /// When the live blocks were allocated.
    pub births: Births,
}

impl Evidence {
    /// Adds a call stack of the same answer.
    pub fn add(&mut self, leak: &Leak) {
        self.allocations += leak.stack.allocations;
        self.frees += leak.stack.frees;
        let longest_us = leak.stack.longest_lifetime_us;
        self.longest_lifetime_us = self.longest_lifetime_us.max(longest_us);
        self.outlived += leak.outlived.count;
        self.births.join(&leak.births);
    }

    /// Returns whether there is any: older agents and captures have none.
    pub fn is_known(&self) -> bool {
        !self.births.counts.is_empty()
    }

    /// Describes how many of its blocks were freed.
    pub fn freed(&self) -> String {
        let allocations = format::count(self.allocations);
        match self.frees {
            0 => format!("None of {allocations} freed"),
            frees => format!("{} of {allocations} freed", format::count(frees)),
        }
    }

    /// Describes how old freed blocks became, and how many live ones are older than that allows for.
    pub fn ages(&self) -> String {
        let longest = format::duration(self.longest_lifetime_us);
        match (self.frees, self.outlived) {
            (0, _) => "no lifetime to compare with".to_owned(),
            (_, 0) => format!("the longest lived for {longest}, and no live one for twice that"),
            (_, outlived) => format!(
                "the longest lived for {longest}; {} for more than twice that and still live",
                format::count(outlived)
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use heapbeacon_shared::api::Stack;
    use heapbeacon_shared::trace::Outlived;

    fn leak(frees: u64, outlived: u64, counts: [u32; 3]) -> Leak {
        let mut births = Births::new(1, 40);
        births.counts[..3].copy_from_slice(&counts);
        Leak {
            stack: Stack {
                allocations: 10,
                frees,
                longest_lifetime_us: frees * 1_000_000,
                ..Stack::default()
            },
            outlived: Outlived {
                count: outlived,
                bytes: 0,
            },
            births,
            ..Leak::default()
        }
    }

    #[test]
    fn the_call_stacks_of_a_site_are_added_up() {
        let mut evidence = Evidence::default();
        assert!(!evidence.is_known());
        evidence.add(&leak(0, 1, [1, 0, 2]));
        assert_eq!(evidence.freed(), "None of 10 freed");
        evidence.add(&leak(4, 2, [0, 5, 1]));
        assert!(evidence.is_known());
        assert_eq!(evidence.births.counts[..3], [1, 5, 3]);
        assert_eq!(evidence.freed(), "4 of 20 freed");
        assert_eq!(
            evidence.ages(),
            "the longest lived for 4 s; 3 for more than twice that and still live"
        );
    }
}
