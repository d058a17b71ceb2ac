//! What to do about the network next.

/// Rounds of all known networks that fail before the portal opens by itself.
const ROUNDS: u32 = 3;
/// Microseconds between an attempt that failed and the next, doubled with each up to the last; where the portal is open, it is the last.
const FIRST_PAUSE_US: u64 = 1_000_000;
const LAST_PAUSE_US: u64 = 60_000_000;
/// Microseconds without a guest after which known networks are tried while the portal is open: an attempt disturbs who is there.
const QUIET_US: u64 = 120_000_000;
/// Microseconds that the portal stays open in a network: for guests to be told where the device is, and beyond that.
const LINGER_US: u64 = 120_000_000;
const FAREWELL_US: u64 = 10_000_000;

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Join a network.
    Join(Choice),
    /// Wait for something to happen, and no longer than until then.
    Wait(Option<u64>),
}

/// Which network to join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// What a guest has asked for.
    Asked,
    /// One of those that the device knows, by its index.
    Known(usize),
}

/// What to do about the network: known ones are tried for ever, and the portal is open where that leads nowhere.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How many networks are known.
    known: usize,
    is_open: bool,
    link: Link,
    is_asked: bool,
    /// Attempts with known networks that failed in a row.
    failures: u32,
    /// When a guest was in the portal.
    visited_us: Option<u64>,
}

#[derive(Clone, Copy, Debug)]
enum Link {
    /// In no network; when to try again.
    Apart { next_us: u64 },
    /// In one; since when, and when a guest was told of it.
    Joined { since_us: u64, told_us: Option<u64> },
}

impl Plan {
    /// Begins a boot of a device that knows so many networks. Who holds the button wants the portal.
    pub fn new(known: usize, is_held: bool, now_us: u64) -> Self {
        Self {
            known,
            is_open: known == 0 || is_held,
            link: Link::Apart { next_us: now_us },
            is_asked: false,
            failures: 0,
            visited_us: is_held.then_some(now_us),
        }
    }

    /// Returns whether the access point has to be open.
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// Returns whether the device is in a network.
    pub fn is_joined(&self) -> bool {
        matches!(self.link, Link::Joined { .. })
    }

    /// Returns what to do next.
    pub fn next(&mut self, now_us: u64) -> Step {
        if self.is_asked {
            return Step::Join(Choice::Asked);
        }
        match self.link {
            Link::Joined { since_us, told_us } if self.is_open => {
                let farewell_us = told_us.map_or(u64::MAX, |told_us| told_us + FAREWELL_US);
                let end_us = farewell_us.min(since_us + LINGER_US);
                self.is_open = now_us < end_us;
                Step::Wait(self.is_open.then_some(end_us))
            }
            Link::Apart { next_us } if self.known > 0 => {
                let quiet_us = self.visited_us.filter(|_| self.is_open);
                let due_us = next_us.max(quiet_us.map_or(0, |visited_us| visited_us + QUIET_US));
                match now_us < due_us {
                    true => Step::Wait(Some(due_us)),
                    // The networks take turns.
                    false => Step::Join(Choice::Known(self.failures as usize % self.known)),
                }
            }
            Link::Joined { .. } | Link::Apart { .. } => Step::Wait(None),
        }
    }

    /// Notes that a guest is in the portal.
    pub fn note_guest(&mut self, now_us: u64) {
        self.visited_us = Some(now_us);
    }

    /// Notes that a guest asks for a network.
    pub fn note_asked(&mut self) {
        self.is_asked = true;
    }

    /// Notes that a guest was told that the device is in a network.
    pub fn note_told(&mut self, now_us: u64) {
        if let Link::Joined { told_us, .. } = &mut self.link {
            told_us.get_or_insert(now_us);
        }
    }

    /// Notes that the device is in a network, and knows so many now.
    pub fn note_joined(&mut self, known: usize, now_us: u64) {
        self.known = known;
        self.is_asked = false;
        self.failures = 0;
        self.link = Link::Joined {
            since_us: now_us,
            told_us: None,
        };
    }

    /// Notes that an attempt failed.
    pub fn note_failed(&mut self, choice: Choice, now_us: u64) {
        self.is_asked = false;
        let pause_us = match choice {
            Choice::Asked => {
                self.visited_us = Some(now_us);
                0
            }
            Choice::Known(_) => {
                self.failures = self.failures.saturating_add(1);
                let round = self.failures / (self.known.max(1) as u32);
                self.is_open |= round >= ROUNDS;
                match self.is_open {
                    true => LAST_PAUSE_US,
                    false => FIRST_PAUSE_US << round.min(8),
                }
            }
        };
        self.link = Link::Apart {
            next_us: now_us + pause_us.min(LAST_PAUSE_US),
        };
    }

    /// Notes that the network is lost.
    pub fn note_lost(&mut self, now_us: u64) {
        self.link = Link::Apart { next_us: now_us };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000;

    /// Lets a known network fail until the portal opens; returns when that was.
    fn fail_until_open(plan: &mut Plan) -> u64 {
        let mut now_us = 0;
        while !plan.is_open() {
            match plan.next(now_us) {
                Step::Join(choice) => plan.note_failed(choice, now_us),
                Step::Wait(Some(until_us)) => now_us = until_us,
                Step::Wait(None) => panic!("it waits for ever"),
            }
        }
        now_us
    }

    #[test]
    fn without_a_network_there_is_the_portal_and_nothing_is_tried() {
        let mut plan = Plan::new(0, false, 0);
        assert!(plan.is_open());
        assert_eq!(plan.next(1_000 * SECOND), Step::Wait(None));
    }

    #[test]
    fn a_known_network_is_joined_without_a_portal() {
        let mut plan = Plan::new(1, false, 0);
        assert!(!plan.is_open());
        assert_eq!(plan.next(0), Step::Join(Choice::Known(0)));
        plan.note_joined(1, 2 * SECOND);
        assert_eq!(plan.next(3 * SECOND), Step::Wait(None));
        assert!(!plan.is_open());
    }

    #[test]
    fn who_holds_the_button_has_the_portal_and_two_quiet_minutes() {
        let mut plan = Plan::new(1, true, 0);
        assert!(plan.is_open());
        assert_eq!(plan.next(0), Step::Wait(Some(120 * SECOND)));
        assert_eq!(plan.next(120 * SECOND), Step::Join(Choice::Known(0)));
    }

    #[test]
    fn a_known_network_that_fails_three_times_opens_the_portal() {
        let mut plan = Plan::new(1, false, 0);
        let opened_us = fail_until_open(&mut plan);
        assert_eq!(opened_us, 6 * SECOND, "pauses of 2 and 4 seconds");
    }

    #[test]
    fn known_networks_take_turns() {
        let mut plan = Plan::new(2, false, 0);
        let mut tried = std::vec::Vec::new();
        let mut now_us = 0;
        while !plan.is_open() {
            match plan.next(now_us) {
                Step::Join(choice) => {
                    tried.push(choice);
                    plan.note_failed(choice, now_us);
                }
                Step::Wait(until_us) => now_us = until_us.expect("it goes on"),
            }
        }
        let round = [Choice::Known(0), Choice::Known(1)];
        assert_eq!(tried, [round, round, round].concat());
    }

    #[test]
    fn while_the_portal_is_open_and_empty_the_known_network_is_tried_each_minute() {
        let mut plan = Plan::new(1, false, 0);
        let mut now_us = fail_until_open(&mut plan);
        for _ in 0..100 {
            assert_eq!(plan.next(now_us), Step::Wait(Some(now_us + 60 * SECOND)));
            now_us += 60 * SECOND;
            assert_eq!(plan.next(now_us), Step::Join(Choice::Known(0)));
            plan.note_failed(Choice::Known(0), now_us);
        }
        plan.note_joined(1, now_us);
        assert_eq!(plan.next(now_us), Step::Wait(Some(now_us + 120 * SECOND)));
        assert_eq!(plan.next(now_us + 120 * SECOND), Step::Wait(None));
        assert!(!plan.is_open(), "the router is back");
    }

    #[test]
    fn nothing_is_tried_while_a_guest_is_there() {
        let mut plan = Plan::new(1, false, 0);
        let now_us = fail_until_open(&mut plan) + 50 * SECOND;
        plan.note_guest(now_us);
        assert_eq!(plan.next(now_us), Step::Wait(Some(now_us + 120 * SECOND)));
        plan.note_guest(now_us + 100 * SECOND);
        let quiet_us = now_us + 220 * SECOND;
        assert_eq!(plan.next(now_us + 120 * SECOND), Step::Wait(Some(quiet_us)));
        assert_eq!(plan.next(quiet_us), Step::Join(Choice::Known(0)));
    }

    #[test]
    fn what_a_guest_asks_for_is_tried_at_once_and_failing_leads_back() {
        let mut plan = Plan::new(0, false, 0);
        plan.note_asked();
        assert_eq!(plan.next(SECOND), Step::Join(Choice::Asked));
        plan.note_failed(Choice::Asked, 2 * SECOND);
        assert!(plan.is_open() && !plan.is_joined());
        assert_eq!(plan.next(2 * SECOND), Step::Wait(None));
    }

    #[test]
    fn a_guest_who_was_told_where_the_device_is_closes_the_portal() {
        let mut plan = Plan::new(0, false, 0);
        plan.note_asked();
        plan.note_joined(1, SECOND);
        assert_eq!(plan.next(SECOND), Step::Wait(Some(121 * SECOND)));
        plan.note_told(5 * SECOND);
        plan.note_told(9 * SECOND);
        assert_eq!(plan.next(5 * SECOND), Step::Wait(Some(15 * SECOND)));
        assert!(plan.is_open());
        assert_eq!(plan.next(15 * SECOND), Step::Wait(None));
        assert!(!plan.is_open());
    }

    #[test]
    fn a_network_that_is_lost_is_joined_again_at_once() {
        let mut plan = Plan::new(1, false, 0);
        plan.note_joined(1, 0);
        plan.note_lost(9 * SECOND);
        assert_eq!(plan.next(9 * SECOND), Step::Join(Choice::Known(0)));
        assert!(!plan.is_open());
    }

    #[test]
    fn no_number_of_failures_is_too_many() {
        let mut plan = Plan::new(1, false, 0);
        plan.failures = u32::MAX;
        plan.note_failed(Choice::Known(0), u64::MAX / 2);
        assert!(matches!(plan.next(0), Step::Wait(Some(_))));
    }
}
