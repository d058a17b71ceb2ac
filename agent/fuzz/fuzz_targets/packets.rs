//! Any packet that comes to the port of mDNS is answered by a packet, or not at all.

#![no_main]

use std::net::Ipv4Addr;

use heapbeacon::mdns::{PACKET_BYTES, PORT, Service};
use heapbeacon_fuzz::Board;
use libfuzzer_sys::fuzz_target;

/// Bytes of the head of a packet, and the bit of one of them that says that it answers.
const HEAD: usize = 12;
const IS_ANSWER: u8 = 0x80;

fuzz_target!(|bytes: &[u8]| {
    let service = Service::of::<Board>(Ipv4Addr::new(192, 168, 4, 2), 80);
    for port in [PORT, PORT + 1] {
        let mut out = [0; PACKET_BYTES];
        if let Some(answer) = service.answer(bytes, port, &mut out) {
            assert!(answer.len() > HEAD && answer[2] & IS_ANSWER != 0);
        }
    }
});
