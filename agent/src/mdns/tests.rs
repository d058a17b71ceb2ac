//! What is answered, as other code than what writes it reads it, and what no packet does.

use std::string::{String, ToString};
use std::vec;
use std::vec::Vec;

use edge_mdns::domain::base::Message;
use heapbeacon_shared::api::discovery::{SERVICE, SUBTYPE};
use heapbeacon_shared::trace;
use proptest::prelude::*;

use super::*;

const BEYOND: u16 = 40_000;

fn service(name: &str) -> Service {
    Service {
        name: name.try_into().expect("it is short"),
        address: Ipv4Addr::new(192, 168, 4, 2),
        port: 8080,
        build_id: BuildId::new(&[0xca; 20]),
    }
}

/// Returns the packet that asks for names, of any kind and class IN (RFC 1035, 4.1).
fn question(names: &[&str]) -> Vec<u8> {
    let mut packet = vec![0x12, 0x34, 0, 0, 0, names.len() as u8, 0, 0, 0, 0, 0, 0];
    for name in names {
        for label in name.split('.') {
            packet.push(label.len() as u8);
            packet.extend(label.as_bytes());
        }
        packet.extend([0, 255, 0, 1]);
    }
    packet
}

/// Returns the records of a packet in words: name, seconds, class and value.
fn records(packet: &[u8]) -> Vec<String> {
    let message = Message::from_octets(packet).expect("it is a packet");
    let records = message.iter().map(|record| {
        let (record, _) = record.expect("it is a record");
        let record = record.into_any_record::<AllRecordData<_, _>>();
        record.expect("its value is of its kind").to_string()
    });
    records.collect()
}

fn has(records: &[String], parts: &[&str]) -> bool {
    let mut records = records.iter();
    records.any(|record| parts.iter().all(|part| record.contains(part)))
}

#[test]
fn who_asks_for_devices_is_told_all_of_this_one() {
    let mut out = [0; PACKET_BYTES];
    let service = service("Kitchen 2");
    for name in [SUBTYPE, SERVICE] {
        let answer = service.answer(&question(&[name]), PORT, &mut out);
        let records = records(answer.expect("there is an answer"));
        let name = name.trim_end_matches('.');
        let instance = "Kitchen\\ 2._http._tcp.local";
        assert!(has(&records, &[name, "PTR", instance]), "{records:?}");
        assert!(
            has(&records, &["SRV", "8080", "Kitchen-2.local"]),
            "{records:?}"
        );
        assert!(has(&records, &["Kitchen-2.local", " A ", "192.168.4.2"]));
        let build_id = "ca".repeat(20);
        for text in ["path=/", "heapbeacon=v1", &*build_id] {
            assert!(has(&records, &["TXT", text]), "{records:?}");
        }
    }
    let host = question(&["kitchen-2.LOCAL."]);
    let answer = service.answer(&host, PORT, &mut out).expect("an answer");
    assert!(has(&records(answer), &[" A ", "192.168.4.2"]));
}

#[test]
fn nothing_is_said_to_what_asks_for_others_or_asks_nothing() {
    let mut out = [0; PACKET_BYTES];
    let service = service("kitchen");
    for name in ["other.local.", "_ipp._tcp.local.", "kitchen.lan.", "local."] {
        assert_eq!(service.answer(&question(&[name]), PORT, &mut out), None);
    }
    let mut said = [0; PACKET_BYTES];
    let said = service.announcement(&mut said).expect("there is one");
    assert_eq!(service.answer(said, PORT, &mut out), None);
    assert_eq!(service.answer(&[], PORT, &mut out), None);
}

#[test]
fn plain_dns_gets_its_question_back_and_what_holds_for_seconds_only() {
    let mut out = [0; PACKET_BYTES];
    let asked = question(&["kitchen.local."]);
    let answer = service("kitchen").answer(&asked, BEYOND, &mut out);
    let answer = answer.expect("there is an answer");
    assert_eq!(answer[..2], asked[..2], "its id");
    let message = Message::from_octets(answer).expect("it is a packet");
    assert_eq!(message.header_counts().qdcount(), 1);
    assert!(has(&records(answer), &["kitchen.local", " 10 IN A "]));
}

#[test]
fn what_is_taken_back_holds_no_longer() {
    let (mut before, mut after) = ([0; PACKET_BYTES], [0; PACKET_BYTES]);
    let service = service("kitchen");
    let said = records(service.announcement(&mut before).expect("it fits"));
    let taken = records(service.farewell(&mut after).expect("it fits"));
    assert_eq!(said.len(), taken.len());
    assert!(has(&said, &["kitchen.local", " 120 "]) && has(&said, &["PTR", " 4500 "]));
    assert!(
        taken.iter().all(|record| record.contains(" 0 ")),
        "{taken:?}"
    );
}

#[test]
fn who_asks_more_than_there_is_room_for_is_told_all_once() {
    let mut out = [0; PACKET_BYTES];
    let (mut room, service) = ([0; PACKET_BYTES], service("kitchen"));
    let all = service.announcement(&mut room);
    let greedy = question(&[SERVICE; 60]);
    assert_eq!(service.answer(&greedy, PORT, &mut out), all);
    assert_eq!(service.answer(&greedy, BEYOND, &mut out), None);
}

#[test]
fn the_longest_name_has_room() {
    let mut out = [0; PACKET_BYTES];
    // A device's, with a hyphen and the end of its hardware address.
    let name = "n".repeat(trace::Name::new().capacity() + 7);
    let service = Service {
        build_id: BuildId::new(&[0xca; 32]),
        ..service(&name)
    };
    let said = service.announcement(&mut out).map(records);
    assert_eq!(said.map(|records| records.len()), Some(6));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4096) })]

    #[test]
    fn no_packet_panics_and_every_answer_can_be_read(
        noise in proptest::collection::vec(any::<u8>(), 0..600),
        edits in proptest::collection::vec((any::<usize>(), any::<u8>()), 0..6),
        cut in any::<usize>(),
        port in prop_oneof![Just(PORT), Just(BEYOND)],
        kind in 0..3,
    ) {
        let service = service("kitchen");
        let mut said = [0; PACKET_BYTES];
        let mut packet = match kind {
            0 => noise,
            1 => question(&[SUBTYPE, "kitchen.local.", SERVICE]),
            _ => service.announcement(&mut said).map_or(vec![], <[u8]>::to_vec),
        };
        for (at, byte) in edits {
            if let Some(place) = at.checked_rem(packet.len()).and_then(|at| packet.get_mut(at)) {
                *place = byte;
            }
        }
        packet.truncate(packet.len() - cut.checked_rem(packet.len() / 2).unwrap_or(0));
        let mut out = [0; PACKET_BYTES];
        if let Some(answer) = service.answer(&packet, port, &mut out) {
            prop_assert!(!records(answer).is_empty());
        }
    }
}
