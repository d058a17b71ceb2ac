//! What this page has seen of boots before the one that runs: a restart takes it from the device.

use super::events::{Event, Kind};
use super::heap_sample::HeapSample;

/// Samples and events that are kept: the latest.
const SAMPLES: usize = 600;
const EVENTS: usize = 32;

/// The heap and what happened in earlier boots, on a line of time that goes on through restarts.
#[derive(Clone, Debug, Default)]
pub struct Earlier {
    /// Oldest first.
    pub samples: Vec<HeapSample>,
    /// Newest first.
    pub events: Vec<Event>,
    /// Where the boot that runs begins on the line, in microseconds.
    pub boot_us: u64,
}

impl Earlier {
    /// Takes what was known of a boot as it ended: samples, oldest first, events, newest first, and how long nothing was heard until the next one began.
    pub fn ended(&mut self, samples: Vec<HeapSample>, mut events: Vec<Event>, down_us: u64) {
        let last_us = samples.last().map_or(0, |last| last.time_us);
        for mut sample in samples {
            sample.time_us += self.boot_us;
            self.samples.push(sample);
        }
        for event in &mut events {
            event.time_us += self.boot_us;
        }
        events.append(&mut self.events);
        self.events = events;
        self.events.truncate(EVENTS);
        let most = self.samples.len().saturating_sub(SAMPLES);
        self.samples.drain(..most);
        self.boot_us += last_us + down_us;
    }

    /// Returns where boots begin on the line, as far as that is known.
    pub fn boots_us(&self) -> Vec<u64> {
        let boots = self.events.iter().filter(|event| event.kind == Kind::Boot);
        let boots = boots.map(|event| event.time_us);
        boots.chain([self.boot_us]).collect()
    }

    /// Returns events of the boot that runs and of those before, newest first, by their place on the line.
    pub fn joined(&self, events: &[Event]) -> Vec<Event> {
        let mut joined = events.to_vec();
        for event in &mut joined {
            event.time_us += self.boot_us;
        }
        joined.extend_from_slice(&self.events);
        joined
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(time_us: u64) -> HeapSample {
        HeapSample {
            time_us,
            ..HeapSample::default()
        }
    }

    fn event(time_us: u64) -> Event {
        Event {
            time_us,
            kind: Kind::Mark,
            words: String::new(),
        }
    }

    #[test]
    fn time_goes_on_through_restarts() {
        let mut earlier = Earlier::default();
        earlier.ended(vec![sample(1), sample(9)], vec![event(5)], 3);
        assert_eq!(earlier.boot_us, 12);
        earlier.ended(vec![sample(4)], vec![event(4), event(0)], 0);
        let times: Vec<_> = earlier.samples.iter().map(|it| it.time_us).collect();
        assert_eq!((times, earlier.boot_us), (vec![1, 9, 16], 16));
        let joined = earlier.joined(&[event(2)]);
        let times: Vec<_> = joined.iter().map(|it| it.time_us).collect();
        assert_eq!(times, [18, 16, 12, 5]);
    }

    #[test]
    fn a_line_of_several_boots_tells_where_each_begins() {
        let boot = || Event {
            kind: Kind::Boot,
            ..event(0)
        };
        let mut earlier = Earlier::default();
        assert_eq!(earlier.boots_us(), [0]);
        earlier.ended(vec![sample(9)], vec![event(5), boot()], 3);
        earlier.ended(vec![sample(4)], vec![boot()], 0);
        assert_eq!(earlier.boots_us(), [12, 0, 16]);
    }

    #[test]
    fn of_a_device_that_restarts_for_ever_the_latest_is_kept() {
        let mut earlier = Earlier::default();
        for _ in 0..SAMPLES {
            earlier.ended(vec![sample(1), sample(2)], vec![event(0)], 1);
        }
        assert_eq!(earlier.samples.len(), SAMPLES);
        assert_eq!(earlier.events.len(), EVENTS);
        let last_us = earlier.samples.last().map(|last| last.time_us);
        assert_eq!(last_us, Some(earlier.boot_us - 1));
    }
}
