//! The sensor job: reads three quantities, remembers them, and makes messages of them.

use crate::history::History;
use crate::message::{self, Message, Reading};
use crate::scale::Scale;
use crate::switch::{Behaviour, Switches};

const QUANTITIES: [(&str, &str); 3] = [
    ("temperature", "°C"),
    ("humidity", "%"),
    ("pressure", "hPa"),
];

/// The sensor and what it remembers.
#[derive(Debug)]
pub struct Sensor {
    history: History,
    steps: u32,
}

impl Sensor {
    /// Creates a sensor without history.
    pub fn new(scale: &Scale) -> Self {
        Self {
            history: History::new(scale.summaries),
            steps: 0,
        }
    }

    /// Takes one reading of each quantity and hands its message to `publish`.
    #[inline(never)]
    pub fn step(&mut self, switches: &Switches, mut publish: impl FnMut(Message)) {
        if switches.is_on(Behaviour::Fragmentation) {
            self.history.append();
        } else {
            self.history.forget();
        }
        if switches.is_on(Behaviour::MessageChurn) {
            for (quantity, unit) in QUANTITIES {
                publish(message::encode(&self.read(quantity, unit)));
            }
        }
        self.steps = self.steps.wrapping_add(1);
    }

    /// Reads a value that rises from 20 to 30 in steps of a tenth and starts again.
    fn read(&self, quantity: &'static str, unit: &'static str) -> Reading {
        let value = f64::from(200 + self.steps % 100) / 10.0;
        Reading {
            quantity,
            unit,
            value,
            number: self.steps,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn run(sensor: &mut Sensor, switches: &Switches, steps: usize) -> Vec<Message> {
        let mut published = Vec::new();
        for _ in 0..steps {
            sensor.step(switches, |message| published.push(message));
        }
        published
    }

    #[test]
    fn a_step_publishes_one_message_per_quantity() {
        let switches = Switches::only(Behaviour::MessageChurn);
        let mut sensor = Sensor::new(&Scale::DESKTOP);
        let topics: Vec<_> = run(&mut sensor, &switches, 1)
            .into_iter()
            .map(|message| message.topic)
            .collect();
        assert_eq!(
            topics,
            [
                "greenhouse/temperature",
                "greenhouse/humidity",
                "greenhouse/pressure"
            ]
        );
    }

    #[test]
    fn churn_switched_off_publishes_nothing() {
        let switches = Switches::only(Behaviour::Fragmentation);
        assert!(run(&mut Sensor::new(&Scale::DESKTOP), &switches, 5).is_empty());
    }

    #[test]
    fn fragmentation_switched_off_forgets_the_history() {
        let switches = Switches::only(Behaviour::Fragmentation);
        let mut sensor = Sensor::new(&Scale::DESKTOP);
        run(&mut sensor, &switches, 20);
        assert_eq!(sensor.history.summaries(), 20);
        switches.set(Behaviour::Fragmentation, false);
        run(&mut sensor, &switches, 1);
        assert_eq!(
            (sensor.history.raw_blocks(), sensor.history.summaries()),
            (0, 0)
        );
    }
}
