//! JSON messages and the bounded queue in which they wait to be sent.

use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::{String, ToString as _};

use serde_json::json;

/// Number of messages at which the queue is full.
pub(crate) const CAPACITY: usize = 32;

/// One measured value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    pub(crate) quantity: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) value: f64,
    pub(crate) number: u32,
}

/// A message on its way to the broker.
#[derive(Debug)]
pub struct Message {
    pub(crate) topic: String,
    pub(crate) payload: String,
}

/// Writes `reading` as JSON: about ten short-lived blocks for each message.
#[inline(never)]
pub(crate) fn encode(reading: &Reading) -> Message {
    let body = json!({
        "quantity": reading.quantity,
        "unit": reading.unit,
        "value": reading.value,
        "number": reading.number,
    });
    let topic = format!("greenhouse/{}", reading.quantity);
    Message {
        topic,
        payload: body.to_string(),
    }
}

/// Messages that wait to be sent, oldest first. A full queue drops its oldest: a new value is worth more.
#[derive(Debug)]
pub struct Queue {
    waiting: VecDeque<Message>,
}

impl Queue {
    /// Creates an empty queue with room for all its messages, so that it never grows.
    pub fn new() -> Self {
        Self {
            waiting: VecDeque::with_capacity(CAPACITY),
        }
    }

    /// Appends `message`, and returns the one that was dropped for it if the queue was full.
    #[inline(never)]
    pub fn push(&mut self, message: Message) -> Option<Message> {
        let full = self.waiting.len() == CAPACITY;
        let dropped = if full { self.waiting.pop_front() } else { None };
        self.waiting.push_back(message);
        dropped
    }

    /// Takes the oldest message out.
    pub fn pop(&mut self) -> Option<Message> {
        self.waiting.pop_front()
    }
}

impl Default for Queue {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(number: u32) -> Reading {
        Reading {
            quantity: "temperature",
            unit: "°C",
            value: 21.5,
            number,
        }
    }

    #[test]
    fn a_message_is_json_that_reads_back() {
        let message = encode(&reading(7));
        let body: serde_json::Value =
            serde_json::from_str(&message.payload).expect("the payload is JSON");
        assert_eq!(message.topic, "greenhouse/temperature");
        assert_eq!(body["value"], 21.5);
        assert_eq!(body["number"], 7);
        assert_eq!(body["unit"], "°C");
    }

    #[test]
    fn full_queue_drops_its_oldest_message() {
        let mut queue = Queue::new();
        let room = queue.waiting.capacity();
        for number in 0..CAPACITY as u32 {
            assert!(queue.push(encode(&reading(number))).is_none());
        }
        let dropped = queue
            .push(encode(&reading(99)))
            .expect("the queue was full");
        assert_eq!(dropped.payload, encode(&reading(0)).payload);
        assert_eq!(queue.waiting.len(), CAPACITY);
        assert_eq!(queue.waiting.capacity(), room, "a full queue does not grow");
        let oldest = queue.pop().expect("the queue is not empty");
        assert_eq!(oldest.payload, encode(&reading(1)).payload);
    }
}
