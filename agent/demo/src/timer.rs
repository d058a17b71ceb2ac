//! Software timers: boxed callbacks, by deadline.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::hint::black_box;

use crate::switch::{Behaviour, Switches};

/// Ticks between two heartbeats.
const HEARTBEAT_TICKS: u64 = 10;

/// Ticks before a packet is sent again for the first time and for the last; doubled in between.
const FIRST_BACKOFF: u64 = 2;
const LAST_BACKOFF: u64 = 8;

/// Called once, when its timer is due; it may arm further timers.
type Callback = Box<dyn FnOnce(&mut Timers) + Send>;

/// The timers that wait, by deadline in ticks and then by the order in which they were armed.
#[derive(Default)]
pub struct Timers {
    waiting: BTreeMap<(u64, u32), Callback>,
    tick: u64,
    armed: u32,
}

impl Timers {
    /// Lets one tick pass and calls back what is due; starts the heartbeat, which keeps itself
    /// going, or drops all that waits.
    #[inline(never)]
    pub fn step(&mut self, switches: &Switches) {
        if !switches.is_on(Behaviour::TimerChurn) {
            *self = Self::default();
            return;
        }
        if self.waiting.is_empty() {
            heartbeat(self, 0);
        }
        self.pass();
    }

    fn pass(&mut self) {
        self.tick += 1;
        while let Some(callback) = self.take_due() {
            callback(self);
        }
    }

    fn take_due(&mut self) -> Option<Callback> {
        let first = self.waiting.first_entry()?;
        (first.key().0 <= self.tick).then(|| first.remove())
    }

    /// Calls `callback` after so many `ticks`, at least one.
    #[inline(never)]
    fn arm(&mut self, ticks: u64, callback: Callback) {
        let deadline = self.tick + ticks.max(1);
        self.waiting.insert((deadline, self.armed), callback);
        self.armed = self.armed.wrapping_add(1);
    }
}

/// Sends a packet that nobody acknowledges, and arms the next heartbeat.
#[inline(never)]
fn heartbeat(timers: &mut Timers, beat: u32) {
    retransmit(timers, beat.to_be_bytes().repeat(8), FIRST_BACKOFF);
    let next = beat.wrapping_add(1);
    timers.arm(
        HEARTBEAT_TICKS,
        Box::new(move |timers| heartbeat(timers, next)),
    );
}

/// Sends `packet`, and again after `backoff` ticks; gives up after [`LAST_BACKOFF`].
#[inline(never)]
fn retransmit(timers: &mut Timers, packet: Vec<u8>, backoff: u64) {
    // There is no radio: the optimiser must only believe that the packet is read.
    black_box(&packet);
    if backoff <= LAST_BACKOFF {
        let again = move |timers: &mut Timers| retransmit(timers, packet, 2 * backoff);
        timers.arm(backoff, Box::new(again));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[test]
    fn callbacks_come_at_their_deadline_in_the_order_of_arming() {
        let called = Arc::new(Mutex::new(Vec::new()));
        let mut timers = Timers::default();
        for (name, ticks) in [("late", 3), ("first", 1), ("second", 1)] {
            let called = Arc::clone(&called);
            let note = move |timers: &mut Timers| {
                called
                    .lock()
                    .expect("no callback panics")
                    .push((name, timers.tick));
            };
            timers.arm(ticks, Box::new(note));
        }
        for _ in 0..5 {
            timers.pass();
        }
        let called = called.lock().expect("no callback panics");
        assert_eq!(*called, [("first", 1), ("second", 1), ("late", 3)]);
        assert!(timers.waiting.is_empty());
    }

    #[test]
    fn a_timer_armed_for_now_waits_for_the_next_tick() {
        let mut timers = Timers::default();
        timers.arm(0, Box::new(|timers| timers.arm(0, Box::new(|_| ()))));
        timers.pass();
        assert_eq!(
            timers.waiting.len(),
            1,
            "the second one is not due in the same step"
        );
    }

    #[test]
    fn heartbeat_goes_on_and_its_packets_are_given_up() {
        let switches = Switches::only(Behaviour::TimerChurn);
        let mut timers = Timers::default();
        for _ in 0..1000 {
            timers.step(&switches);
            assert!((1..=3).contains(&timers.waiting.len()));
        }
        // Every beat arms itself and three transmissions.
        assert!(timers.armed >= 100 * 4);
        switches.set(Behaviour::TimerChurn, false);
        timers.step(&switches);
        assert!(timers.waiting.is_empty(), "switched off, none waits");
        switches.set(Behaviour::TimerChurn, true);
        timers.step(&switches);
        assert!(!timers.waiting.is_empty(), "switched on again, it goes on");
    }
}
