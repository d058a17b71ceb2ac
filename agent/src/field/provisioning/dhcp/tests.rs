//! Who asks for an address, well and badly.

use core::net::Ipv4Addr;
use std::vec::Vec;

use edge_dhcp::{DhcpOption, MessageType, Options, Packet, Settings};
use proptest::prelude::*;

use super::{ANSWER, LEASE_SECONDS, Leases, MOST, REQUEST};
use crate::tests::board::{Board, set_clock};

const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 168, 4, 1);

fn leases() -> Leases {
    Leases::new::<Board>(ADDRESS)
}

/// Returns what a client sends.
fn request(client: u8, options: &[DhcpOption<'_>]) -> Vec<u8> {
    let mac = [2, 0, 0, 0, 0, client];
    let packet = Packet::new_request(mac, 7, 0, None, false, Options::new(options));
    packet
        .encode(&mut [0; 512])
        .expect("there is room")
        .to_vec()
}

fn discovery(client: u8) -> Vec<u8> {
    let wanted = DhcpOption::ParameterRequestList(&[1, 3, 6]);
    request(
        client,
        &[DhcpOption::MessageType(MessageType::Discover), wanted],
    )
}

fn acceptance(client: u8, address: Ipv4Addr) -> Vec<u8> {
    let kind = DhcpOption::MessageType(MessageType::Request);
    request(client, &[kind, DhcpOption::RequestedIpAddress(address)])
}

/// What was answered.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    kind: MessageType,
    address: Ipv4Addr,
    gateway: Option<Ipv4Addr>,
    dns: Option<Ipv4Addr>,
    to: Ipv4Addr,
}

fn ask(leases: &mut Leases, request: &[u8]) -> Option<Answer> {
    let mut message = [0; REQUEST];
    message[..request.len()].copy_from_slice(request);
    let (length, to) = leases.answer_in_place(&mut message, request.len())?;
    let answer = Packet::decode(&message[..length]).expect("an answer is whole");
    let settings = Settings::new(&answer);
    let kind = answer.options.iter().find_map(|option| match option {
        DhcpOption::MessageType(kind) => Some(kind),
        _ => None,
    });
    Some(Answer {
        kind: kind.expect("it has a kind"),
        address: settings.ip,
        gateway: settings.gateway,
        dns: settings.dns1,
        to: *to.ip(),
    })
}

#[test]
fn a_guest_gets_an_address_and_the_device_as_gateway_and_name_server() {
    let mut leases = leases();
    let offer = ask(&mut leases, &discovery(1)).expect("it is a request");
    let first = Ipv4Addr::new(192, 168, 4, 50);
    let expected = Answer {
        kind: MessageType::Offer,
        address: first,
        gateway: Some(ADDRESS),
        dns: Some(ADDRESS),
        to: Ipv4Addr::BROADCAST,
    };
    assert_eq!(offer, expected);
    let lease = ask(&mut leases, &acceptance(1, first)).expect("it is a request");
    assert_eq!((lease.kind, lease.address), (MessageType::Ack, first));
    let other = ask(&mut leases, &discovery(2)).expect("it is a request");
    assert_eq!(other.address, Ipv4Addr::new(192, 168, 4, 51));
}

#[test]
fn an_address_of_another_network_is_refused() {
    let elsewhere = Ipv4Addr::new(10, 0, 0, 9);
    let answer = ask(&mut leases(), &acceptance(1, elsewhere)).expect("it is a request");
    assert_eq!(answer.kind, MessageType::Nak);
}

#[test]
fn where_all_are_lent_nobody_gets_one_until_a_lease_has_ended() {
    set_clock(0);
    let mut leases = leases();
    for client in 0..MOST as u8 {
        let offer = ask(&mut leases, &discovery(client)).expect("there are some");
        let lease = ask(&mut leases, &acceptance(client, offer.address)).expect("there are some");
        assert_eq!(lease.kind, MessageType::Ack);
    }
    assert_eq!(ask(&mut leases, &discovery(99)), None);
    set_clock((u64::from(LEASE_SECONDS) + 1) * 1_000_000);
    let offer = ask(&mut leases, &discovery(99)).expect("they have ended");
    let lease = ask(&mut leases, &acceptance(99, offer.address)).expect("they have ended");
    assert_eq!(lease.kind, MessageType::Ack);
}

#[test]
fn no_answer_goes_to_whom_a_request_names() {
    let mut relayed = discovery(1);
    // The field of a relay (RFC 2131, 2).
    relayed[24..28].copy_from_slice(&[10, 0, 0, 1]);
    assert_eq!(ask(&mut leases(), &relayed), None);
    let mut elsewhere = acceptance(1, Ipv4Addr::new(192, 168, 4, 50));
    // The client's own address.
    elsewhere[12..16].copy_from_slice(&[10, 0, 0, 1]);
    let answer = ask(&mut leases(), &elsewhere).expect("it is a request");
    assert_eq!(answer.to, Ipv4Addr::BROADCAST);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..700)) {
        leases().answer(&bytes, &mut [0; ANSWER]);
    }

    #[test]
    fn no_options_make_it_panic(
        options in proptest::collection::vec((any::<u8>(), proptest::collection::vec(any::<u8>(), 0..9)), 0..20),
        cut in 0_usize..40,
    ) {
        let mut bytes = discovery(1);
        bytes.truncate(243);
        for (code, value) in options {
            bytes.extend([code, value.len() as u8]);
            bytes.extend(value);
        }
        bytes.push(255);
        bytes.truncate(bytes.len().saturating_sub(cut));
        leases().answer(&bytes, &mut [0; ANSWER]);
    }
}
