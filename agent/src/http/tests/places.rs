//! Places: who holds one, and what becomes of those who find none.

use super::peer::Peer;
use super::{Answer, get, talk_both, talk_in_line};

const DEVICE: &str = "/api/v1/device";

fn newcomer() -> Peer {
    Peer::that_leaves(get(DEVICE))
}

#[test]
fn a_newcomer_is_turned_away_while_a_peer_that_is_answered_holds_the_only_place() {
    let (text, took) = talk_both(1, Peer::that_is_deaf(get(DEVICE)), newcomer());
    let answers = Answer::all(&text);
    assert_eq!(answers.len(), 1);
    assert!(answers[0].has("retry-after: 1"), "{}", answers[0].head);
    assert!(answers[0].has("connection: close"), "{}", answers[0].head);
    answers[0].problem(503);
    assert_eq!(took, 1000);
}

#[test]
fn a_newcomer_soon_gets_the_place_of_a_peer_that_is_only_idle() {
    let (text, took) = talk_both(1, Peer::that_stays(get(DEVICE)), newcomer());
    let answers = Answer::all(&text);
    assert_eq!((answers.len(), answers[0].status), (1, 200));
    assert_eq!(took, 100);
}

#[test]
fn a_newcomer_soon_gets_the_place_of_a_peer_that_has_said_nothing() {
    let (text, took) = talk_both(1, Peer::that_stays(""), newcomer());
    let answers = Answer::all(&text);
    assert_eq!((answers.len(), answers[0].status), (1, 200));
    assert_eq!(took, 50);
}

#[test]
fn a_newcomer_gets_the_place_of_a_peer_that_does_not_go_on_with_its_request() {
    let half_body = "POST /api/v1/trace/start HTTP/1.1\r\nHost: localhost\r\n\
        Content-Type: application/json\r\nContent-Length: 16\r\n\r\n{";
    for half in ["GET ", half_body] {
        let (slow, newcomer) = (Peer::that_stays(half), newcomer());
        let told = slow.output();
        let (text, took) = talk_both(1, slow, newcomer);
        assert_eq!(Answer::all(&text)[0].status, 200);
        assert_eq!(took, 300);
        Answer::all(&told.text())[0].problem(408);
    }
}

#[test]
fn an_idle_peer_keeps_its_place_while_nobody_waits() {
    let (text, took) = talk_both(2, newcomer(), Peer::that_stays(get(DEVICE)));
    assert_eq!(Answer::all(&text).len(), 1);
    assert_eq!(took, 500);
}

#[test]
fn a_newcomer_who_says_nothing_does_not_wait_for_a_place() {
    let (text, took) = talk_both(1, Peer::that_is_deaf(get(DEVICE)), Peer::that_stays(""));
    assert_eq!((text.as_str(), took), ("", 50));
}

/// Serves somebody behind a hundred peers, and checks that each of them held its place for no longer than `held` ms.
#[track_caller]
fn served_behind_a_hundred(held: u64, peer: impl Fn() -> Peer) {
    for places in [3, 8] {
        let line = (0..100).map(|_| peer()).chain([newcomer()]);
        let (text, took) = talk_in_line(places, line);
        let answers = Answer::all(&text);
        assert_eq!((answers.len(), answers[0].status), (1, 200));
        let turns = 101_u64.div_ceil(places as u64);
        assert!(took <= turns * held, "{places} places: {took} ms");
    }
}

#[test]
fn a_hundred_peers_who_say_nothing_are_soon_worked_off() {
    served_behind_a_hundred(50, || Peer::that_stays(""));
}

#[test]
fn a_hundred_idle_peers_are_soon_worked_off() {
    served_behind_a_hundred(100, || Peer::that_stays(get(DEVICE)));
}

#[test]
fn a_hundred_peers_in_the_middle_of_a_request_are_worked_off() {
    served_behind_a_hundred(300, || Peer::that_stays("GET "));
}

#[test]
fn who_waits_for_a_place_gets_it_before_those_who_come_later() {
    let silent = |count| (0..count).map(|_| Peer::that_stays(""));
    let line = [Peer::that_stays("GET ")]
        .into_iter()
        .chain(silent(1))
        .chain([newcomer()]);
    let (text, took) = talk_in_line(2, line);
    assert_eq!(Answer::all(&text)[0].status, 200);
    assert_eq!(took, 50, "it was overtaken");
}

#[test]
fn a_newcomer_gets_the_place_of_a_peer_that_leaves() {
    let (text, took) = talk_both(1, newcomer(), newcomer());
    let answers = Answer::all(&text);
    assert_eq!((answers.len(), answers[0].status), (1, 200));
    assert_eq!(took, 0);
}

#[test]
fn a_newcomer_does_not_wait_while_there_is_a_place() {
    let (text, took) = talk_both(2, Peer::that_stays("GET "), newcomer());
    let answers = Answer::all(&text);
    assert_eq!((answers.len(), answers[0].status), (1, 200));
    assert_eq!(took, 0);
}
