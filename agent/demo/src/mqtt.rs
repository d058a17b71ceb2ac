//! The sender: takes messages from the queue and drops them once they are sent.

use alloc::vec::Vec;
use core::hint::black_box;

use crate::message::Message;

/// First byte of a PUBLISH packet with quality of service 0 (MQTT 3.1.1, section 3.3.1).
const PUBLISH: u8 = 0x30;

/// The connection to the broker.
#[derive(Debug, Default)]
pub struct Mqtt {
    sent: u32,
}

impl Mqtt {
    /// Sends messages until `next` has none left.
    #[inline(never)]
    pub fn step(&mut self, mut next: impl FnMut() -> Option<Message>) {
        while let Some(message) = next() {
            self.publish(&message);
        }
    }

    #[inline(never)]
    fn publish(&mut self, message: &Message) {
        // There is no radio: the optimiser must only believe that the packet is read.
        black_box(packet(message));
        self.sent = self.sent.wrapping_add(1);
    }
}

/// Builds the PUBLISH packet of `message` (MQTT 3.1.1, section 3.3).
#[inline(never)]
fn packet(message: &Message) -> Vec<u8> {
    let topic = message.topic.as_bytes();
    let mut bytes = Vec::new();
    bytes.push(PUBLISH);
    push_length(&mut bytes, 2 + topic.len() + message.payload.len());
    bytes.extend((topic.len() as u16).to_be_bytes());
    bytes.extend(topic);
    bytes.extend(message.payload.as_bytes());
    bytes
}

/// Appends `length` seven bits a byte, lowest first (MQTT 3.1.1, section 2.2.3).
fn push_length(bytes: &mut Vec<u8>, mut length: usize) {
    while length >= 0x80 {
        bytes.push(length as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;

    fn message(payload: &str) -> Message {
        Message {
            topic: String::from("a/b"),
            payload: String::from(payload),
        }
    }

    #[test]
    fn a_packet_has_the_layout_of_mqtt() {
        assert_eq!(packet(&message("hi")), b"\x30\x07\x00\x03a/bhi");
    }

    #[test]
    fn a_long_packet_has_a_length_of_two_bytes() {
        // The example of the specification: 321 is written as 193, 2.
        let bytes = packet(&message(&"x".repeat(321 - 5)));
        assert_eq!(bytes[..3], [PUBLISH, 193, 2]);
        assert_eq!(bytes.len(), 3 + 321);
    }

    #[test]
    fn a_step_sends_all_that_waits() {
        let mut mqtt = Mqtt::default();
        let mut waiting = vec![message("1"), message("2"), message("3")];
        mqtt.step(|| waiting.pop());
        assert_eq!(mqtt.sent, 3);
        assert!(waiting.is_empty());
    }
}
